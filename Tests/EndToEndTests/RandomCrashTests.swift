import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Synchronization
import Testing

/// SIGKILL at moments nobody chose: a run over many tables is killed again and again until it has ended. A few seeds
/// here; `scripts/soak` gives hundreds (`MAINSTAY_SOAK` is their number).
@Suite("random crashes", .temporaryDirectory, .cluster, .serialized)
struct RandomCrashTests {
    private static let tables = 25
    static let seeds: [Int] = {
        let wanted = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 8
        return Array(1...max(1, wanted))
    }()

    /// Changes that show for ever how often they were made, and whose programs live on when their parent is killed.
    @Test("a run of programs that must not be started twice ends with each of them done once", arguments: seeds)
    func startsOnce(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 1_000)
        let program = Program()
        let ledger = "\(program.directory)/ledger"
        let steps = (1...12).map { number in
            """
                  - shell: sleep 0.0\(number % 5); echo line \(number) >> ledger; sleep 0.0\(number % 3)
                    directory: \(program.directory)
                    effect: destroys
                    prove: [grep, -qx, line \(number), ledger]
            """
        }
        try program.configure(
            """
            environments:
              test: {}
            routines:
              own:
                steps:
            \(steps.joined(separator: "\n"))
            """)
        try Data().write(to: URL(fileURLWithPath: ledger))
        let kills = try await killed(program, ["run", "own"], &generator)
        let lines = try String(contentsOfFile: ledger, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines == (1...12).map { "line \($0)" }, "after \(kills) kills")
    }

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
        let kills = try await killed(program, ["db", "update-stats"], &generator)
        let counts = try await TestDatabase.current.connect { connection in
            try await connection.query("select analyze_count::int as n from pg_stat_user_tables").map {
                try $0["n", as: Int.self]
            }
        }
        #expect(counts == Array(repeating: 1, count: Self.tables), "after \(kills) kills")
    }

    /// Runs it and kills it, and goes on and kills that, until it has ended.
    ///
    /// - Returns: how often.
    private func killed(_ program: Program, _ words: [String], _ generator: inout SeededGenerator) async throws -> Int {
        var kills = 0
        var ended = false
        for attempt in 0..<60 where !ended {
            // Late attempts get time to end, so that a seed cannot kill for ever.
            let patience = Duration.milliseconds(Int.random(in: 20...400, using: &generator) + attempt * 40)
            let line = attempt == 0 ? words : ["resume"]
            var command = program.command(line)
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
                    _ = try await Programs(environment: [:]).run(program.command(words))
                }
                ended = runs.first.map { $0.state == .succeeded } ?? false
            case .exited(let code):
                let journal = try await program.run(["show", "latest", "--journal"]).output
                Issue.record("exit status \(code): \(outcome.errorOutput.text)\n\(journal)")
            default: kills += 1
            }
        }
        #expect(ended)
        Self.tally.add(kills)
        return kills
    }

    private static let tally = Tally()

    /// All seeds together; the last one to end says how many there were, and there were enough.
    private final class Tally: Sendable {
        private let sums = Mutex((runs: 0, kills: 0))

        func add(_ kills: Int) {
            let sums = sums.withLock { sums in
                sums.runs += 1
                sums.kills += kills
                return sums
            }
            guard sums.runs == 2 * RandomCrashTests.seeds.count else { return }
            print("\(sums.kills) kills in \(sums.runs) runs")
            #expect(sums.kills >= 2 * sums.runs, "hardly anything was tried")
        }
    }
}
