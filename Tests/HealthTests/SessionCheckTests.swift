import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite(.cluster, .temporaryDirectory)
struct SessionCheckTests {
    private func named(_ application: String) -> ConnectionSettings {
        .unlimited(applicationName: application)
    }

    @Test("a transaction that has been open for longer than its limit is found with its session")
    func transactionOpenLongerLimit() async throws {
        try await TestDatabase.current.connect(named("reporting")) { connection in
            try await connection.executeScript(trusted: "begin")
            _ = try await connection.query("select 'what nobody else is to know'")
            let summary = try await check("transactions.long", warning: 0.000_001, critical: 3_600)
            let outcome = try #require(summary.check("transactions.long"))
            #expect(outcome.state == .warning)
            #expect(outcome.summary.contains("one open transaction for"))
            #expect(outcome.summary.contains("process \(await connection.backendPID) (postgres, 'reporting'"))
            let finding = try #require(summary.findings("HC004").first)
            #expect(finding.severity == .warning)
            let session = try #require(finding.evidence["session 1"]).description
            #expect(session.hasSuffix("'reporting', idle in transaction, last SELECT)"))
            try await connection.executeScript(trusted: "rollback")
        }
    }

    @Test("a transaction within its limit is seen and passes")
    func transactionWithinLimitSeen() async throws {
        try await TestDatabase.current.connect(named("reporting")) { connection in
            try await connection.executeScript(trusted: "begin; select 1")
            let summary = try await check("transactions.long")
            #expect(summary.check("transactions.long")?.state == .passed)
            #expect(summary.check("transactions.long")?.summary.contains("'reporting'") == true)
            #expect(summary.findings.isEmpty)
        }
    }

    @Test("Mainstay's own transactions are not reported", arguments: ["mainstay 20261121-020000-abcde/1", "mainstay"])
    func mainstayOwnTransactionsReported(application: String) async throws {
        try await TestDatabase.current.connect(named(application)) { connection in
            try await connection.executeScript(trusted: "begin; select 1")
            let summary = try await check("transactions.long", warning: 0.000_001)
            #expect(summary.check("transactions.long")?.summary == "no open transaction")
            #expect(summary.check("transactions.long")?.state == .passed)
        }
    }

    @Test("a transaction in another database of the cluster is not this database's trouble")
    func transactionAnotherDatabaseCluster() async throws {
        try await TestDatabase.with(.v15) { other in
            try await other.connect(named("elsewhere")) { connection in
                try await connection.executeScript(trusted: "begin; select 1")
                let summary = try await check("transactions.long", warning: 0.000_001)
                #expect(summary.check("transactions.long")?.state == .passed)
            }
        }
    }

    @Test("a session idle in transaction is found, and one that only idles is not")
    func sessionIdleTransactionFound() async throws {
        let database = TestDatabase.current
        try await database.connect(named("idle")) { idle in
            _ = try await idle.query("select 1")
            let before = try await check("transactions.idle", warning: 0.000_001)
            #expect(before.check("transactions.idle")?.state == .passed)
            #expect(before.check("transactions.idle")?.summary == "no session idle in transaction")
            try await idle.executeScript(trusted: "begin; select 1")
            let after = try await check("transactions.idle", warning: 0.000_001)
            #expect(after.check("transactions.idle")?.state == .warning)
            #expect(after.findings("HC005").first?.summary.contains("'idle', idle in transaction") == true)
        }
    }

    @Test(
        "a role that may not look at others' sessions gets a gap with its GRANT, and no smaller number",
        arguments: ["transactions.long", "transactions.idle", "connections.used"])
    func roleMayLookOthers(
        name: String
    ) async throws {
        try await TestDatabase.current.withLimitedRole { role in
            try await TestDatabase.current.connect(named("hidden")) { connection in
                try await connection.executeScript(trusted: "begin; select 1")
                let summary = try await check(name, user: role)
                #expect(summary.check(name)?.state == .unknown)
                #expect(summary.step.state == .unproven)
                let gap = try #require(summary.gaps.first)
                #expect(gap.reason.code == "postgresql.hidden-sessions")
                #expect(gap.reason.hint == "Let it look: grant pg_monitor to \"\(role)\";")
                #expect(summary.findings.isEmpty)
            }
        }
    }

    @Test("with pg_monitor the same role sees everybody's sessions")
    func pgMonitorSameRole() async throws {
        try await TestDatabase.current.withLimitedRole { role in
            let database = TestDatabase.current
            try await database.connect { try await $0.execute("grant pg_monitor to \(identifier: role)") }
            try await database.connect(named("seen")) { connection in
                try await connection.executeScript(trusted: "begin; select 1")
                let summary = try await check("transactions.long", user: role, warning: 0.000_001)
                #expect(summary.check("transactions.long")?.state == .warning)
                #expect(summary.gaps.isEmpty)
            }
        }
    }

    @Test("hostile application names reach the finding without control characters")
    func hostileApplicationNamesReach() async throws {
        let settings = ConnectionSettings.unlimited(applicationName: "x\"; drop table y; --<script>")
        try await TestDatabase.current.connect(settings) { connection in
            try await connection.executeScript(trusted: "begin; select 1")
            let finding = try await check("transactions.long", warning: 0.000_001).findings("HC004").first
            #expect(finding?.summary.contains("drop table y") == true)
            #expect(finding?.summary.unicodeScalars.contains { $0.value < 32 } == false)
        }
    }

    @Test("connections are found against the usable ones of the cluster")
    func connectionsFoundAgainstUsable() async throws {
        let few = try await check("connections.used")
        #expect(few.check("connections.used")?.state == .passed)
        #expect(few.check("connections.used")?.summary.contains(" of 197 connections") == true)
        let many = try await check("connections.used", warning: 0.1, critical: 100)
        #expect(many.check("connections.used")?.state == .warning)
        #expect(many.findings("HC003").count == 1)
    }

    @Test(
        "the response time is judged against its limit",
        arguments: [(0.000_000_1, CheckOutcome.State.warning), (3_599, .passed)])
    func responseTimeJudgedAgainst(warning: Double, state: CheckOutcome.State) async throws {
        let summary = try await check("database.response-time", warning: warning, critical: 3_600)
        let outcome = try #require(summary.check("database.response-time"))
        #expect(outcome.state == state)
        #expect(try #require(outcome.value) > 0)
        #expect(summary.findings("HC002").count == (state == .passed ? 0 : 1))
    }
}
