import CLibPQ
import Maintenance

/// One session on a PostgreSQL server, over libpq. It runs on a queue of its own and never blocks the cooperative pool;
/// every call ends: with the result, the server's error, the call's time limit, or the task's cancellation, which
/// cancels the statement on the server too.
///
/// A connection serves one user at a time: calls of two tasks would land in each other's transactions.
package actor Connection {
    private let executor: QueueExecutor
    private let link: Link
    package nonisolated let settings: ConnectionSettings
    package nonisolated let address: DatabaseAddress

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(link: sending Link, executor: QueueExecutor, settings: ConnectionSettings) {
        address = link.address
        self.link = link
        self.executor = executor
        self.settings = settings
    }

    /// Tells the new session its settings.
    func begin() async throws {
        _ = try await query(settings.session, timeout: settings.connectTimeout)
        _ = link.notices.take()
    }

    /// Runs one statement and keeps its rows in memory; for large results see `reduceRows`.
    ///
    /// - Parameter timeout: ends the call from here; without it, the session's statement time-out and a margin do.
    /// - Throws: `PostgreSQLError`.
    package func query(_ sql: SQL, timeout: Duration? = nil) async throws -> Rows {
        try await perform(timeout: timeout) { link, call in
            try link.send(sql, call: &call)
            return Rows(try link.onlyResult(&call))
        }
    }

    /// Runs one statement for its effect.
    ///
    /// - Returns: the rows it changed, 0 where it counts none.
    /// - Throws: `PostgreSQLError`.
    @discardableResult
    package func execute(_ sql: SQL, timeout: Duration? = nil) async throws -> Int64 {
        try await perform(timeout: timeout) { link, call in
            try link.send(sql, call: &call)
            return try link.onlyResult(&call).affectedRows ?? 0
        }
    }

    /// Runs a believed text as it is, one or several statements; several are one transaction unless the text says
    /// otherwise. Stops at the first error.
    ///
    /// - Throws: `PostgreSQLError`.
    package func executeScript(trusted text: String, timeout: Duration? = nil) async throws {
        try await perform(timeout: timeout) { link, call in
            try link.send(script: text, call: &call)
            _ = try link.lastResult(&call)
        }
    }

    /// Hands every row to `body` as it comes; memory does not grow with their number. When `body` throws, the statement
    /// is cancelled and the connection stays usable.
    ///
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    package func reduceRows<Value: Sendable>(
        _ sql: SQL, into initial: Value, timeout: Duration? = nil,
        _ body: @Sendable (inout Value, Row) throws -> Void
    ) async throws -> Value {
        try await perform(timeout: timeout) { link, call in
            var value = initial
            try link.send(sql, call: &call)
            try link.forEachRow(&call) { row in try body(&value, row) }
            return value
        }
    }

    /// `reduceRows` without a value.
    package func forEachRow(
        _ sql: SQL, timeout: Duration? = nil, _ body: @Sendable (Row) throws -> Void
    ) async throws {
        try await reduceRows(sql, into: (), timeout: timeout) { _, row in try body(row) }
    }

    /// The messages beside the results since the last time, at most 1,000.
    package func takeNotices() -> [Notice] { link.notices.take() }

    /// Whether the connection can take a statement.
    package var isOpen: Bool { link.pointer.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// The server's version: 150018 for 15.18.
    package var serverVersion: Int { link.pointer.map { Int(PQserverVersion($0)) } ?? 0 }

    /// The server process of this session, as `pg_stat_activity.pid` shows it.
    package var backendPID: Int32 { link.pointer.map { PQbackendPID($0) } ?? 0 }

    /// Whether a transaction is open, failed or not.
    package var isInTransaction: Bool { link.pointer.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false }

    /// Ends the session. A connection that nobody holds any more closes itself.
    package func close() { link.finish() }

    /// Whether a COPY is under way between two calls.
    private(set) var isCopying = false

    func endCopying() { isCopying = false }

    /// Runs `body` on the connection's queue under the call's limits.
    ///
    /// - Parameters:
    ///   - shielded: a cancelled task does not keep it from running: ROLLBACK has to happen.
    ///   - copy: what this call is to a COPY that goes on over several calls; anything else leaves the connection idle.
    func perform<Value: Sendable>(
        timeout: Duration? = nil, shielded: Bool = false, copy: CopyStep = .none,
        _ body: (Link, inout Link.Call) throws -> Value
    ) async throws -> Value {
        guard isCopying == (copy == .goesOn) || shielded else {
            throw PostgreSQLError.misuse("a COPY is under way on this connection")
        }
        let leavesActive = copy != .none
        if shielded {
            var call = Link.Call(token: nil, timeout: limit(timeout), statementTimeout: settings.statementTimeout)
            return try link.complete(&call, body)
        }
        guard !Task.isCancelled else { throw PostgreSQLError.cancelled }
        let token = CallToken(wake: link.wake)
        var call = Link.Call(token: token, timeout: limit(timeout), statementTimeout: settings.statementTimeout)
        let value = try await withTaskCancellationHandler {
            try link.complete(&call, leavingActive: leavesActive, body)
        } onCancel: {
            token.cancel()
        }
        if copy == .begins { isCopying = true }
        return value
    }

    enum CopyStep { case none, begins, goesOn }

    /// The server's own limit comes first; this is for one that does not keep it.
    private func limit(_ timeout: Duration?) -> Duration? {
        timeout ?? settings.statementTimeout.map { $0 + Link.grace }
    }
}
