import Maintenance

/// How a transaction sees the database.
package enum TransactionMode: Sendable {
    case readWrite
    case readOnly
    /// One snapshot for all its statements.
    case snapshot

    var begin: SQL {
        switch self {
        case .readWrite: "begin"
        case .readOnly: "begin read only"
        case .snapshot: "begin isolation level repeatable read read only"
        }
    }
}

extension Connection {
    /// Commits what `body` did on this connection, or rolls it back when it throws, even if its task was cancelled.
    ///
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    @discardableResult
    package func transaction<Value>(
        _ mode: TransactionMode = .readWrite, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await execute(mode.begin)
        do {
            let value = try await body()
            try await execute("commit")
            return value
        } catch {
            await abandonTransaction()
            throw error
        }
    }

    /// A connection whose transaction cannot be rolled back is closed, which rolls it back.
    func abandonTransaction() async {
        guard isOpen, isInTransaction else { return }
        do {
            try await perform(shielded: true) { link, call in
                try link.send(script: "rollback", call: &call)
                _ = try link.lastResult(&call)
            }
        } catch {
            close()
        }
    }
}
