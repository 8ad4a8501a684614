import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// What a crash leaves behind, at every point of the journal: the real program against a real server, ended by SIGKILL.
@Suite("crashes", .temporaryDirectory, .cluster)
struct CrashTests {
    private let program = Program()

    private func prepare(_ tables: Int = 3) async throws {
        try await TestDatabase.current.connect { connection in
            for number in 1...tables {
                try await connection.execute(
                    """
                    create table \(identifier: "t\(number)") with (autovacuum_enabled = off)
                    as select g as id from generate_series(1, 500) g
                    """)
            }
        }
        try program.configureTestDatabase()
    }

    /// Manual ANALYZE runs of every table, as the server counts them.
    private func analyzeCounts() async throws -> [Int] {
        try await TestDatabase.current.connect { connection in
            try await connection.query("select analyze_count::int as n from pg_stat_user_tables order by relname")
                .map { try $0["n"] }
        }
    }

    static let points: [(ChangeState, JournalObserver.Moment)] = [
        (.started, .beforeWrite), (.started, .afterWrite), (.applied, .beforeWrite), (.applied, .afterWrite),
        (.proved, .beforeWrite), (.proved, .afterWrite),
    ]

    @Test("a run that was killed anywhere goes on, and nothing is lost or done twice", arguments: points)
    func resumes(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try await prepare()
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        let killed = try await dying.run("db", "update-stats")
        #expect(killed.status == .signalled(SIGKILL))

        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try await analyzeCounts() == [1, 1, 1])

        let again = try await program.run("resume")
        #expect(again.exitCode == 2, "a run that has ended is not resumed")
    }

    @Test("a backend that outlives its killed client is waited for, and its work is not done again")
    func waitsForOrphan() async throws {
        try await prepare(1)
        try await TestDatabase.current.connect { connection in
            // About two seconds of sleeping inside one ANALYZE.
            let name = TestDatabase.current.name
            try await connection.execute("insert into t1 select generate_series(1, 40000)")
            try await connection.execute("alter database \(identifier: name) set vacuum_cost_delay = '10ms'")
            try await connection.execute("alter database \(identifier: name) set vacuum_cost_limit = 1")
        }
        async let running = program.run("db", "update-stats")
        let process = try await processOfRunningAnalyze()
        #expect(kill(process, SIGKILL) == 0)
        #expect(try await running.status == .signalled(SIGKILL))
        #expect(try await backends() == 1, "the server goes on when we die")

        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try await backends() == 0)
        #expect(try await analyzeCounts() == [1])
    }

    @Test("while the process lives, its run cannot be resumed by another")
    func refusesLiving() async throws {
        try await prepare(1)
        var stopping = program
        stopping.environment["MAINSTAY_FAULT"] = "stop:started:afterWrite"
        async let running = stopping.run("db", "update-stats")
        let process = try await stoppedProcess()
        let refused = try await program.run("resume")
        #expect(refused.exitCode == 6, "\(refused.errors)")
        #expect(refused.errors.contains("still being carried out"))
        #expect(kill(process, SIGCONT) == 0)
        #expect(try await running.exitCode == 0)
        #expect(try await analyzeCounts() == [1])
    }

    @Test("a worker that is paused for longer than anybody waits is fenced by the database, also against another state")
    func fencesPaused() async throws {
        try await prepare(3)
        var stopping = program
        // The change is made, its connection open, and nothing of that is written down yet.
        stopping.environment["MAINSTAY_FAULT"] = "stop:applied:beforeWrite"
        async let running = stopping.run("db", "update-stats")
        let process = try await stoppedProcess()
        let before = try await analyzeCounts()
        #expect(before.reduce(0, +) == 1)
        var other = program
        other.environment["MAINSTAY_STATE"] = "\(program.directory)/other"
        var second = other.command(["db", "update-stats"])
        second.timeLimit = .seconds(5)
        second.grace = .zero
        let outcome = try await Programs(environment: [:]).run(second)
        #expect(outcome.termination == .timedOut(after: .seconds(5)), "\(outcome.errorOutput.text)")
        #expect(try await analyzeCounts() == before, "it waited for the fence and changed nothing")
        // It stops again at each of its changes.
        try await eventually("it has ended") { kill(process, SIGCONT) != 0 }
        #expect(try await running.exitCode == 0)
        #expect(try await analyzeCounts() == [1, 1, 1])
    }

    @Test("an interrupt ends the change in hand and leaves the rest for resume", arguments: [SIGINT, SIGTERM])
    func interrupts(signal: Int32) async throws {
        try await prepare(3)
        try await TestDatabase.current.connect { blocker in
            try await blocker.execute("begin")
            try await blocker.execute("lock table t1, t2, t3 in share update exclusive mode")
            async let running = program.run("db", "update-stats")
            let process = try await processOfRunningAnalyze()
            #expect(kill(process, signal) == 0)
            let result = try await running
            #expect(result.exitCode == (signal == SIGINT ? 130 : 143), "\(result.errors)\(result.output)")
            #expect(result.output.contains("cancelled"))
            try await blocker.execute("rollback")
        }
        #expect(try await analyzeCounts() == [0, 0, 0])
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try await analyzeCounts() == [1, 1, 1])
    }

    private func backends() async throws -> Int {
        try await TestDatabase.current.connect { connection in
            try await connection.query(
                """
                select count(*)::int as n from pg_stat_activity
                where datname = current_database() and application_name like 'mainstay 2%' and state = 'active'
                """
            ).only["n"]
        }
    }

    private func processOfRunningAnalyze() async throws -> Int32 {
        try await eventually("an ANALYZE of the program runs") {
            try await backends() > 0 ? try await recordedProcess() : nil
        }
    }

    private func stoppedProcess() async throws -> Int32 {
        try await eventually("the program has stopped") {
            guard let process = try await recordedProcess(),
                let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                status.contains(") T ")
            else { return nil }
            return process
        }
    }

    /// The process that carries the newest run out, as the run's record names it.
    private func recordedProcess() async throws -> Int32? {
        let listed = try await program.run("runs", "--format", "json")
        try #require(listed.exitCode == 0, "\(listed.status): \(listed.errors)")
        return try JSONDecoder().decode([RunRecord].self, from: Data(listed.output.utf8)).first?.requester.processID
    }
}
