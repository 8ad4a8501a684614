import Maintenance
import Outside
import PostgreSQL

/// The instant a backup is of: all tables locked first, so that none can be truncated or rewritten under it, and then
/// the snapshot, which other sessions share.
struct SourceSnapshot: Sendable {
    let snapshot: DatabaseSnapshot
    /// By this name pg_dump sees what we see, as long as this is open.
    let name: String
    let tables: [SourceTable]
    let time: Timestamp

    /// Nobody else's statement waits behind ours longer than this; then we let go and try again.
    private static let lockTimeout = Duration.seconds(5)
    private static let attempts = 12

    /// - Throws: `BackupError`, `PostgreSQLError`, or what `body` throws.
    static func with<Value: Sendable>(
        _ address: DatabaseAddress, _ settings: ConnectionSettings, clock: WallClock, tell: @Sendable (String) -> Void,
        _ body: (SourceSnapshot) async throws -> Value
    ) async throws -> Value {
        try await PoolerProbe.refuseTransactionPooler(address, settings)
        var settings = settings
        settings.statementTimeout = nil
        settings.idleInTransactionTimeout = nil
        settings.lockTimeout = lockTimeout
        settings.parameters["row_security"] = "off"
        for attempt in 1... {
            // What reads under the snapshot cannot be done twice.
            var hasBegun = false
            do {
                let before = try await SurveySession.with(address, settings) { session in
                    try await SourceTable.all { try await session.query($0) }
                }
                try SourceTable.refuseIncomplete(before)
                let locked = before.filter(\.isReadable).map(\.name)
                return try await DatabaseSnapshot.with(address, settings: settings, locking: locked) { snapshot in
                    let name = try await snapshot.export()
                    let time = clock.now()
                    let tables = try await SourceTable.all(measuring: true) { try await snapshot.query($0) }
                    guard Set(tables.map(\.oid)) == Set(before.map(\.oid)) else { throw TablesChanged() }
                    hasBegun = true
                    return try await body(
                        SourceSnapshot(snapshot: snapshot, name: name, tables: tables, time: time))
                }
            } catch  where !hasBegun && attempt < attempts && isPassing(error) {
                tell("the tables are in use or change; trying again")
                try await clock.sleep(for: .seconds(min(attempt, 10)))
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }

    /// A table was made or dropped between the list and the snapshot.
    private struct TablesChanged: MaintenanceError {
        var code: String { "backup.tables-changed" }
        var problem: String { "tables are made or dropped all the time, so that no list of them stays true" }
        var hint: String? { "Take the backup when no deployment is under way." }
        var isRetryable: Bool { true }
    }

    private static func isPassing(_ error: any Error) -> Bool {
        switch error {
        case is TablesChanged: return true
        case PostgreSQLError.lockNotAvailable: return true
        // Dropped between the list and the lock.
        case PostgreSQLError.other(let error): return error.sqlState == "42P01"
        default: return false
        }
    }
}

/// Finds a connection pooler that gives each transaction another server session: locks and snapshots do not hold there.
enum PoolerProbe {
    /// A pooler invents the process it tells the client, so that it differs from what the server says of itself. Then two
    /// connections take turns: in session pooling each keeps its server process, in transaction pooling they cannot.
    ///
    /// - Throws: `BackupError.transactionPooler`, `PostgreSQLError`.
    static func refuseTransactionPooler(_ address: DatabaseAddress, _ settings: ConnectionSettings) async throws {
        try await Connection.with(address, settings) { first in
            let own = try await process(first)
            guard own != Int(await first.backendPID) else { return }
            try await Connection.with(address, settings) { second in
                let other = try await process(second)
                for turn in [false, false, true, true, true, false, true] {
                    let seen = try await process(turn ? first : second)
                    guard own != other, seen == (turn ? own : other) else {
                        throw BackupError.transactionPooler(address.description)
                    }
                }
            }
        }
    }

    private static func process(_ connection: Connection) async throws -> Int {
        try await connection.query("select pg_catalog.pg_backend_pid() as process").only["process"]
    }
}
