import Alert
import Maintenance
import MaintenanceTesting
import Monitor
import Testing

@testable import Alerts
@testable import Engine

@Suite("mainstay top")
struct TopTests {
    private static let now = Timestamp(microseconds: 1_795_226_400_000_000)

    private func check(_ name: String, _ standing: CheckOutcome.State, summary: String = "as it is") -> MonitoredCheck {
        MonitoredCheck(
            outcome: CheckOutcome(
                check: name, code: "T1", title: name, target: Target(environment: "production", resource: "main"),
                state: standing, summary: summary, seconds: 0.1),
            standing: standing, phase: standing == .passed ? .well : .failing, since: Self.now, seenAt: Self.now,
            countsUntil: Self.now + .seconds(60), isPlanned: false)
    }

    /// Alerts as the router makes them.
    private func alerts(_ count: Int, severity: Severity = .critical) -> [AlertRecord] {
        var router = Router(
            AlertRules(
                route: RouteDraft(receiver: "team").tree(receiver: "team"),
                receivers: [Alert.Receiver(name: "team", deliveries: [])]))
        let events = (0..<count).map { number in
            let labels = Labels([
                Labels.Name.alert: "HC\(number)", Labels.Name.severity: severity.rawValue,
                Labels.Name.environment: "production", Labels.Name.resource: "main",
            ])
            return AlertEvent.wrong(labels, annotations: ["summary": "it is wrong"])
        }
        _ = router.take(events, at: Self.now)
        return TopScreen.ordered(router.state.book.alerts.values)
    }

    private func screen(checks: [MonitoredCheck], alerts: [AlertRecord]) -> TopScreen {
        TopScreen(
            environments: ["production"], checks: checks, alerts: alerts, silences: [], findings: [], now: Self.now,
            selected: alerts.first?.fingerprint)
    }

    @Test(
        "fits a terminal of any size, whatever there is to show", arguments: [(80, 24), (80, 12), (40, 10), (200, 60)])
    func fits(width: Int, height: Int) {
        let hostile = "\u{1b}[2J\nrm -rf\r" + String(repeating: "漢é", count: 200)
        let checks = (0..<50).map { check("check.\($0)", .critical, summary: hostile) }
        let lines = screen(checks: checks, alerts: alerts(40)).lines(width: width, height: height, isLive: true)
        #expect(lines.count <= height, "\(lines.count)")
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= width })
        #expect(lines.allSatisfy { line in !line.unicodeScalars.contains { $0.value < 0x20 } })
        #expect(lines.contains { $0.hasPrefix(">") }, "the selected alert is in sight")
    }

    @Test("says how healthy an environment is and lists only what is not well")
    func content() {
        let lines = screen(checks: [check("a", .passed), check("b", .critical)], alerts: [])
            .lines(width: 80, height: nil, isLive: false)
        #expect(lines.contains { $0.contains("production: 50 % healthy, 1 of 2 checks") })
        #expect(lines.contains { $0.contains("critical production/main b: as it is") })
        #expect(!lines.contains { $0.contains("production/main a") })
        #expect(lines.contains("alerts: none"))
    }

    @Test("what nobody has looked at for long is not shown as well")
    func stale() {
        var screen = screen(checks: [check("a", .passed)], alerts: [])
        screen.now = Self.now + .seconds(120)
        let lines = screen.lines(width: 80, height: nil, isLive: false)
        #expect(lines.contains { $0.contains("unknown production/main a") })
        #expect(lines.contains { $0.contains("0 % healthy") })
    }

    @Test("the selected alert stays in sight however far down it is")
    func scrolls() {
        let all = alerts(30)
        for alert in all {
            var screen = screen(checks: [], alerts: all)
            screen.selected = alert.fingerprint
            let lines = screen.lines(width: 80, height: 20, isLive: true)
            let marked = lines.filter { $0.hasPrefix(">") }
            #expect(marked.count == 1, "\(alert.labels)")
        }
    }

    @Test("arrows and letters are told apart, and what else a terminal sends is passed over")
    func keys() {
        #expect(
            TerminalKeys.keys(Array("a\u{1b}[A\u{1b}OB\u{1b}[Cq".utf8)) == [
                .letter(97), .up, .down, .letter(113),
            ])
        #expect(TerminalKeys.keys([0x1b]) == [.letter(0x1b)])
        #expect(TerminalKeys.keys([]).isEmpty)
    }
}
