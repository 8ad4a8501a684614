import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite(.cluster, .temporaryDirectory)
struct ConnectionsTests {
    @Test("sessions are listed by state, user, database, application and client, and the oldest one by one")
    func listings() async throws {
        let database = TestDatabase.current
        let name = "web <b>\(database.name.suffix(8))"
        try await database.connect(.unlimited(applicationName: name)) { idle in
            try await database.connect(.unlimited(applicationName: name)) { busy in
                _ = try await idle.query("select 1")
                try await busy.executeScript(trusted: "begin")
                _ = try await busy.query("select 'secret'")
                let summary = try await TaskHarness(careEntries, database: database).run("db connections")
                #expect(summary.step.state == .succeeded)
                let application = try #require(
                    summary.listing("By application")?.rows.first { $0[0] == .text(name) })
                #expect(application[1...4] == [2, 0, 1, 1])
                let own = try #require(summary.listing("By database")?.rows.first { $0[0] == .text(database.name) })
                #expect(own[1] == 3)
                let pid = Int64(await busy.backendPID)
                let waiting = try #require(
                    summary.listing("Idle in transaction")?.rows.first {
                        $0[0] == .integer(pid)
                    })
                let doing = waiting[6].description
                #expect(doing.hasPrefix("idle in transaction, waits for "), "\(doing)")
                #expect(doing.hasSuffix(", last SELECT"), "\(doing)")
                #expect(!"\(summary)".contains("secret"))
                #expect(summary.step.observation?.evidence["open here"] == 2)
                #expect(summary.step.observation?.evidence["busy here"] == 1)
                let advice = summary.step.observation?.evidence["pool advice"]?.description
                #expect(advice?.contains("one look only: too few for advice") == true)
            }
        }
    }

    @Test("a database and a role near their own limit are found, and those with room are not")
    func limits() async throws {
        let database = TestDatabase.current
        try await TestDatabase.current.withLimitedRole { role in
            try await database.connect { connection in
                try await connection.execute("alter role \(identifier: role) connection limit 2")
                try await connection.execute("alter database \(identifier: database.name) connection limit 50")
            }
            let harness = try TaskHarness(careEntries, database: database)
            try await database.connect { _ in
                let address = database.address.with(user: role)
                try await Connection.with(address) { _ in
                    #expect(try await harness.run("db connections").findings("DB010").isEmpty)
                    try await Connection.with(address) { _ in
                        let summary = try await harness.run("db connections")
                        let finding = try #require(summary.findings("DB010").first)
                        #expect(summary.findings("DB010").count == 1)
                        #expect(finding.object == "role \(role)")
                        #expect(finding.severity == .critical)
                        #expect(finding.summary == "2 of 2 connections are in use (100 %)")
                    }
                }
            }
        }
    }

    @Test("a role without rights gets a gap, and records no number")
    func withoutRights() async throws {
        let database = TestDatabase.current
        try await TestDatabase.current.withLimitedRole { role in
            let harness = try TaskHarness(careEntries, database: database, user: role)
            let summary = try await harness.run("db connections")
            #expect(summary.step.state == .unproven)
            #expect(summary.gaps.first?.reason.hint == "Let it look: grant pg_monitor to \"\(role)\";")
            let recorded = try await harness.log.history(of: "test", since: Timestamp(microseconds: 0))
            #expect(recorded.isEmpty)
        }
    }

    @Test("advice rests on recorded looks, and says on how many")
    func advice() async throws {
        let clock = ManualClock()
        let harness = try TaskHarness(careEntries, database: .current, clock: clock.clock)
        for _ in 0..<PoolAdvice.leastLooks {
            _ = try await harness.run("db connections")
            clock.advance(by: .seconds(2 * 3_600))
        }
        let summary = try await harness.run("db connections")
        let advice = try #require(summary.step.observation?.evidence["pool advice"]).description
        #expect(
            advice == "0 open, 0 busy now; at most 0 busy at once in 21 looks over 1 d 14 h: a pool of 5 serves that")
    }

    @Test(
        "a pool that is much larger than its use is worth knowing; one with room to spare is not",
        arguments: [
            (80, 9, 12, true), (30, 9, 12, false), (23, 9, 12, false), (32, 9, 12, true), (400, 100, 125, true),
        ])
    func tooLargePool(open: Int, busy: Int, size: Int, isFound: Bool) {
        let history = PoolHistory(looks: 100, peakOpen: open, peakBusy: busy, span: .seconds(86_400 * 10))
        let advice = PoolAdvice(now: PoolUse(open: 3, busy: 1), history: history)
        #expect(advice.size == size)
        #expect((advice.finding(at: Target(environment: "test")) != nil) == isFound)
    }

    @Test("few looks, or many within an hour, give no advice", arguments: [(19, 86_400 * 3), (500, 3_600)])
    func noAdvice(looks: Int, seconds: Int) {
        let history = PoolHistory(looks: looks, peakOpen: 100, peakBusy: 1, span: .seconds(seconds))
        let advice = PoolAdvice(now: PoolUse(open: 3, busy: 1), history: history)
        #expect(advice.size == nil && advice.finding(at: Target(environment: "test")) == nil)
    }
}
