import Maintenance
import Outside
import PostgreSQL

/// Commits with numbers, one after the other: which of them were acknowledged is known here, and which are there can be
/// asked of whoever took over.
struct NumberedLoad: Sendable {
    let database: String
    let clock: WallClock
    let pace: Duration

    struct Written: Sendable {
        /// In their order, each with the instant of its acknowledgement.
        var commits: [(number: Int64, at: Duration)] = []
    }

    /// The restored database brings settings along, which would say otherwise.
    private func address(_ server: PrivateCluster) -> DatabaseAddress {
        server.address(database: database).with(
            options: "-c synchronous_commit=on -c default_transaction_read_only=off -c row_security=off")
    }

    func prepare(_ server: PrivateCluster) async throws {
        try await Connection.with(address(server), .unlimited()) { connection in
            try await connection.execute("create schema mainstay_failover")
            try await connection.execute(
                """
                create table mainstay_failover.commits (
                    number bigint primary key, at timestamptz not null default clock_timestamp())
                """)
        }
    }

    /// Until the server is gone.
    ///
    /// - Throws: whatever is no end of a server.
    func run(_ server: PrivateCluster) async throws -> Written {
        var written = Written()
        do {
            try await Connection.with(address(server), .unlimited()) { connection in
                var number: Int64 = 0
                while true {
                    number += 1
                    try await connection.execute(
                        "insert into mainstay_failover.commits (number) values (\(number))")
                    written.commits.append((number, clock.monotonic()))
                    try await clock.sleep(for: pace)
                }
            }
        } catch let error as PostgreSQLError {
            guard error.isEndOfServer else { throw error }
        }
        return written
    }

    /// Tries until a server takes a commit.
    ///
    /// - Returns: when it did.
    func firstCommit(_ server: PrivateCluster) async throws -> Duration {
        let began = clock.monotonic()
        while true {
            do {
                return try await Connection.with(address(server), .unlimited()) { connection in
                    try await connection.execute("insert into mainstay_failover.commits (number) values (-1)")
                    return clock.monotonic()
                }
            } catch let error as PostgreSQLError {
                // 25006, read_only_sql_transaction: it is still a standby.
                guard error.isEndOfServer || error.sqlState == "25006" else { throw error }
            }
            guard clock.monotonic() - began < StandbyCluster.patience else {
                throw FailoverError.didNot("the new primary took no commit", after: StandbyCluster.patience)
            }
            try await clock.sleep(for: .milliseconds(5))
        }
    }

    func numbers(at server: PrivateCluster) async throws -> Set<Int64> {
        try await Connection.with(address(server), .unlimited()) { connection in
            Set(
                try await connection.query("select number from mainstay_failover.commits")
                    .map { try $0["number", as: Int64.self] })
        }
    }
}

extension PostgreSQLError {
    /// The server went away, or is not there yet; 57P01 to 57P03 are its own words for it.
    fileprivate var isEndOfServer: Bool {
        switch self {
        case .connectionLost, .closed, .unreachable, .serverNotReady: true
        default: ["57P01", "57P02", "57P03"].contains(sqlState ?? "")
        }
    }
}
