import Maintenance

/// What every session of ours is told when it begins. Nil is no limit.
package struct ConnectionSettings: Hashable, Sendable {
    /// Seen in `pg_stat_activity`; names run and step, so that a restarted Mainstay finds what still runs. The server
    /// keeps 63 bytes.
    package var applicationName: String
    /// For name lookup, TCP, TLS, authentication and the first statement together.
    package var connectTimeout: Duration
    /// Told to the server; when it is over and the server has not answered either, the client ends the call itself.
    package var statementTimeout: Duration?
    package var lockTimeout: Duration?
    package var idleInTransactionTimeout: Duration?
    /// Any other setting a session may change, by its name.
    package var parameters: [String: String]

    package init(
        applicationName: String = "mainstay", connectTimeout: Duration = .seconds(30),
        statementTimeout: Duration? = .seconds(60), lockTimeout: Duration? = .seconds(10),
        idleInTransactionTimeout: Duration? = .seconds(60), parameters: [String: String] = [:]
    ) {
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.parameters = parameters
    }

    /// For one long statement: no limit but the one given, which is none.
    package static func unlimited(applicationName: String = "mainstay") -> ConnectionSettings {
        ConnectionSettings(
            applicationName: applicationName, statementTimeout: nil, lockTimeout: nil, idleInTransactionTimeout: nil)
    }

    /// The forms of values that `ColumnValue` reads, and the limits. `SET` and no start-up options, since connection
    /// poolers refuse those.
    var session: SQL {
        var settings = [
            ("standard_conforming_strings", "on"), ("datestyle", "ISO, MDY"), ("intervalstyle", "postgres"),
            ("timezone", "UTC"), ("extra_float_digits", "3"), ("bytea_output", "hex"),
            ("statement_timeout", Self.limit(statementTimeout)), ("lock_timeout", Self.limit(lockTimeout)),
            ("idle_in_transaction_session_timeout", Self.limit(idleInTransactionTimeout)),
        ]
        settings += parameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let calls = settings.map { "pg_catalog.set_config(\($0.0), \($0.1), false)" as SQL }
        return "select \(calls.joined(separator: ", "))"
    }

    /// In milliseconds, at least one: 0 would mean no limit.
    static func limit(_ duration: Duration?) -> String {
        duration.map { "\(max(1, $0.microseconds / 1_000))ms" } ?? "0"
    }
}
