import Alert
import Calendar
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

/// What a configuration becomes when alerts are decided by it.
@Suite("rules of alerts", .temporaryDirectory)
struct AlertRulesTests {
    private let zones = ZoneDirectory(environment: [:])

    private func window(_ text: String) throws -> Written<ScheduleExpression> {
        Written(try ScheduleExpression(text, zones: zones), at: Samples.place)
    }

    /// From the day before until the day after the samples' start, for all environments.
    private func frozen(_ edit: (inout AlertRouteSettings) throws -> Void) throws -> Inventory {
        var inventory = Inventory()
        inventory.calendars = [
            CalendarSettings(
                source: CalendarSource(
                    name: "freeze", isBlackout: true, days: ["2026-11-20 00:00 to 2026-11-23 00:00"]),
                location: Samples.place)
        ]
        var alerts = AlertSettings()
        alerts.channels = [
            AlertChannelSettings(
                name: "hook", access: .webhook(try Samples.hook("http://127.0.0.1:9/")), location: Samples.place)
        ]
        var route = AlertRouteSettings(location: Samples.place)
        route.channels = ["hook", "hook"]
        route.groupWait = .zero
        try edit(&route)
        alerts.critical = route
        inventory.alerts = alerts
        return inventory
    }

    private func told(_ inventory: Inventory, at now: Timestamp = Samples.start) throws -> [AlertNotification] {
        var router = Router(try #require(try inventory.alertRules(zones)))
        return router.take(
            [.wrong(["alert": "DB012", "severity": "critical"], annotations: [:])], at: now
        ).notifications
    }

    @Test("a freeze of changes silences no alert, wherever its times come from")
    func freeze() throws {
        #expect(try told(frozen { $0.active = try window("daily 00:00-23:00") }).count == 1)
        #expect(try told(frozen { $0.mute = try window("daily 01:00-03:00") }).isEmpty, "what is muted stays so")
        var inventory = try frozen {
            $0.isBatched = true
            $0.batchAt = try window("daily 08:00")
        }
        var router = Router(try #require(try inventory.alertRules(zones)))
        _ = router.take([.wrong(["alert": "DB012", "severity": "critical"], annotations: [:])], at: Samples.start)
        #expect(router.nextDue == Samples.start + .seconds(6 * 3_600))
        // Where it is named it counts.
        inventory = try frozen { $0.active = try window("daily 00:00-23:00 except freeze") }
        #expect(try told(inventory).isEmpty)
    }

    @Test("a route within a route has grouping, timing and people from around it where it says nothing else")
    func nested() throws {
        let inventory = try frozen { outer in
            outer.channels = ["hook"]
            outer.groupBy = ["environment"]
            outer.repeatInterval = .seconds(7_200)
            outer.isImmediate = true
            outer.sendsResolved = false
            outer.mute = try window("daily 01:00-03:00")
            var inner = AlertRouteSettings(location: Samples.place)
            inner.match = [Matcher("alert", is: "DB012")]
            var innermost = inner
            innermost.match = [Matcher("team", is: "a")]
            innermost.channels = ["hook"]
            innermost.isImmediate = false
            innermost.groupBy = ["alert"]
            inner.routes = [innermost]
            outer.routes = [inner]
        }
        let rules = try #require(try inventory.alertRules(zones))
        func route(_ labels: Labels) throws -> Route { try #require(rules.route.matching(labels).first) }
        let outer = try route(["alert": "X", "severity": "critical"])
        let inner = try route(["alert": "DB012", "severity": "critical"])
        let innermost = try route(["alert": "DB012", "severity": "critical", "team": "a"])
        #expect(Set([outer.key, inner.key, innermost.key]).count == 3)
        #expect(inner.receiver == outer.receiver && inner.grouping == .labels(["environment"]))
        #expect(inner.timing == .immediate && inner.repeatInterval == .seconds(7_200))
        #expect(!outer.mute.isEmpty && inner.mute.isEmpty && innermost.mute.isEmpty)
        #expect(innermost.receiver != outer.receiver && innermost.grouping == .labels(["alert"]))
        #expect(innermost.timing == .standard && innermost.repeatInterval == .seconds(7_200))
        #expect(rules.receivers[innermost.receiver]?.deliveries.first?.sendsResolved == false)
        // Muted outside, told inside.
        #expect(try told(inventory).count == 1)
    }

    @Test("a route within a route has quiet times and steps from around it, others, or none")
    func switchedOff() throws {
        func rules(_ edit: (inout AlertRouteSettings) throws -> Void) throws -> Route {
            let inventory = try frozen { outer in
                outer.channels = ["hook"]
                outer.quiet = .given(try window("daily 00:00-23:00"))
                var step = AlertEscalationSettings()
                step.after = .seconds(60)
                step.channels = ["hook"]
                outer.escalation = .given([step])
                var inner = AlertRouteSettings(location: Samples.place)
                inner.match = [Matcher("alert", is: "DB012")]
                try edit(&inner)
                outer.routes = [inner]
            }
            let rules = try #require(try inventory.alertRules(zones))
            return try #require(rules.route.matching(["alert": "DB012", "severity": "critical"]).first)
        }
        let same = try rules { _ in }
        #expect(same.quiet.count == 1 && same.escalation.count == 1)
        let none = try rules { inner in
            inner.quiet = .off
            inner.escalation = .off
        }
        #expect(none.quiet.isEmpty && none.escalation.isEmpty)
        let own = try rules { $0.quiet = .given(try window("daily 01:00-03:00")) }
        #expect(own.quiet.count == 1 && own.quiet != same.quiet && own.escalation.count == 1)
    }

    @Test("turns go on through a freeze")
    func turns() throws {
        var inventory = try frozen { $0.recipients = ["on-call:days"] }
        inventory.alerts?.channels = [
            AlertChannelSettings(
                name: "hook",
                access: .email(EmailAccess(host: "mail.example.org", port: 25, sender: "m@example.org")),
                location: Samples.place)
        ]
        var rotation = AlertRotationSettings(location: Samples.place)
        rotation.name = "days"
        rotation.members = ["ada@example.org", "bob@example.org"]
        rotation.since = Timestamp(microseconds: 1_795_046_400_000_000)
        rotation.handover = try window("daily 01:00")
        inventory.alerts?.rotations = [rotation]
        // Three handovers since the 19th, two of them in the freeze.
        #expect(rotation.since.description == "2026-11-19 00:00 UTC")
        #expect(try told(inventory).first?.recipients == ["bob@example.org"])
    }

    @Test("a calendar that cannot be read keeps nobody from being told")
    func unreadable() throws {
        var inventory = try frozen { $0.active = try window("daily 00:00-23:00 except gone") }
        inventory.calendars = [
            CalendarSettings(
                source: CalendarSource(name: "gone", file: TemporaryDirectory.current + "/gone.ics"),
                location: Samples.place)
        ]
        #expect(try told(inventory).count == 1)
    }

    @Test("a calendar's file that is edited while the service runs counts without a reload")
    func editedCalendar() async throws {
        let path = TemporaryDirectory.current + "/off.ics"
        func write(_ day: String) throws {
            let text = """
                BEGIN:VCALENDAR\r
                VERSION:2.0\r
                BEGIN:VEVENT\r
                UID:1\r
                DTSTAMP:20260101T000000Z\r
                DTSTART;VALUE=DATE:\(day)\r
                END:VEVENT\r
                END:VCALENDAR\r

                """
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        try write("20261121")
        var inventory = try frozen { $0.active = try window("daily 00:00-23:00 except off") }
        inventory.calendars = [
            CalendarSettings(source: CalendarSource(name: "off", file: path), location: Samples.place)
        ]
        let clock = ManualClock(now: Samples.start)
        var tools = Samples.tools()
        tools.clock = clock.clock
        let log = try Samples.log(clock.clock)
        try await log.open(
            alertFinding: Finding(code: "X1", severity: .critical, target: .estate, summary: "wrong"))
        var desk = DeskWork(tools: tools, zones: zones, checks: [], log: log) { _, _, _ in }
        #expect(try await desk.step(inventory, at: clock.clock.now()))
        #expect(try await log.notifications(since: Samples.start).isEmpty)
        try write("20261201")
        for _ in 0..<40 {
            clock.advance(by: .seconds(30))
            _ = try await desk.step(inventory, at: clock.clock.now())
        }
        #expect(try await log.notifications(since: Samples.start).count == 1)
    }

    @Test("a channel that is not in the configuration any more closes its own trouble, and no other's")
    func removedChannel() async throws {
        let inventory = try frozen { _ in }
        let clock = ManualClock(now: Samples.start)
        let log = try Samples.log(clock.clock)
        for channel in ["gone", "hook"] {
            try await log.open(alertFinding: DeliveryFinding.undelivered(channel, to: nil).finding("x"))
        }
        var desk = DeskWork(tools: Samples.tools(), zones: zones, checks: [], log: log) { _, _, _ in }
        _ = try await desk.step(inventory, at: clock.clock.now())
        #expect(try await log.openFindings().map(\.finding.object) == ["hook"])
    }

    @Test("another Alertmanager is told what goes on before it takes it for over")
    func refreshes() throws {
        var inventory = try frozen { _ in }
        inventory.alerts?.channels = [
            AlertChannelSettings(
                name: "hook", access: .alertmanager(try Samples.hook("http://127.0.0.1:9/")), location: Samples.place)
        ]
        let rules = try #require(try inventory.alertRules(zones))
        let refresh = try #require(rules.receivers["critical"]?.deliveries.first?.refresh)
        #expect(refresh < .seconds(86_400))
    }
}
