/// Which Debian or PGDG package has an extension, for the line that installs it.
enum ExtensionPackages {
    static func package(of name: String, major: Int) -> String? {
        if contrib.contains(name) { return "postgresql-\(major)" }
        return packages.first { $0.extensions.contains(name) }.map { "postgresql-\(major)-\($0.package)" }
            ?? languages[name].map { "postgresql-\($0)-\(major)" }
    }

    private static let packages: [(package: String, extensions: Set<String>)] = [
        (
            "postgis-3",
            [
                "postgis", "postgis_raster", "postgis_sfcgal", "postgis_topology", "postgis_tiger_geocoder",
                "address_standardizer", "address_standardizer_data_us",
            ]
        ),
        ("pgvector", ["vector"]), ("cron", ["pg_cron"]), ("partman", ["pg_partman"]), ("hypopg", ["hypopg"]),
        ("repack", ["pg_repack"]), ("pgaudit", ["pgaudit"]), ("ip4r", ["ip4r"]), ("pgrouting", ["pgrouting"]),
        ("pg-stat-kcache", ["pg_stat_kcache"]), ("pg-qualstats", ["pg_qualstats"]), ("hll", ["hll"]),
        ("rum", ["rum"]), ("orafce", ["orafce"]), ("prefix", ["prefix"]), ("similarity", ["pg_similarity"]),
        ("unit", ["unit"]), ("semver", ["semver"]), ("debversion", ["debversion"]), ("mysql-fdw", ["mysql_fdw"]),
        ("ogr-fdw", ["ogr_fdw"]), ("tds-fdw", ["tds_fdw"]), ("wal2json", ["wal2json"]), ("pgtap", ["pgtap"]),
        ("h3", ["h3", "h3_postgis"]), ("jsquery", ["jsquery"]), ("pglogical", ["pglogical"]),
        ("squeeze", ["pg_squeeze"]), ("timescaledb", ["timescaledb"]), ("http", ["http"]), ("numeral", ["numeral"]),
        ("periods", ["periods"]), ("q3c", ["q3c"]), ("tdigest", ["tdigest"]), ("toastinfo", ["toastinfo"]),
    ]

    private static let languages = [
        "plpython3u": "plpython3", "plperl": "plperl", "plperlu": "plperl", "pltcl": "pltcl", "pltclu": "pltcl",
        "hstore_plpython3u": "plpython3", "jsonb_plpython3u": "plpython3", "ltree_plpython3u": "plpython3",
        "hstore_plperl": "plperl", "jsonb_plperl": "plperl", "bool_plperl": "plperl",
    ]

    /// They come with the server's own package.
    private static let contrib: Set<String> = [
        "adminpack", "amcheck", "autoinc", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int",
        "dict_xsyn", "earthdistance", "file_fdw", "fuzzystrmatch", "hstore", "insert_username", "intagg", "intarray",
        "isn", "lo", "ltree", "moddatetime", "old_snapshot", "pageinspect", "pg_buffercache", "pg_freespacemap",
        "pg_prewarm", "pg_stat_statements", "pg_surgery", "pg_trgm", "pg_visibility", "pg_walinspect", "pgcrypto",
        "pgrowlocks", "pgstattuple", "postgres_fdw", "refint", "seg", "sslinfo", "tablefunc", "tcn", "tsm_system_rows",
        "tsm_system_time", "unaccent", "uuid-ossp", "xml2",
    ]
}
