import Maintenance
import PostgreSQL

extension BackupManifest.Source {
    /// What the database is, asked in its snapshot.
    ///
    /// - Throws: `PostgreSQLError`.
    static func read(_ snapshot: DatabaseSnapshot, _ target: Target, _ address: DatabaseAddress) async throws -> Self {
        let row = try await snapshot.query(
            """
            select d.datname::text as name, d.oid, pg_catalog.current_setting('server_version_num')::int as version,
                pg_catalog.pg_is_in_recovery() as standby, pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
                d.datcollate::text as collate, d.datctype::text as ctype, d.datlocprovider::text as provider,
                coalesce(
                    pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') as locale,
                nullif(t.spcname::text, 'pg_default') as tablespace, pg_catalog.pg_database_size(d.oid) as size,
                pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute') as can_identify
            from pg_catalog.pg_database d join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
            where d.datname = pg_catalog.current_database()
            """
        ).only
        var identifier: String?
        if try row["can_identify", as: Bool.self] {
            let survey: SurveySQL = "select system_identifier::text as id from pg_catalog.pg_control_system()"
            identifier = try await snapshot.query(survey).only["id"]
        }
        return Self(
            target: target, address: address.description, database: try row["name"], databaseOID: try row["oid"],
            systemIdentifier: identifier, serverVersion: try row["version"], isStandby: try row["standby"],
            encoding: try row["encoding"], collation: try row["collate"], characterType: try row["ctype"],
            localeProvider: try row["provider"], locale: try row["locale"],
            tablespace: try row["tablespace"], size: ByteCount(try row["size", as: Int64.self]))
    }
}

extension BackupManifest.Extension {
    static func all(_ snapshot: DatabaseSnapshot) async throws -> [Self] {
        try await snapshot.query(
            "select extname::text as name, extversion as version from pg_catalog.pg_extension order by extname"
        ).map { Self(name: try $0["name"], version: try $0["version"]) }
    }
}

extension BackupManifest.Omission {
    /// What pg_dump leaves out, or what a restore makes anew instead of bringing it back.
    ///
    /// - Throws: `PostgreSQLError`.
    static func all(_ snapshot: DatabaseSnapshot, isStandby: Bool) async throws -> [Self] {
        let rows = try await snapshot.query(
            """
            with named as (
                select c.oid, c.relkind, c.relpersistence, c.reltablespace,
                    pg_catalog.format('%I.%I', n.nspname, c.relname) as name
                from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't')
            select 'materialised view' as kind, name, 'a restore computes its rows anew' as reason
            from named where relkind = 'm'
            union all
            select 'foreign table', name, 'its rows are another server''s' from named where relkind = 'f'
            union all
            select 'invalid index', i.name, 'pg_dump leaves it out' from named i
                join pg_catalog.pg_index x on x.indexrelid = i.oid
            where not x.indisvalid and i.relkind = 'i'
            union all
            select 'unlogged table', name, 'a standby has none of its rows'
            from named where relkind = 'r' and relpersistence = 'u' and \(isStandby)
            union all
            select 'table of an extension', name, 'its rows come with the extension, or by its own condition'
            from named
            where relkind = 'r' and exists (
                select from pg_catalog.pg_depend d
                where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = named.oid and d.deptype = 'e')
            union all
            select 'tablespace', name, 'a proof restores it into the default one' from named where reltablespace <> 0
            order by 1, 2
            """)
        let found = try rows.map { Self(kind: try $0["kind"], name: try $0["name"], reason: try $0["reason"]) }
        return found + [
            Self(kind: "planner statistics", reason: "pg_dump leaves them out; ANALYZE makes them anew"),
            Self(kind: "passwords of roles", reason: "they are left out on purpose"),
        ]
    }
}

extension BackupManifest.Sequence {
    /// As `pg_class` and `pg_sequence` have it, without its value.
    struct Definition: Sendable {
        var name: QualifiedName
        var oid: UInt32
        var increment: Int64
        var isCycling: Bool
        /// Whether this role may read its value here: nobody can of an unlogged one on a standby.
        var isReadable: Bool
        /// Whether that is so because it is an unlogged one on a standby.
        var isNowhere: Bool

        static func all(_ snapshot: DatabaseSnapshot) async throws -> [Definition] {
            try await snapshot.query(
                """
                select c.oid, n.nspname::text as schema, c.relname::text as name, s.seqincrement, s.seqcycle,
                    pg_catalog.has_schema_privilege(n.oid, 'usage')
                        and pg_catalog.has_sequence_privilege(c.oid, 'select')
                        and not (c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery()) as readable,
                    c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery() as nowhere
                from pg_catalog.pg_sequence s
                    join pg_catalog.pg_class c on c.oid = s.seqrelid
                    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                order by c.oid
                """
            ).map { row in
                Definition(
                    name: QualifiedName(schema: try row["schema"], name: try row["name"]), oid: try row["oid"],
                    increment: try row["seqincrement"], isCycling: try row["seqcycle"],
                    isReadable: try row["readable"], isNowhere: try row["nowhere"])
            }
        }
    }

    /// The values of this moment, by oid: no snapshot holds a sequence.
    ///
    /// - Throws: `PostgreSQLError`.
    static func states(
        of definitions: [Definition], _ query: (SurveySQL) async throws -> Rows
    ) async throws -> [UInt32: State] {
        var states: [UInt32: State] = [:]
        for start in stride(from: 0, to: definitions.count, by: 200) {
            let part = definitions[start..<min(start + 200, definitions.count)]
            let selects = part.map {
                "select \(number: $0.oid)::oid as oid, last_value, is_called from \(relation: $0.name)" as SQL
            }
            for row in try await query(try SurveySQL(selects.joined(separator: " union all "))) {
                states[try row["oid"]] = State(value: try row["last_value"], isCalled: try row["is_called"])
            }
        }
        return states
    }
}
