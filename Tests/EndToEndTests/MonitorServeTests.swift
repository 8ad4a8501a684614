import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// The built program: checks are asked again and again by `serve`, and everybody can see how they stand.
@Suite("monitoring as people use it", .temporaryDirectory, .cluster)
struct MonitorServeTests {
    private let program = Program()

    private func configure(_ monitoring: String) throws {
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "\(TestDatabase.current.connectionString)"
                  shop:
                    kind: http
                    url: http://127.0.0.1:1/health
            checks:
              endpoint.answer: { retries: 0 }
              backup.age: { enabled: false }
              backup.proof: { enabled: false }
            \(monitoring)
            """)
    }

    /// `serve` for as long as `body` runs; then it is ended, or killed.
    private func serving<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [program] in
                var child = program.command(["serve"])
                child.timeLimit = .seconds(110)
                child.grace = .milliseconds(500)
                _ = try await Programs(environment: [:]).run(child)
            }
            let result = try await body()
            group.cancelAll()
            return result
        }
    }

    /// The backends that belong to it.
    private func sessions() async throws -> [Int32] {
        try await TestDatabase.current.connect { connection in
            try await connection.query(
                """
                select pid from pg_stat_activity
                where datname = current_database() and application_name = 'mainstay monitor' order by pid
                """
            ).map { try $0["pid"] }
        }
    }

    private func seenAt(_ check: String) async throws -> String? {
        let shown = try await program.run("monitor", "show", "--all", "--format", "json")
        return try JSONDecoder().decode(Shown.self, from: Data(shown.output.utf8)).checks
            .first { $0.check.outcome.check == check }?.check.seenAt
    }

    private struct Shown: Decodable {
        var checks: [Item]

        struct Item: Decodable {
            var check: Kept
        }

        struct Kept: Decodable {
            var outcome: CheckOutcome
            var seenAt: String
        }
    }

    @Test("what does not answer is open, the database is asked over one session, and both are told apart")
    func wholeWay() async throws {
        try configure("monitoring: { every: 1s }")
        #expect(try await program.run("monitor", "show").output.contains("Nothing has been asked yet"))
        try await serving {
            try await eventually("the endpoint is critical and the database well") {
                let shown = try await program.run("monitor", "show", "--all").output
                return shown.contains("refuses connections") && shown.contains("database.response-time")
                    && shown.contains("critical")
            }
            let first = try await sessions()
            #expect(first.count == 1)
            let asked = try await seenAt("database.response-time")
            try await eventually("it is asked again") { try await seenAt("database.response-time") != asked }
            #expect(try await sessions() == first, "the next round was over the same session")
            #expect(try await program.run("findings").output.contains("HC020"))
        }
        // Killed or not, what was found is still open, and how it stood still known.
        #expect(try await program.run("findings").output.contains("HC020"))
        let shown = try await program.run("monitor", "show", "--format", "json")
        #expect(shown.exitCode == 0)
        #expect(shown.output.contains("\"standing\" : \"critical\""))
    }

    @Test("a session that the server ends is opened again, and nothing is wrong for it")
    func lostSession() async throws {
        try configure("monitoring: { every: 1s }")
        try await serving {
            let first = try await eventually("a session is open") { try await sessions().first }
            try await TestDatabase.current.connect { connection in
                _ = try await connection.query("select pg_terminate_backend(\(first))")
            }
            try await eventually("another one is") {
                let now = try await sessions()
                return !now.isEmpty && !now.contains(first)
            }
            #expect(try await !program.run("findings").output.contains("HC001"))
        }
    }

    @Test("is enabled by one command, which shows what it writes and refuses what cannot be")
    func enable() async throws {
        try configure("")
        #expect(try await program.run("monitor", "show").output.contains("'mainstay monitor enable'"))
        let dry = try await program.run("monitor", "enable", "--interval=5m", "--dry-run")
        #expect(dry.output.contains("every: 5m"))
        #expect(dry.output.contains("nothing was written"))
        let guide = try await program.run("monitor:enable", "--all-environments", "--continuous", "--interval=5m")
        #expect(guide.exitCode == 0)
        #expect(guide.output.contains("every: 5m"))
        let shown = try await program.run("config", "show").output
        #expect(shown.contains("monitoring:"))
        #expect(shown.contains("every: 5m"))
        #expect(
            try await program.run("monitor", "enable", "--interval=5m").output.contains("is as it should be"))
        let zero = try await program.run("monitor", "enable", "--interval=0s")
        #expect(zero.exitCode == 4)
        #expect(zero.errors.contains("is out of range"))
        let nobody = try await program.run("monitor", "enable", "--environment=tset")
        #expect(nobody.errors.contains("there is no environment 'tset'"))
    }
}
