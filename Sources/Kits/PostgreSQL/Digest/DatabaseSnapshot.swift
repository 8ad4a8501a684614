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
    ///   - exported: the name of a snapshot that another session holds (`export()`), to see what it sees.
    ///   - tables: locked in ACCESS SHARE mode before the snapshot is taken, so that none of them can be truncated or
    ///     rewritten between the two (PostgreSQL manual, "LOCK": in REPEATABLE READ the lock has to come first).
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    package static func with<Value>(
        _ address: DatabaseAddress, connections count: Int = 1,
        settings: ConnectionSettings = Self.settings(), pins: PinnedSettings.Purpose = .rows,
        sharing exported: String? = nil, locking tables: [QualifiedName] = [],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (DatabaseSnapshot) async throws -> Value
    ) async throws -> Value {
        var connections: [Connection] = []
        do {
            let leader = try await Connection.open(address, settings)
            connections.append(leader)
            try await leader.execute(TransactionMode.snapshot.begin)
            if let exported { try await leader.execute("set transaction snapshot \(literal: exported)") }
            for start in stride(from: 0, to: tables.count, by: 200) {
                let names = tables[start..<min(start + 200, tables.count)].map { "only \(relation: $0)" as SQL }
                try await leader.execute("lock table \(names.joined(separator: ", ")) in access share mode")
            }
            if count > 1 {
                let name = try await DatabaseSnapshot(connections: [leader]).export()
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

    /// A name by which other sessions, pg_dump's among them, see what this one sees, as long as it is open.
    ///
    /// - Throws: `PostgreSQLError`.
    package func export() async throws -> String {
        let exported = SurveySQL(unchecked: "select pg_catalog.pg_export_snapshot() as name")
        return try await query(exported).only["name", as: String.self]
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
