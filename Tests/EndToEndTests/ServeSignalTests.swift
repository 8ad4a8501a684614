import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

/// What `mainstay serve` does with signals, with what others left, and what `mainstay status` says about it.
@Suite("serving in trouble", .temporaryDirectory, .cluster)
struct ServeSignalTests {
    private let program = Program()

    private func configure(_ more: String = "", schedule: String = "every 1s") throws {
        try program.configureTestDatabase(
            """
            routines:
              daily: {schedule: never, steps: [report prune]}
              often: {schedule: "\(schedule)", steps: [db update-stats]}
            \(more)
            """)
    }

    private func makeTables() async throws {
        try await TestDatabase.current.connect { connection in
            for number in 1...3 {
                try await connection.execute(
                    """
                    create table \(identifier: "t\(number)") with (autovacuum_enabled = off)
                    as select g as id from generate_series(1, 500) g
                    """)
            }
        }
    }

    private func analyzeCounts() async throws -> [Int] {
        try await TestDatabase.current.connect { connection in
            try await connection.query("select analyze_count::int as n from pg_stat_user_tables order by relname")
                .map { try $0["n"] }
        }
    }

    @Test("what a scheduler leaves is carried out by the next one, every change once", arguments: [SIGTERM, SIGKILL])
    func handsOver(signal: Int32) async throws {
        try await makeTables()
        try configure()
        // It stops itself where the first change has been noted as started.
        let first = try ServeProcess(program, "first", environment: ["MAINSTAY_FAULT": "stop:started:afterWrite"])
        try await eventually("it has stopped") {
            (try? String(contentsOfFile: "/proc/\(first.id)/stat", encoding: .utf8))?.contains(") T ") == true
        }
        let status = try await first.end(signal)
        #expect(status == (signal == SIGTERM ? 143 : nil))
        let run = try await program.log().run("latest")
        if signal == SIGTERM {
            #expect(run.state == .cancelled)
            let open = try await program.log().changes(of: run.id).filter(\.state.isUncertain)
            #expect(open.isEmpty, "the change in hand is settled before the process ends")
            #expect(first.said.contains("left='the next start of the scheduler goes on with it'"))
        }
        let told = try await program.run("status")
        #expect(told.exitCode == 1)
        #expect(told.output.contains("mainstay resume \(run.id)"), "\(told.output)")
        #expect(told.output.hasPrefix("state"), "\(told.output)")
        #expect(told.output.split(separator: "\n").dropFirst().first?.hasPrefix("not running") == true)

        let second = try ServeProcess(program, "second")
        try await second.says("run goes on run.id=\(run.id)")
        try await second.says("run ended run.id=\(run.id) name=often state=succeeded")
        #expect(try await second.end() == 143)
        #expect(try await analyzeCounts() == [1, 1, 1])
    }

    @Test("a run that waits goes on by itself once it is approved")
    func goesOn() async throws {
        try await makeTables()
        try configure("approvals: {rules: [{routines: [often], environments: [test]}]}", schedule: "every 10s")
        let serve = try ServeProcess(program)
        try await serve.says("state=waiting")
        let waiting = try await program.run("status")
        #expect(waiting.exitCode == 6, "\(waiting.output)")
        let id = try #require(waiting.output.firstMatch(of: /mainstay approve ([a-z0-9-]+)/)?.output.1)
        #expect(try await analyzeCounts() == [0, 0, 0])
        var bob = program
        bob.environment["SUDO_USER"] = "bob"
        let approved = try await bob.run("approve", String(id))
        #expect(approved.exitCode == 0, "\(approved.errors)")
        try await serve.says("reason='it was approved'")
        try await eventually("it was done") { try await analyzeCounts() == [1, 1, 1] }
        #expect(try await serve.end() == 143)
    }

    @Test("a configuration is taken over whole on SIGHUP, or the old one stays and everybody can see why")
    func reloads() async throws {
        try configure(schedule: "daily 02:00")
        let serve = try ServeProcess(program)
        try await serve.says("scheduler ready")
        let well = try await program.run("status")
        #expect(well.exitCode == 0, "\(well.output)")
        #expect(well.output.contains("nothing needs anybody; scheduler \(serve.id)"), "\(well.output)")

        try configure(schedule: "daily 25:00")
        serve.signal(SIGHUP)
        try await serve.says("configuration refused, the old one stays")
        #expect(serve.isRunning)
        try configure("reports: {keep: 90d}", schedule: "daily 02:00")
        try await eventually("it is seen") { try await program.run("status").output.contains("refused") }
        #expect(try await program.run("status").exitCode == 1)

        try configure(schedule: "every 1s")
        serve.signal(SIGHUP)
        try await serve.says("configuration read again")
        try await serve.says("routine starts routine=often")
        #expect(try await serve.end() == 143)
    }
}
