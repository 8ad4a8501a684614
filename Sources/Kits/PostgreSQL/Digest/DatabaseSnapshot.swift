import Maintenance

/// Several connections that see the database at one instant, under `PinnedSettings`, and can only look.
package struct DatabaseSnapshot: Sendable {
    /// At least one. All are in a REPEATABLE READ, READ ONLY transaction on the same snapshot.
    let connections: [Connection]

    /// Opens them, shares the snapshot, and closes them after `body`.
    ///
    /// - Parameters:
    ///   - connections: more than one reads parts of a table at once; two are 1.8 times as fast as one on two cores.
    ///   - settings: without a statement time-out, since a large table takes its time.
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    package static func with<Value>(
        _ address: DatabaseAddress, connections count: Int = 1,
        settings: ConnectionSettings = Self.settings(), pins: PinnedSettings.Purpose = .rows,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (DatabaseSnapshot) async throws -> Value
    ) async throws -> Value {
        var connections: [Connection] = []
        do {
            let leader = try await Connection.open(address, settings)
            connections.append(leader)
            try await leader.execute(TransactionMode.snapshot.begin)
            if count > 1 {
                let exported = SurveySQL(unchecked: "select pg_catalog.pg_export_snapshot() as name")
                let name = try await leader.query(exported.sql).only["name", as: String.self]
                for _ in 1..<count {
                    let follower = try await Connection.open(address, settings)
                    connections.append(follower)
                    try await follower.execute(TransactionMode.snapshot.begin)
                    try await follower.execute("set transaction snapshot \(literal: name)")
                }
            }
            for connection in connections {
                try await connection.executeScript(trusted: PinnedSettings.statements(for: pins))
            }
            let value = try await body(DatabaseSnapshot(connections: connections))
            for connection in connections {
                try await connection.execute("commit")
                await connection.close()
            }
            return value
        } catch {
            // Closing rolls back.
            for connection in connections { await connection.close() }
            throw error
        }
    }

    package static func settings(applicationName: String = "mainstay") -> ConnectionSettings {
        ConnectionSettings(
            applicationName: applicationName, statementTimeout: nil, lockTimeout: .seconds(10),
            idleInTransactionTimeout: nil)
    }

    /// On the first connection.
    ///
    /// - Throws: `PostgreSQLError`; the snapshot is of no use after that.
    package func query(_ survey: SurveySQL) async throws -> Rows { try await connections[0].query(survey.sql) }

    /// On the first connection, row by row.
    package func reduceRows<Value: Sendable>(
        _ survey: SurveySQL, into initial: Value, _ body: @Sendable (inout Value, Row) throws -> Void
    ) async throws -> Value {
        try await connections[0].reduceRows(survey.sql, into: initial, body)
    }
}
