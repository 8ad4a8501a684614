import Alert
import Calendar
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

/// The message that goes through every channel although nothing is wrong.
@Suite("the canary", .temporaryDirectory)
struct CanaryTests {
    /// 2026-11-21 02:00 UTC, six hours before the first.
    private let clock = ManualClock(now: Samples.start)
    private let zones = ZoneDirectory(environment: [:])
    private let log: RunLog

    init() throws { log = try Samples.log(clock.clock) }

    private func estate(_ channels: [String: AlertChannelAccess], leavingOut: [String] = []) throws -> Inventory {
        var alerts = AlertSettings()
        alerts.channels = channels.sorted { $0.key < $1.key }.map {
            AlertChannelSettings(name: $0.key, access: $0.value, location: Samples.place)
        }
        alerts.canary.leftOut = leavingOut
        var inventory = Inventory()
        inventory.alerts = alerts
        return inventory
    }

    private var hook: AlertChannelAccess { get throws { .webhook(try Samples.hook("http://127.0.0.1:9/")) } }

    private func send(_ inventory: Inventory) async throws -> [Canaries.Standing] {
        try await log.send(try #require(try inventory.canaries(zones)))
    }

    /// The ids of what is in the spool, oldest first.
    private func spooled() async throws -> [SpooledNotification] {
        try await log.notifications(since: Samples.start)
    }

    private func take(_ items: [SpooledNotification]) async throws {
        for item in items where item.state == .queued {
            try await log.settle(notification: item.id, .taken(receipt: "ok"))
        }
    }

    @Test("it goes through every channel once a day, at its time, and what stays open elsewhere is ended there")
    func daily() async throws {
        let inventory = try estate(
            [
                "hook": try hook, "pager": .pagerduty(try Samples.hook("http://127.0.0.1:9/")),
                "mail": .email(Self.mail), "quiet": try hook,
            ], leavingOut: ["quiet"])
        #expect(try await send(inventory).allSatisfy { $0.due == nil && $0.takenAt == nil })
        clock.advance(by: .seconds(6 * 3_600 - 1))
        _ = try await send(inventory)
        #expect(try await spooled().isEmpty)
        clock.advance(by: .seconds(1))
        for _ in 0..<3 { _ = try await send(inventory) }
        let sent = try await spooled().map(\.notification)
        #expect(sent.map(\.channel).sorted() == ["hook", "mail", "mail", "pager", "pager"])
        #expect(sent.filter { $0.channel == "mail" }.map(\.recipients) == [["ada@example.org"], ["bob@example.org"]])
        #expect(sent.filter { $0.channel == "pager" }.map(\.isResolved) == [false, true])
        #expect(sent.allSatisfy { $0.severity == .info })
        try await take(try await spooled())
        let standings = try await send(inventory)
        #expect(standings.allSatisfy { $0.takenAt == clock.clock.now() && !$0.isMissed(at: clock.clock.now()) })
        clock.advance(by: .seconds(86_400))
        _ = try await send(inventory)
        #expect(try await spooled().count == 10)
    }

    private static var mail: EmailAccess {
        var access = EmailAccess(host: "127.0.0.1", port: 9, sender: "ops@example.org")
        access.recipients = ["ada@example.org", "bob@example.org"]
        return access
    }

    @Test("one that nobody has taken for an hour is a critical finding until one is taken")
    func missed() async throws {
        var tools = Samples.tools()
        tools.clock = clock.clock
        let inventory = try estate(["hook": try hook])
        var desk = DeskWork(tools: tools, zones: zones, checks: [], log: log) { _, _, _ in }
        /// What is open about canaries after so much more time.
        func missing(after pause: Duration) async throws -> [String] {
            clock.advance(by: pause)
            _ = try await desk.step(inventory, at: clock.clock.now())
            return try await log.openFindings().map(\.finding).filter { $0.code == "AL003" }.map {
                "\($0.severity.rawValue) \($0.object ?? "")"
            }
        }
        #expect(try await missing(after: .zero).isEmpty)
        #expect(try await missing(after: .seconds(6 * 3_600)).isEmpty)
        #expect(try await missing(after: .seconds(3_599)).isEmpty)
        #expect(try await missing(after: .seconds(31)) == ["critical hook"])
        // Given up, and the next one is under way: nothing has been taken yet.
        for item in try await spooled() where item.state == .queued {
            try await log.settle(notification: item.id, .givenUp(reason: "410 gone"))
        }
        #expect(try await missing(after: .seconds(23 * 3_600)) == ["critical hook"])
        try await take(try await spooled())
        #expect(try await missing(after: .seconds(31)).isEmpty)
    }

    @Test("one that waits for a channel stands for those of the days after, and a channel that is gone misses nothing")
    func oneAtATime() async throws {
        let inventory = try estate(["hook": try hook])
        _ = try await send(inventory)
        for _ in 0..<4 {
            clock.advance(by: .seconds(86_400))
            _ = try await send(inventory)
        }
        #expect(try await spooled().count == 1)
        let standing = try #require(try await send(inventory).first)
        #expect(standing.isMissed(at: clock.clock.now()))
        let finding = DeliveryFinding.missedCanary(standing.way).finding("x")
        try await log.open(alertFinding: finding)
        let open = try await log.openFindings()
        #expect(MissedCanaries.judge([standing], open: open, at: clock.clock.now()).over.isEmpty)
        #expect(MissedCanaries.judge([], open: open, at: clock.clock.now()).over.map(\.object) == ["hook"])
    }

    @Test("after days without a service one is made up for, and a clock that was set back sends none twice")
    func clocks() async throws {
        let inventory = try estate(["hook": try hook])
        _ = try await send(inventory)
        clock.advance(by: .seconds(5 * 86_400))
        _ = try await send(inventory)
        #expect(try await spooled().count == 1)
        try await take(try await spooled())
        clock.set(clock.clock.now() - .seconds(2 * 86_400))
        _ = try await send(inventory)
        #expect(try await spooled().count == 1)
    }
}
