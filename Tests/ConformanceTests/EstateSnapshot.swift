import Foundation
import MaintenanceTesting
import PostgreSQL

/// Everything a survey or a dry run must not change, as lines: two snapshots that are equal mean that nothing was.
struct EstateSnapshot: Equatable {
    var lines: [String: [String]]

    /// The database as its superuser sees it, and a directory.
    static func take(_ database: TestDatabase, directory: String) async throws -> EstateSnapshot {
        var lines: [String: [String]] = [:]
        try await database.connect { connection in
            for (name, query) in queries {
                lines[name] = try await connection.query(query).map { $0.text(0) ?? "null" }
            }
            let tables = try await connection.query(
                "select oid::regclass::text as name from pg_class where relkind in ('r', 'm', 'p') and relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1"
            )
            for row in tables {
                let name: String = try row["name"]
                let content = try await connection.query(
                    SQL(
                        trusted:
                            "select count(*) || ' ' || coalesce(md5(string_agg(t.*::text, '|' order by t.*::text)), '') as content from only \(name) as t"
                    ))
                lines["rows of \(name)"] = content.map { $0.text(0) ?? "null" }
            }
        }
        lines["files"] = try files(directory)
        return EstateSnapshot(lines: lines)
    }

    /// What differs, one line each.
    func differences(to other: EstateSnapshot) -> [String] {
        Set(lines.keys).union(other.lines.keys).sorted().flatMap { name -> [String] in
            let before = Set(lines[name] ?? [])
            let after = Set(other.lines[name] ?? [])
            return before.subtracting(after).sorted().map { "\(name): - \($0)" }
                + after.subtracting(before).sorted().map { "\(name): + \($0)" }
        }
    }

    private static let queries: [(String, SQL)] = [
        (
            "relations",
            """
            select concat_ws(' ', oid, relname, relkind, relfilenode, relowner, relacl, reltuples, relpages, relhasindex,
                relrowsecurity, reloptions, relpartbound)
            from pg_class where relnamespace::regnamespace::text !~ '^(pg_toast|pg_temp|information_schema|pg_catalog)' order by 1
            """
        ),
        (
            "columns",
            """
            select concat_ws(' ', attrelid, attnum, attname, atttypid, attnotnull, attacl, attoptions, attisdropped)
            from pg_attribute where attrelid >= 16384 order by 1
            """
        ),
        (
            "constraints",
            "select concat_ws(' ', oid, conname, convalidated, pg_get_constraintdef(oid)) from pg_constraint where oid >= 16384 order by 1"
        ),
        (
            "indexes",
            "select concat_ws(' ', indexrelid, indisvalid, indisready, indislive, indisclustered) from pg_index where indexrelid >= 16384 order by 1"
        ),
        (
            "functions",
            "select concat_ws(' ', oid, proname, md5(prosrc), proacl) from pg_proc where oid >= 16384 order by 1"
        ),
        ("triggers", "select concat_ws(' ', oid, tgname, tgenabled) from pg_trigger order by 1"),
        (
            "planner statistics",
            "select concat_ws(' ', starelid, staattnum, stainherit, md5(pg_statistic::text)) from pg_statistic where starelid >= 16384 order by 1"
        ),
        (
            "settings",
            "select concat_ws(' ', name, setting, source, pending_restart) from pg_settings where source not in ('client', 'session') and name <> 'application_name' order by 1"
        ),
        (
            "role settings",
            "select concat_ws(' ', setdatabase, setrole, setconfig) from pg_db_role_setting where setdatabase in (0, (select oid from pg_database where datname = current_database())) order by 1"
        ),
        (
            "roles",
            "select concat_ws(' ', rolname, rolsuper, rolcanlogin, md5(coalesce(rolpassword, ''))) from pg_authid where rolname ~ '^(pg_|postgres$)' order by 1"
        ),
        (
            "advisory locks",
            "select concat_ws(' ', classid, objid, mode) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()) order by 1"
        ),
        (
            "maintenance of tables",
            """
            select concat_ws(' ', relid, last_vacuum, last_analyze, vacuum_count, analyze_count, n_tup_ins, n_tup_upd, n_tup_del)
            from pg_stat_user_tables order by 1
            """
        ),
        (
            "statistics resets",
            "select concat_ws(' ', datname, stats_reset) from pg_stat_database where datname = current_database() order by 1"
        ),
        ("sequences", "select concat_ws(' ', schemaname, sequencename, last_value) from pg_sequences order by 1"),
        (
            "databases",
            "select concat_ws(' ', datname, datacl, datconnlimit) from pg_database where datname = current_database() order by 1"
        ),
        ("replication slots", "select slot_name::text from pg_replication_slots order by 1"),
        ("large objects", "select concat_ws(' ', oid, lomowner) from pg_largeobject_metadata order by 1"),
        ("prepared transactions", "select gid from pg_prepared_xacts where database = current_database() order by 1"),
    ]

    private static func files(_ directory: String) throws -> [String] {
        guard let walker = FileManager.default.enumerator(atPath: directory) else { return [] }
        return try walker.compactMap { $0 as? String }.sorted().map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
            let inode = attributes[.systemFileNumber] ?? 0
            let content =
                attributes[.type] as? FileAttributeType == .typeRegular
                ? FileManager.default.contents(atPath: "\(directory)/\(name)")?.hashValue ?? 0 : 0
            return "\(name) \(inode) \(attributes[.size] ?? 0) \(attributes[.modificationDate] ?? "") \(content)"
        }
    }
}
