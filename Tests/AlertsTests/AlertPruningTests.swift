import Alert
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts
@testable import Engine
@testable import Store

private enum Numbers: String, StatementSet {
    case event = "select max(number) as n from alert_event"
    case decision = "select max(number) as n from alert_decision"
    case notification = "select max(number) as n from alert_notification"
    case orphans = "select count(*) as n from alert_subject where decision not in (select number from alert_decision)"
}

@Suite("what is forgotten of alerts", .temporaryDirectory)
struct AlertPruningTests {
    private let clock = ManualClock(now: Samples.start)

    private func decide(_ log: RunLog, _ codes: [String]) async throws {
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        draft.grouping = .all
        let rules = AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: [Alert.Receiver(name: "team", deliveries: [.init(channel: "hook")])])
        let troubles = codes.map { code in
            AlertTrouble(
                Finding(
                    code: code, severity: .critical, target: Target(environment: "production", resource: "main"),
                    summary: "wrong"), in: Inventory())
        }
        _ = try await AlertDesk(log: log, rules: rules, rulesDigest: "1").decide(
            open: troubles, at: clock.clock.now())
    }

    private func number(_ statement: Numbers, _ log: RunLog) async throws -> Int64 {
        try await log.store.read { try $0.first(statement)?.get("n") ?? 0 }
    }

    @Test("what is older goes, but nothing queued, nothing of the last thirty days, and no number twice")
    func forgets() async throws {
        let log = try Samples.log(clock.clock)
        try await decide(log, ["A", "B", "C"])
        let queued = try await log.dueNotifications(of: "hook", most: 10)
        #expect(queued.count == 3)
        for item in queued.prefix(2) { try await log.settle(notification: item.id, .taken(receipt: "ok")) }
        clock.advance(by: .seconds(20 * 86_400))
        // By a configuration that keeps less than a simulation needs.
        #expect(try await log.count(.alerts, before: clock.clock.now()) == 0)
        clock.advance(by: .seconds(20 * 86_400))
        let before = clock.clock.now() - .seconds(35 * 86_400)
        let newest = (
            try await number(.event, log), try await number(.decision, log), try await number(.notification, log)
        )
        // Of three each the newest stays, and the third notification waits still.
        #expect(try await log.count(.alerts, before: before) == 2 + 2 + 2)
        try await log.forget(.alerts, before: before)
        #expect(try await log.count(.alerts, before: before) == 0)
        #expect(try await log.dueNotifications(of: "hook", most: 10).map(\.id) == [queued[2].id])
        #expect(try await number(.orphans, log) == 0)
        try await decide(log, ["A", "B", "C", "D"])
        #expect(try await number(.event, log) > newest.0)
        #expect(try await number(.decision, log) > newest.1)
        #expect(try await number(.notification, log) > newest.2)
    }
}
