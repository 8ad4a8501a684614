import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import DatabaseCare

@Suite(.cluster, .temporaryDirectory)
struct TuneTests {
    private static let wrong = ["log_checkpoints": "off", "checkpoint_completion_target": "0.3", "autovacuum": "on"]

    @Test("a setting is changed, the server says so, and what undoes it does")
    func changes() async throws {
        try await OwnServer.with(Self.wrong) { cluster in
            let harness = try OwnServer.harness(cluster)
            let words = "db tune --only=log_checkpoints,checkpoint_completion_target"
            let plan = try await harness.run(words, isDryRun: true)
            #expect(
                plan.step.plan?.changes.map(\.object) == ["checkpoint_completion_target", "log_checkpoints"],
                "\(plan.findings)")
            #expect(try await OwnServer.value(cluster, "show log_checkpoints") == "off")
            let summary = try await harness.run(words)
            #expect(summary.step.state == .succeeded, "\(summary.changes.map(\.state))")
            #expect(summary.changes.allSatisfy { $0.state == .proved && $0.change.scope == .cluster })
            #expect(try await OwnServer.value(cluster, "show log_checkpoints") == "on")
            #expect(try await OwnServer.value(cluster, "show checkpoint_completion_target") == "0.9")
            #expect(try await harness.run(words).changes.isEmpty)
            let undo = try #require(summary.changes.last?.change.reversal)
            try await Connection.with(cluster.address()) { connection in
                for statement in undo.split(separator: "; ") {
                    try await connection.executeScript(trusted: String(statement))
                }
                try await eventually("the former value counts") {
                    let rows = try await connection.query("show log_checkpoints")
                    return try rows.only[0, as: String.self] == "off"
                }
            }
        }
    }

    @Test("what needs a restart is told, and written for the next one only where that is asked for")
    func restart() async throws {
        try await OwnServer.with(["superuser_reserved_connections": "0"]) { cluster in
            let harness = try OwnServer.harness(cluster)
            let told = try await harness.run("db tune --only=superuser_reserved_connections")
            #expect(told.changes.isEmpty)
            let finding = try #require(told.findings("DB009").first)
            #expect(finding.mend == "mainstay db tune --with-restart --only=superuser_reserved_connections")
            let summary = try await harness.run("db tune --only=superuser_reserved_connections --with-restart")
            #expect(summary.changes.map(\.state) == [.proved])
            #expect(summary.changes.first?.evidence?["pending restart"] == true)
            #expect(summary.changes.first?.evidence?["counts from"] == "the next restart")
        }
    }

    @Test("where a file of settings has an error, nothing is set, since a reload would stop there")
    func errors() async throws {
        try await OwnServer.with(Self.wrong) { cluster in
            try await OwnServer.script(
                cluster, "copy (select 'work_mem = many') to program 'cat >> postgresql.conf'")
            let summary = try await OwnServer.harness(cluster).run("db tune --only=log_checkpoints")
            #expect(summary.changes.isEmpty)
            #expect(summary.findings("DB009").first?.summary.contains("has an error") == true, "\(summary.findings)")
        }
    }

    @Test("where somebody's lines are not loaded yet, nothing is set, since a reload would put them into force")
    func unloaded() async throws {
        try await OwnServer.with(Self.wrong) { cluster in
            try await OwnServer.script(cluster, "alter system set work_mem = '9MB'")
            let harness = try OwnServer.harness(cluster)
            let told = try await harness.run("db tune --only=log_checkpoints")
            #expect(told.changes.isEmpty)
            #expect(
                told.findings("DB009").first?.summary.contains("work_mem was changed in") == true, "\(told.findings)")
            try await OwnServer.script(cluster, "select pg_reload_conf()")
            try await eventually("it is loaded") { try await OwnServer.value(cluster, "show work_mem") == "9MB" }
            #expect(try await harness.run("db tune --only=log_checkpoints").changes.map(\.state) == [.proved])
        }
    }

    @Test("what the database itself sets is left alone, and a role without the right is told")
    func obstacles() async throws {
        try await OwnServer.with(Self.wrong) { cluster in
            try await OwnServer.script(
                cluster, "alter database postgres set default_statistics_target = 10", "create role watcher login")
            let harness = try OwnServer.harness(cluster)
            let summary = try await harness.run("db tune --only=default_statistics_target")
            #expect(summary.changes.isEmpty)
            #expect(summary.findings("DB009").first?.summary.contains("the database sets it otherwise") == true)
            var inventory = Inventory()
            inventory.environments = [
                Environment("test", [try cluster.resource("main", database: "postgres", user: "watcher")])
            ]
            let other = try await TaskHarness(
                careEntries, inventory: inventory, stateDirectory: TemporaryDirectory.current + "/other"
            ).run("db tune --only=checkpoint_completion_target")
            #expect(other.changes.isEmpty)
            #expect(other.findings("DB009").first?.summary.contains("this role may not") == true)
        }
    }

    @Test("a server in which a protected database lives is not set from elsewhere")
    func protected() async throws {
        try await OwnServer.with(Self.wrong) { cluster in
            try await OwnServer.script(cluster, "create database precious")
            let production = Environment(
                "production", isProtected: true, [try cluster.resource("main", database: "precious")])
            let harness = try OwnServer.harness(cluster, and: [production])
            let summary = try await harness.run("db tune --only=log_checkpoints", in: ["test"])
            #expect(summary.changes.map(\.state) == [.refused])
            #expect(try await OwnServer.value(cluster, "show log_checkpoints") == "off")
        }
    }

    @Test("bottlenecks are told, and mended only where that is asked for")
    func bottlenecks() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, "alter system set enable_hashjoin = off", "alter system set default_statistics_target = 10",
                "select pg_reload_conf()")
            let harness = try OwnServer.harness(cluster)
            let told = try await harness.run("db bottlenecks")
            #expect(told.changes.isEmpty)
            #expect(told.findings("DB009").contains { $0.object == "enable_hashjoin" })
            #expect(told.findings("DB234").count == 1)
            let mended = try await harness.run("db bottlenecks --auto-fix")
            #expect(mended.changes.contains { $0.change.object == "default_statistics_target" && $0.state == .proved })
            #expect(try await OwnServer.value(cluster, "show default_statistics_target") == "100")
            // Which plans people count on is for them to say.
            #expect(mended.findings("DB009").contains { $0.object == "enable_hashjoin" })
            #expect(try await OwnServer.value(cluster, "show enable_hashjoin") == "off")
        }
    }

    @Test("'db optimize --auto-tune' has them in its plan")
    func optimize() async throws {
        try await OwnServer.with(Self.wrong) { cluster in
            let harness = try OwnServer.harness(cluster)
            let plain = try await harness.run("db optimize", isDryRun: true)
            #expect(plain.step.plan?.changes.contains { $0.kind == "setting" } != true)
            let tuned = try await harness.run("db optimize --auto-tune", isDryRun: true)
            #expect(tuned.step.plan?.changes.contains { $0.object == "log_checkpoints" } == true)
        }
    }

    @Test("the memory is what the server's own machine says")
    func machine() async throws {
        try await TestDatabase.current.connect { connection in
            let machine = try await Machine.read(SurveySession(connection), said: nil)
            #expect((machine?.memory ?? 0) > 500_000_000)
        }
        try await TestDatabase.current.withLimitedRole { role in
            let address = TestDatabase.current.address.with(user: role)
            try await SurveySession.with(address) { session in
                let unknown = try await Machine.read(session, said: nil)
                #expect(unknown == nil)
                let said = try await Machine.read(session, said: ByteCount(1_073_741_824))
                #expect(said?.source == "--memory")
            }
        }
    }
}
