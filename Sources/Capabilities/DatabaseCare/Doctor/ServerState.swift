import Maintenance
import PostgreSQL

/// What a server is set to, for lints that judge settings; read in one statement.
struct ServerState: Sendable {
    var settings: [String: Setting]
    /// 150018 for 15.18.
    var version: Int
    /// All databases of the cluster that the role may connect to.
    var bytes: Int64
    var now: Timestamp

    struct Setting: Sendable, Hashable {
        /// What new sessions get, in `unit`s: ours have set some otherwise for themselves.
        var value: String
        /// What it is where nobody sets it.
        var standard: String
        /// `8kB`, `ms`, …; nil for none.
        var unit: String?
        var needsRestart: Bool

        /// In bytes or seconds; nil where it has no such unit, or where -1 switches it off.
        var amount: Double? {
            guard let number = Double(value), number >= 0, let unit else { return nil }
            let factors: [String: Double] = [
                "B": 1, "kB": 1_024, "8kB": 8_192, "16kB": 16_384, "32kB": 32_768, "4kB": 4_096, "MB": 1_048_576,
                "GB": 1_073_741_824, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3_600, "d": 86_400,
            ]
            return factors[unit].map { $0 * number }
        }
    }

    static func read(_ session: SurveySession, now: Timestamp) async throws -> ServerState {
        let rows = try await session.query(
            "select name, coalesce(reset_val, '') as value, coalesce(boot_val, '') as standard, unit, pending_restart from pg_settings"
        )
        var settings: [String: Setting] = [:]
        for row in rows {
            settings[try row["name"]] = Setting(
                value: try row["value"], standard: try row["standard"], unit: try row["unit"],
                needsRestart: try row["pending_restart"])
        }
        let bytes = try await session.query(
            """
            select coalesce(sum(pg_database_size(oid)), 0)::bigint as bytes from pg_database
            where datallowconn and has_database_privilege(oid, 'CONNECT')
            """
        ).only["bytes", as: Int64.self]
        return ServerState(settings: settings, version: await session.serverVersion, bytes: bytes, now: now)
    }

    func value(_ name: String) -> String? { settings[name]?.value }
    func number(_ name: String) -> Double? { settings[name].flatMap { Double($0.value) } }
    func amount(_ name: String) -> Double? { settings[name]?.amount }
}
