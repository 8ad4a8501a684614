import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Synchronization
import Testing

/// The choke point: what the journal says, and what is in the database, whatever goes wrong.
@Suite("changes", .temporaryDirectory, .cluster)
struct ChangeTests {
    private func harness(_ change: (inout Ledger) -> Void = { _ in }) async throws -> TaskHarness {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        change(&ledger)
        return try TaskHarness([TaskEntry(ledger)], database: TestDatabase.current)
    }

    private func rows() async throws -> [String] { try await Ledger.rows(TestDatabase.current) }

    @Test("each change goes from planned over started and applied to proved")
    func goesTheWay() async throws {
        let harness = try await harness()
        let summary = try await harness.run("test ledger")
        #expect(summary.run.state == .succeeded)
        #expect(try await rows() == ["a", "b", "c"])
        #expect(summary.changes.allSatisfy { $0.state == .proved && $0.evidence == ["rows": 1] })
        let moves = try await harness.log.journal(of: summary.run.id)
        #expect(moves.map(\.change) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
        #expect(moves.map(\.to) == Array(repeating: [.started, .applied, .proved], count: 3).flatMap { $0 })
        #expect(moves.map(\.number) == Array(1...9))
    }

    @Test("a dry run prints the plan and changes nothing")
    func dryRun() async throws {
        let harness = try await harness()
        let summary = try await harness.run("test ledger", isDryRun: true)
        #expect(try await rows().isEmpty)
        #expect(summary.plans.first?.changes.map(\.id) == ["add a", "add b", "add c"])
        #expect(try await harness.log.journal(of: summary.run.id).isEmpty)
    }

    @Test("a plan that was approved is carried out, by its digest or the beginning of it")
    func keepsToPlan() async throws {
        let harness = try await harness()
        let digest = combinedDigest(try await harness.run("test ledger", isDryRun: true).plans)
        let summary = try await harness.run("test ledger", planDigest: String(digest.prefix(12)))
        #expect(summary.run.state == .succeeded)
        #expect(try await rows() == ["a", "b", "c"])
    }

