import Foundation
import Maintenance
import PostgreSQL

/// What somebody has set on a server for a database, as the server says it: files, ALTER SYSTEM, and what databases and
/// roles bring along.
struct ServerSettings: Codable, Hashable, Sendable {
    /// By name; `role app in shop: work_mem` for what a role brings. A value that may hold a secret is its digest.
    var values: [String: String]
    /// Whether the role sees all of them (`pg_read_all_settings`).
    var isComplete: Bool

    /// What the baseline is called in the store.
    static let subject = "settings"

    /// Commands and connections, in which passwords stand.
    private static let secret: Set<String> = [
        "primary_conninfo", "archive_command", "restore_command", "archive_cleanup_command", "recovery_end_command",
        "ssl_passphrase_command",
    ]

    static func read(_ session: SurveySession) async throws -> ServerSettings {
        // Those of this session are ours; what a start decides by itself is not somebody's doing.
        let rows = try await session.query(
            """
            select name, coalesce(reset_val, '') as value, coalesce(unit, '') as unit from pg_catalog.pg_settings
            where source in ('environment variable', 'configuration file', 'command line', 'global', 'database', 'user')
                and name not in ('config_file', 'data_directory', 'hba_file', 'ident_file', 'port',
                    'unix_socket_directories', 'transaction_read_only', 'transaction_isolation', 'transaction_deferrable')
            order by name
            """)
        var values: [String: String] = [:]
        for row in rows {
            let name = try row["name", as: String.self]
            values[name] = shown(name, try row["value"], unit: try row["unit"])
        }
        let own = try await session.query(
            """
            select coalesce(d.datname, '') as database, coalesce(r.rolname, '') as role, s.setting
            from pg_catalog.pg_db_role_setting c
            left join pg_catalog.pg_database d on d.oid = c.setdatabase
            left join pg_catalog.pg_roles r on r.oid = c.setrole,
            unnest(c.setconfig) as s (setting)
            where c.setdatabase = 0 or d.datname = pg_catalog.current_database() order by 1, 2, 3
            """)
        for row in own {
            let setting = try row["setting", as: String.self]
            guard let sign = setting.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let role = try row["role", as: String.self]
            let database = try row["database", as: String.self]
            let whose = [role.isEmpty ? nil : "role \(role)", database.isEmpty ? nil : "database \(database)"]
                .compactMap(\.self).joined(separator: " in ")
            let name = String(setting[..<sign])
            values["\(whose): \(name)"] = shown(name, String(setting[setting.utf8.index(after: sign)...]), unit: "")
        }
        let isComplete = try await session.query(
            "select pg_catalog.pg_has_role('pg_read_all_settings', 'usage') as complete"
        ).only["complete", as: Bool.self]
        return ServerSettings(values: values, isComplete: isComplete)
    }

    private static func shown(_ name: String, _ value: String, unit: String) -> String {
        guard secret.contains(name), !value.isEmpty else { return unit.isEmpty ? value : "\(value) \(unit)" }
        var digest = CanonicalDigest()
        digest.add([name, value])
        return "••• (\(digest.hexadecimal.prefix(12)))"
    }

    var digest: String {
        var digest = CanonicalDigest()
        digest.add(values.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        return digest.hexadecimal
    }

    /// `work_mem: '4096 kB' was '8192 kB'`, by name.
    func differences(from old: ServerSettings) -> [String] {
        Set(values.keys).union(old.values.keys).sorted().compactMap { name in
            switch (values[name], old.values[name]) {
            case (let now?, let was?): now == was ? nil : "\(name): '\(now)' was '\(was)'"
            case (let now?, nil): "\(name): '\(now)' was not set"
            case (nil, let was?): "\(name): not set any more, was '\(was)'"
            case (nil, nil): nil
            }
        }.map(\.printable)
    }
}
