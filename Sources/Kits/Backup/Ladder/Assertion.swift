import Maintenance
import Outside
import PostgreSQL

/// A statement that must hold in a restored copy, as whoever looks after the database wrote it.
package struct Assertion: Hashable, Sendable {
    package var name: String
    package var rule: Rule
    /// One statement.
    package var statement: String

    package enum Rule: String, Codable, Sendable {
        /// One row, whose first column is true.
        case holds
        /// No row.
        case findsNothing = "finds nothing"
    }

    package init(_ name: String, _ rule: Rule, _ statement: String) {
        self.name = name
        self.rule = rule
        self.statement = statement
    }

    /// What came of one. It holds no value of the database: a certificate is shown to people who may not see one.
    package struct Outcome: Codable, Hashable, Sendable {
        package var name: String
        package var rule: Rule
        package var statement: String
        package var seconds: Double
        /// Nil where it holds. Hostile text.
        package var problem: String?
    }

    /// A statement that runs longer has failed.
    package static let timeLimit: Duration = .seconds(600)
    /// More rows than these are not counted.
    private static let most = 1_000

    /// Asks on a connection of its own, read-only; `current_setting('mainstay.snapshot')` is the moment that the backup
    /// shows, which `now()` is not.
    ///
    /// - Parameter address: of a superuser.
    /// - Throws: `PostgreSQLError.cancelled`; everything else is the assertion's own trouble.
    func outcome(at address: DatabaseAddress, snapshot: Timestamp, clock: WallClock) async throws -> Outcome {
        let began = clock.monotonic()
        var problem: String?
        do {
            problem = try await self.problem(at: address, snapshot: snapshot)
        } catch PostgreSQLError.cancelled {
            throw PostgreSQLError.cancelled
        } catch let error as PostgreSQLError {
            problem = Self.withoutValues(error)
        }
        let seconds = (clock.monotonic() - began).inSeconds
        return Outcome(name: name, rule: rule, statement: statement, seconds: seconds, problem: problem)
    }

    /// What the server says of data it could not read, or of a rule they break, holds them.
    private static func withoutValues(_ error: PostgreSQLError) -> String {
        guard let state = error.sqlState, ["22", "23", "P0"].contains(state.prefix(2)) else { return error.problem }
        return "it failed with \(state), whose words may hold a value and are left out"
    }

    private func problem(at address: DatabaseAddress, snapshot: Timestamp) async throws -> String? {
        let settings = ConnectionSettings(
            statementTimeout: Self.timeLimit,
            parameters: ["default_transaction_read_only": "on", "mainstay.snapshot": snapshot.iso8601])
        return try await Connection.with(address, settings) { connection in
            let statement = SQL(trusted: statement)
            switch rule {
            case .holds:
                let rows = try await connection.query(statement)
                guard rows.count == 1 else { return "it gave \("row".counted(rows.count)) and not one" }
                guard !rows.columns.names.isEmpty else { return "it gave a row without a column" }
                return switch try rows.only[0, as: Bool?.self] {
                case true?: nil
                case false?: "it is false"
                case nil: "it is NULL"
                }
            case .findsNothing:
                struct Enough: Error {}
                do {
                    let count = try await connection.reduceRows(statement, into: 0) { count, _ in
                        count += 1
                        if count > Self.most { throw Enough() }
                    }
                    return count == 0 ? nil : "it found \("row".counted(count))"
                } catch is Enough {
                    return "it found more than \(Self.most) rows"
                }
            }
        }
    }
}
