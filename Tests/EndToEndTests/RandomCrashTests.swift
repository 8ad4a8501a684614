import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// SIGKILL at moments nobody chose: a run over many tables is killed again and again until it has ended. A few seeds
/// here; `scripts/soak` gives hundreds (`MAINSTAY_SOAK` is their number).
@Suite("random crashes", .temporaryDirectory, .cluster, .serialized)
struct RandomCrashTests {
    private static let tables = 25
    static let seeds: [Int] = {
        let wanted = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 3
        return Array(1...max(1, wanted))
    }()

    @Test("a run that is killed at random ends in the end, with every change made once", arguments: seeds)
    func endsOnce(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let program = Program()
        try await TestDatabase.current.connect { connection in
            for number in 1...Self.tables {
                try await connection.execute(
                    """
                    create table \(identifier: "t\(number)") with (autovacuum_enabled = off)
                    as select g as id, repeat('x', 100) as filler from generate_series(1, 400) g
                    """)
            }
        }
        try program.configure(
            """
            environments:
              test:
                resources:
                  main: {kind: postgresql, connection: "\(TestDatabase.current.connectionString)"}
            """)
        var kills = 0
        var ended = false
        for attempt in 0..<60 where !ended {
            // Late attempts get time to end, so that a seed cannot kill for ever.
            let patience = Duration.milliseconds(Int.random(in: 20...400, using: &generator) + attempt * 40)
            let words = attempt == 0 ? ["db", "update-stats"] : ["resume"]
            var command = program.command(words)
            command.timeLimit = patience
            command.grace = .zero
            let outcome = try await Programs(environment: [:]).run(command)
            switch outcome.termination {
            case .exited(0): ended = true
            case .exited(2) where attempt > 0:
                // Killed before it was recorded: there is nothing to resume, or it had ended already.
                let started = try await program.run(["runs", "--format", "json"])
                let runs = try JSONDecoder().decode([RunRecord].self, from: Data(started.output.utf8))
                if runs.isEmpty {
                    _ = try await Programs(environment: [:]).run(program.command(["db", "update-stats"]))
                }
                ended = runs.first.map { $0.state == .succeeded } ?? false
            case .exited(let code): Issue.record("exit status \(code): \(outcome.errorOutput.text)")
            default: kills += 1
            }
        }
        #expect(ended)
        let counts = try await TestDatabase.current.connect { connection in
            try await connection.query("select analyze_count::int as n from pg_stat_user_tables").map {
                try $0["n", as: Int.self]
            }
        }
        #expect(counts == Array(repeating: 1, count: Self.tables), "after \(kills) kills")
    }
}