    @Test("a plan that is no longer what would be done is refused with the difference")
    func refusesMovedPlan() async throws {
        let harness = try await harness()
        let digest = combinedDigest(try await harness.run("test ledger", isDryRun: true).plans)
        try await TestDatabase.current.run("drop table ledger; create table ledger (key text not null, step serial)")
        await #expect {
            try await harness.run("test ledger", planDigest: digest)
        } throws: { error in
            let report = ErrorReport(error)
            return report.code == "plan.changed" && report.problem.contains("no longer: test/main: insert into ledger")
        }
        #expect(try await rows().isEmpty)
    }

    @Test("a change whose object was replaced between plan and start is refused")
    func refusesMovedWorld() async throws {
        let database = TestDatabase.current
        let harness = try await harness { ledger in
            ledger.after = { change, _ in
                guard change.object == "a" else { return }
                try await database.run("drop table ledger; create table ledger (key text not null, step serial)")
                try await database.run("insert into ledger (key) values ('a')")
            }
        }
        let summary = try await harness.run("test ledger")
        #expect(summary.changes.map(\.state) == [.proved, .refused, .refused])
        #expect(summary.step.state == .refused)
        #expect(summary.changes[1].error?.problem.contains("oid was") == true)
        #expect(try await rows() == ["a"])
    }

    @Test("a change that fails fails alone, and its step is not green")
    func failsAlone() async throws {
        let harness = try await harness { $0.before = { change, _ in if change.object == "b" { throw Trouble() } } }
        let summary = try await harness.run("test ledger")
        #expect(summary.changes.map(\.state) == [.proved, .failed, .proved])
        #expect(summary.step.state == .failed)
        #expect(try await rows() == ["a", "c"])
        #expect(summary.exitStatus(failOn: .critical) == .failure)
    }

    @Test("an error that may pass is tried again, three times in all")
    func retries() async throws {
        let attempts = Mutex(0)
        let harness = try await harness { ledger in
            ledger.keys = ["a"]
            ledger.before = { _, _ in
                if attempts.withLock({
                    $0 += 1; return $0
                }) < 3 {
                    throw Trouble(isRetryable: true)
                }
            }
        }
        let summary = try await harness.run("test ledger")
        #expect(summary.run.state == .succeeded)
        #expect(attempts.withLock { $0 } == 3)
        #expect(try await rows() == ["a"])
    }

    @Test("an error after the effect does not make it happen twice")
    func settlesByLooking() async throws {
        let harness = try await harness { $0.after = { _, _ in throw Trouble(isRetryable: true) } }
        let summary = try await harness.run("test ledger")
        #expect(summary.changes.allSatisfy { $0.state == .proved })
        #expect(try await rows() == ["a", "b", "c"])
    }

    @Test("what cannot be proved is unproven and never succeeded")
    func unproven() async throws {
        let harness = try await harness { ledger in
            ledger.keys = ["a"]
            ledger.verdict = { _ in .notDone("nothing to be seen") }
        }
        let summary = try await harness.run("test ledger")
        #expect(summary.changes.map(\.state) == [.unproven])
        #expect(summary.step.state == .unproven)
        #expect(summary.exitStatus(failOn: nil) == .failure)
    }

    @Test("what nobody can tell stays uncertain until a person decides", arguments: Decision.allCases)
    func undecided(decision: Decision) async throws {
        let isBlind = Mutex(true)
        let harness = try await harness { ledger in
            ledger.keys = ["a"]
            ledger.verdict = { _ in isBlind.withLock { $0 } ? .unknown("it is dark") : nil }
        }
        let summary = try await harness.run("test ledger")
        #expect(summary.step.state == .uncertain)
        #expect(summary.exitStatus(failOn: nil) == .waiting)
        #expect(try await harness.resume().step.state == .uncertain, "without a word it stays so")
        let settled: RunSummary
        if decision == .notDone {
            try await TestDatabase.current.run("delete from ledger")
            isBlind.withLock { $0 = false }
            settled = try await harness.resume()
        } else {
            settled = try await harness.resume(decision: .done)
            #expect(settled.changes[0].evidence?["decided by"] == "tester")
        }
        #expect(settled.run.state == .succeeded)
        #expect(try await rows() == ["a"])
    }

    @Test("a connection that is cut in the middle is settled by looking again")
    func survivesCut() async throws {
        let database = TestDatabase.current
        let cuts = Mutex(0)
        let harness = try await harness { ledger in
            ledger.before = { change, act in
                guard change.object == "b",
                    cuts.withLock({
                        $0 += 1; return $0
                    }) == 1
                else { return }
                _ = try await act.connection().query("select 1 as one")
                try await database.connect { other in
                    try await other.execute(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and application_name like 'mainstay 2%'
                        """)
                }
            }
        }
        let summary = try await harness.run("test ledger")
        #expect(summary.changes.map(\.state) == [.proved, .proved, .proved], "\(summary.changes.compactMap(\.error))")
        #expect(try await rows() == ["a", "b", "c"])
    }

    @Test("a change does not start while another holds the fence, and says who does")
    func isFenced() async throws {
        var harness = try await harness { $0.keys = ["a"] }
        harness.fencePatience = .milliseconds(300)
        let ready = harness
        try await TestDatabase.current.connect(ConnectionSettings(applicationName: "another worker")) { other in
            try await other.execute("select pg_advisory_lock(\(number: 0x6d61_696e_7374_6179 as Int64))")
            let summary = try await ready.run("test ledger")
            #expect(summary.changes.map(\.state) == [.failed])
            #expect(summary.changes[0].error?.problem.contains("another worker") == true)
        }
        #expect(try await rows().isEmpty)
    }

    @Test("no change starts after the time limit")
    func keepsTimeLimit() async throws {
        let summary = try await harness().run("test ledger", timeLimit: .zero)
        #expect(summary.changes.map(\.state) == [.skipped, .skipped, .skipped])
        #expect(summary.step.state == .skipped)
        #expect(try await rows().isEmpty)
    }

    @Test("a run that was killed when all its steps had ended is ended by resume, and nothing is done again")
    func endsAfterLastStep() async throws {
        let harness = try await harness()
        let run = try await harness.run("test ledger").run
        let id = run.id
        try await harness.log.end(run, .running)
        let resumed = try await harness.resume()
        #expect(resumed.run.id == id)
        #expect(resumed.run.state == .succeeded)
        #expect(resumed.run.endedAt != nil)
        #expect(try await rows() == ["a", "b", "c"])
        await #expect(throws: EngineError.self) { try await harness.resume() }
    }

    @Test("a cancelled run leaves the rest planned, and resume does it once")
    func cancels() async throws {
        let harness = try await harness { ledger in
            ledger.before = { change, act in
                guard change.object == "b" else { return }
                _ = try await act.connection().query("select pg_sleep(30)")
            }
        }
        let running = Task { try await harness.run("test ledger") }
        try await TestDatabase.current.connect { watcher in
            while try await watcher.query(
                "select 1 as one from pg_stat_activity where query like 'select pg_sleep(30)%' and datname = current_database()"
            ).isEmpty { try await WallClock.system.sleep(for: .milliseconds(20)) }
        }
        running.cancel()
        let summary = try await running.value
        #expect(summary.changes.map(\.state) == [.proved, .planned, .planned])
        #expect(summary.run.state == .cancelled)
        #expect(try await rows() == ["a"])
        var calm = harness
        calm.catalog = TaskCatalog([TaskEntry(Ledger())])
        let resumed = try await calm.resume()
        #expect(resumed.run.state == .succeeded)
        #expect(try await rows() == ["a", "b", "c"])
    }
}
