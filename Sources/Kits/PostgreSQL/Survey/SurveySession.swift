import Maintenance

/// A connection that can only look: it takes nothing but `SurveySQL`, and runs each statement alone in a READ ONLY
/// transaction with its own time-outs, so that not even a connection pooler in between can lose them.
package struct SurveySession: Sendable {
    let connection: Connection
    private let limits: SurveyLimits

    package init(_ connection: Connection, limits: SurveyLimits = SurveyLimits()) {
        self.connection = connection
        self.limits = limits
    }

    /// Opens a connection of its own for the time of `body`.
    @discardableResult
    package static func with<Value>(
        _ address: DatabaseAddress, _ settings: ConnectionSettings = ConnectionSettings(),
        limits: SurveyLimits = SurveyLimits(), isolation: isolated (any Actor)? = #isolation,
        _ body: (SurveySession) async throws -> Value
    ) async throws -> Value {
        try await Connection.with(address, settings) { connection in
            try await body(SurveySession(connection, limits: limits))
        }
    }

    /// The same connection, on which a table that row security would filter is an error instead of a smaller number.
    /// For everything that counts or digests.
    package var unfiltered: SurveySession {
        var limits = limits
        limits.rowSecurity = false
        return SurveySession(connection, limits: limits)
    }

    /// The same connection, no statement longer than this.
    package func limited(to timeout: Duration) -> SurveySession {
        var limits = limits
        limits.statementTimeout = timeout
        return SurveySession(connection, limits: limits)
    }

    /// The same connection, each statement with these settings of ours.
    package func with(settings: [String: String]) -> SurveySession {
        var limits = limits
        limits.settings.merge(settings) { $1 }
        return SurveySession(connection, limits: limits)
    }

    package var address: DatabaseAddress { connection.address }
    /// 150018 for 15.18.
    package var serverVersion: Int { get async { await connection.serverVersion } }

    /// - Throws: `PostgreSQLError`.
    package func query(_ survey: SurveySQL) async throws -> Rows {
        try await alone { try await connection.query(survey.sql, timeout: limits.callTimeout) }
    }

    /// Every row as it comes; see `Connection.reduceRows`.
    package func reduceRows<Value: Sendable>(
        _ survey: SurveySQL, into initial: Value, _ body: @Sendable (inout Value, Row) throws -> Void
    ) async throws -> Value {
        try await alone {
            try await connection.reduceRows(survey.sql, into: initial, timeout: limits.callTimeout, body)
        }
    }

    func alone<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await connection.executeScript(trusted: limits.begin(.readOnly))
        let started = ContinuousClock.now
        do {
            let value = try await body()
            // Nothing to keep; but a rollback would count as one in pg_stat_database, which surveys watch.
            try await connection.executeScript(trusted: "commit")
            return value
        } catch {
            await connection.abandonTransaction()
            // The connection knows its session's limit, and not this transaction's.
            if case PostgreSQLError.cancelledByServer = error,
                ContinuousClock.now - started >= limits.statementTimeout
            {
                throw PostgreSQLError.timedOut("the statement", after: limits.statementTimeout)
            }
            throw error
        }
    }
}

/// The limits of each survey statement.
package struct SurveyLimits: Hashable, Sendable {
    package var statementTimeout: Duration
    package var lockTimeout: Duration
    package var idleTimeout: Duration
    /// False makes a table that row security would filter an error.
    package var rowSecurity: Bool
    /// Others, set for each statement.
    var settings: [String: String] = [:]

    package init(
        statementTimeout: Duration = .seconds(60), lockTimeout: Duration = .seconds(2),
        idleTimeout: Duration = .seconds(60), rowSecurity: Bool = true
    ) {
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleTimeout = idleTimeout
        self.rowSecurity = rowSecurity
    }

    /// For a server that does not keep its own limit.
    var callTimeout: Duration { statementTimeout + Link.grace }

    /// One round trip. All names and values are ours.
    func begin(_ mode: TransactionMode) -> String {
        let limits = [
            ("statement_timeout", ConnectionSettings.limit(statementTimeout)),
            ("lock_timeout", ConnectionSettings.limit(lockTimeout)),
            ("idle_in_transaction_session_timeout", ConnectionSettings.limit(idleTimeout)),
            ("row_security", rowSecurity ? "on" : "off"), ("standard_conforming_strings", "on"),
        ]
        let all = limits + settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let lines = all.map { "set local \($0.0) = '\($0.1)'" }
        return ([mode.begin.text] + lines).joined(separator: "; ")
    }
}
