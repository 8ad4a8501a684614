import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

/// Each check finds what it is for, and leaves what is next to it alone.
@Suite("Checks of a database", .cluster, .temporaryDirectory, .timeLimit(.minutes(2)))
struct DatabaseCheckTests {
    private func expect(
        _ name: String, _ state: CheckOutcome.State, _ words: String, warning: Double? = nil, critical: Double? = nil,
        options: [String: Scalar] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let run = try await check(name, warning: warning, critical: critical, options: options)
        let outcome = try #require(run.check(name), sourceLocation: sourceLocation)
        #expect(outcome.state == state, "\(outcome.summary) \(run.gaps)", sourceLocation: sourceLocation)
        #expect(outcome.summary.contains(words), "\(outcome.summary)", sourceLocation: sourceLocation)
    }

    private typealias SourceLocation = Testing.SourceLocation

    @Test("a deadlock counts, and two sessions that only wait do not")
    func deadlocks() async throws {
        let database = TestDatabase.current
        try await database.run("create table a (id int primary key, n int); insert into a values (1, 0), (2, 0)")
        try await expect("transactions.deadlocks", .passed, "no deadlock was counted")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for order in [(1, 2), (2, 1)] {
                group.addTask {
                    try await database.connect(.unlimited()) { connection in
                        try await connection.executeScript(trusted: "set deadlock_timeout = '50ms'; begin")
                        try await connection.executeScript(trusted: "update a set n = n + 1 where id = \(order.0)")
                        try await connection.executeScript(trusted: "select pg_sleep(0.3)")
                        do {
                            try await connection.executeScript(
                                trusted: "update a set n = n + 1 where id = \(order.1); commit")
                            return false
                        } catch let error as PostgreSQLError {
                            return "\(error)".contains("deadlock")
                        }
                    }
                }
            }
            var deadlocks = 0
            for try await isDeadlock in group where isDeadlock { deadlocks += 1 }
            #expect(deadlocks == 1)
        }
        try await eventually("the deadlock is counted") {
            try await check("transactions.deadlocks").check("transactions.deadlocks")?.state != .passed
        }
    }

    @Test("rollbacks beyond the share are found once enough transactions have ended")
    func commitRatio() async throws {
        let database = TestDatabase.current
        try await database.connect(.unlimited()) { connection in
            for _ in 0..<40 { try await connection.executeScript(trusted: "begin; select 1; rollback") }
        }
        try await expect("transactions.committed", .passed, "transactions have ended yet")
        try await eventually("the rollbacks are counted") {
            let run = try await check("transactions.committed", options: ["transactions": 20])
            return run.check("transactions.committed")?.state == .warning
        }
        try await expect(
            "transactions.committed", .passed, "transactions committed", warning: 1, options: ["transactions": 20])
    }

    @Test("a table beyond where autovacuum freezes it is found, and its statement with it")
    func freezeAge() async throws {
        let database = TestDatabase.current
        try await expect("autovacuum.freeze-age", .passed, "of where autovacuum freezes it")
        try await database.run(
            "create table old (id int) with (autovacuum_freeze_max_age = 100000); create table young (id int)")
        try await expect("autovacuum.freeze-age", .passed, "of where autovacuum freezes it")
        let run = try await check("autovacuum.freeze-age", warning: 0, critical: .infinity)
        #expect(run.check("autovacuum.freeze-age")?.state == .warning)
        #expect(run.findings("HC054").count == 1)
    }

    @Test("a trigger that is switched off is a warning, and a foreign key's own is critical")
    func triggers() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table parent (id int primary key); create table child (id int references parent);
            create function f() returns trigger language plpgsql as 'begin return new; end';
            create trigger "o'""; --" before insert on child for each row execute function f();
            create trigger always before insert on child for each row execute function f();
            alter table child enable always trigger always
            """)
        try await expect("triggers.disabled", .passed, "no trigger is disabled")
        try await database.run(#"alter table child disable trigger "o'""; --""#)
        try await expect("triggers.disabled", .warning, "1 trigger disabled on public.child")
        try await database.run("alter table child disable trigger all")
        try await expect("triggers.disabled", .critical, "foreign keys are not enforced")
        let run = try await check("triggers.disabled")
        // What the finding says mends it, whatever the name.
        for (name, statement) in run.findings("HC057")[0].evidence where name.hasPrefix("to mend") {
            try await database.connect(.unlimited()) { try await $0.executeScript(trusted: statement.description) }
        }
        try await expect("triggers.disabled", .passed, "no trigger is disabled")
    }

    @Test("a constraint that was added NOT VALID is found until it is validated")
    func constraints() async throws {
        let database = TestDatabase.current
        try await database.run("create table t (n int); alter table t add constraint good check (n > 0)")
        try await expect("constraints.unvalidated", .passed, "every constraint holds for all rows")
        try await database.run("alter table t add constraint late check (n < 10) not valid")
        try await expect("constraints.unvalidated", .warning, "1 constraint not validated: late on public.t")
        let run = try await check("constraints.unvalidated")
        let statement = try #require(run.findings("HC072").first?.evidence["to mend 1"]?.description)
        try await database.connect(.unlimited()) { try await $0.executeScript(trusted: statement) }
        try await expect("constraints.unvalidated", .passed, "every constraint holds for all rows")
    }

    @Test("an extension that is older than the server has it is found")
    func extensions() async throws {
        let database = TestDatabase.current
        try await database.run("create extension pgcrypto")
        try await expect("extensions.outdated", .passed, "every extension is as new")
        try await database.run(
            "drop extension pgcrypto; create extension pgcrypto version '1.3'; update pg_extension set extversion = '1.2' where extname = 'pgcrypto'"
        )
        try await expect("extensions.outdated", .warning, "pgcrypto 1.2 (1.3)")
        try await database.run("update pg_extension set extname = 'nowhere' where extname = 'pgcrypto'")
        try await expect("extensions.outdated", .critical, "nowhere 1.2 (gone from the server)")
    }

    @Test("a password that ends soon is found, and one that ended long ago or belongs to a group is not")
    func roles() async throws {
        // A server of its own: roles are shared by all databases, and other tests' checks would see them.
        try await withPrimary { cluster in
            let main = try cluster.resource("main", database: "postgres")
            func outcome(_ sql: String) async throws -> CheckOutcome {
                try await Connection.with(cluster.address(), .unlimited()) {
                    try await $0.executeScript(trusted: sql)
                }
                return try #require(try await check("roles.expiring", on: [main]).check("roles.expiring"))
            }
            let far = try await outcome(
                "create role staff valid until '2020-01-01'; create role app login valid until '2020-01-01'")
            #expect(far.summary == "no password has an end")
            let soon = try await outcome("alter role app valid until '\(Timestamp.test(days: 5).iso8601)'")
            #expect(soon.state == .warning)
            #expect(soon.summary.hasPrefix("the password of 'app' expires on "))
            let over = try await outcome("alter role app valid until '\(Timestamp.test(days: -1).iso8601)'")
            #expect(over.state == .critical)
            #expect(over.summary.hasPrefix("the password of 'app' expired on "))
            let later = try await outcome("alter role app valid until '\(Timestamp.test(days: 30).iso8601)'")
            #expect(later.state == .passed)
        }
    }

    @Test("sizes and shares are judged against thresholds")
    func sizes() async throws {
        try await expect("database.size", .passed, "MB")
        try await expect("database.size", .warning, "database size", warning: 1, critical: .infinity)
        try await expect("wal.on-disk", .passed, "of WAL in")
        try await expect("wal.on-disk", .critical, "of WAL in", warning: 0, critical: 0.000_1)
        // How many there were depends on all tests of the server together; nothing is unknown about them.
        try await expect("checkpoints.requested", .passed, "checkpoints were", warning: .infinity, critical: .infinity)
        try await expect("database.clock", .passed, "the clocks agree")
        try await expect("checksums.failures", .passed, "data checksums are off")
        try await expect("standby.conflicts", .passed, "this is no standby")
        try await expect("standby.replay", .passed, "this is no standby")
        try await expect("queries.temporary-files", .passed, "no temporary file was counted")
        try await expect("subscriptions.state", .passed, "no subscription")
        try await expect("settings.pending", .passed, "all settings that are written are in force")
    }

    @Test("temporary files of queries are counted")
    func temporaryFiles() async throws {
        let database = TestDatabase.current
        try await database.run(
            "set work_mem = '64kB'; select count(*) from (select n from generate_series(1, 200000) n order by n desc offset 1) x"
        )
        try await eventually("the files are counted") {
            try await check("queries.temporary-files").check("queries.temporary-files")?.state == .unknown
        }
    }

    @Test("a subscription without a worker is critical, a disabled one a warning")
    func subscriptions() async throws {
        let database = TestDatabase.current
        let name = "s_\(UInt64.random(in: 0 ... .max))"
        func run(_ sql: String) async throws {
            try await database.connect(.unlimited()) { try await $0.executeScript(trusted: sql) }
        }
        try await run(
            "create subscription \(name) connection 'host=/nowhere dbname=x' publication p with (connect = false)")
        do {
            try await expect("subscriptions.state", .warning, "'\(name)' is disabled")
            try await run("alter subscription \(name) set (slot_name = none)")
            try await expect("subscriptions.state", .warning, "is disabled")
            try await run("alter subscription \(name) set (slot_name = \(name)); alter subscription \(name) enable")
            // The server has to try first, and looks as if it followed meanwhile.
            try await eventually("its worker has given up") {
                try await check("subscriptions.state").check("subscriptions.state")?.state == .critical
            }
            try await run(
                "alter subscription \(name) disable; alter subscription \(name) set (slot_name = none); drop subscription \(name)"
            )
        } catch {
            try await run(
                "alter subscription \(name) disable; alter subscription \(name) set (slot_name = none); drop subscription \(name)"
            )
            throw error
        }
    }

    @Test(
        "on a real standby a paused replay is a warning, and conflicts are counted; settings that wait are found on its primary"
    )
    func standby() async throws {
        try await withPrimary { primary in
            try await Connection.with(primary.address(), .unlimited()) { connection in
                try await connection.executeScript(
                    trusted: "alter system set max_connections = 200")
                try await connection.executeScript(trusted: "alter system set work_mem = '8MB'")
                try await connection.executeScript(trusted: "select pg_reload_conf()")
            }
            let main = try primary.resource("main", database: "postgres")
            try await eventually("the setting waits") {
                try await check("settings.pending", on: [main]).check("settings.pending")?.state == .warning
            }
            let pending = try await check("settings.pending", on: [main])
            #expect(pending.check("settings.pending")?.summary == "1 setting waiting for a restart: max_connections")
            try await withStandby(of: primary) { standby in
                let replica = try standby.resource("main", database: "postgres")
                let running = try await check("standby.replay", on: [replica])
                #expect(running.check("standby.replay")?.summary == "replay goes on")
                let conflicts = try await check("standby.conflicts", on: [replica])
                #expect(conflicts.check("standby.conflicts")?.summary == "no cancellation was counted")
                try await Connection.with(standby.address(), .unlimited()) { connection in
                    try await connection.executeScript(trusted: "select pg_wal_replay_pause()")
                }
                try await eventually("the replay is paused") {
                    try await check("standby.replay", on: [replica]).check("standby.replay")?.summary
                        == "replay is paused"
                }
            }
        }
    }

    @Test("a page that is damaged on the disk is counted, with checksums on")
    func checksums() async throws {
        let options = ClusterOptions(hasDataChecksums: true)
        let cluster = try await PrivateCluster.start(
            TestDatabase.current.cluster.server, options, in: TestClusters.directory,
            with: Programs(environment: ProcessInfo.processInfo.environment))
        do {
            let main = try cluster.resource("main", database: "postgres")
            let clean = try await check("checksums.failures", on: [main])
            #expect(clean.check("checksums.failures")?.summary == "no damaged page was met")
            let path = try await Connection.with(cluster.address(), .unlimited()) { connection in
                try await connection.executeScript(
                    trusted: "create table t as select n from generate_series(1, 1000) n; checkpoint")
                return try await connection.query("select pg_relation_filepath('t') as path").only[
                    "path", as: String.self]
            }
            try await cluster.stop()
            let file = try #require(FileHandle(forUpdatingAtPath: "\(cluster.dataDirectory)/\(path)"))
            try file.seek(toOffset: 5_000)
            try file.write(contentsOf: Data([0xDE, 0xAD, 0xBE, 0xEF]))
            try file.close()
            try await cluster.start()
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                await #expect(throws: PostgreSQLError.self) { _ = try await connection.query("select sum(n) from t") }
            }
            try await eventually("the damage is counted") {
                try await check("checksums.failures", on: [main]).check("checksums.failures")?.state == .critical
            }
            try cluster.destroy()
        } catch {
            try cluster.destroy()
            throw error
        }
    }
}

/// How fast a counter grows is told by samples, and by when it was reset.
@Suite("Counters", .cluster, .temporaryDirectory)
struct CounterTests {
    @Test("a counter's rate is over its samples, and one that was reset begins anew")
    func rates() async throws {
        let clock = ManualClock()
        let database = TestDatabase.current
        let harness = try TaskHarness(healthEntries, database: database, clock: clock.clock)
        func ask() async throws -> RunSummary { try await harness.run("health check --check=queries.temporary-files") }
        func counted() async throws -> Double {
            _ = try await ask()
            let target = Target(environment: "test", resource: "main")
            return try await harness.log.samples(
                "queries.temporary-files.counted", target, since: clock.clock.now() - .seconds(1)
            ).last?.value ?? 0
        }
        func sort(beyond last: Double) async throws {
            try await database.run(
                """
                set work_mem = '64kB';
                select count(*) from (select n from generate_series(1, 200000) n order by n desc offset 1) x
                """)
            try await eventually("the files are counted") { try await counted() > last }
        }
        try await sort(beyond: 0)
        // Nobody knows over which time that was: not green.
        #expect(try await ask().check("queries.temporary-files")?.state == .unknown)
        let first = try await counted()
        clock.advance(by: .seconds(7_200))
        try await sort(beyond: first)
        let grown = try await counted() - first
        let second = try #require(try await ask().check("queries.temporary-files"))
        #expect(second.state == .passed)
        #expect(second.value.map { abs($0 - grown / 2) < 1 } == true, "\(second.summary)")
        try await database.run("select pg_stat_reset()")
        clock.advance(by: .seconds(3_600))
        try await eventually("the counter is at its beginning") { try await counted() == 0 }
        #expect(try await ask().check("queries.temporary-files")?.value == 0)
    }
}

extension Timestamp {
    /// So many days from this moment.
    fileprivate static func test(days: Int) -> Timestamp { WallClock.system.now() + .seconds(Int64(days) * 86_400) }
}
