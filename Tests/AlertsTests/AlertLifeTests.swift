import Alert
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

@Suite("when alerts fired", .temporaryDirectory)
struct AlertLifeTests {
    private let clock = ManualClock(now: Samples.start)

    private func decide(_ log: RunLog, _ codes: [String], hold: Duration = .zero) async throws {
        var rules = AlertRules(
            route: RouteDraft(receiver: "team").tree(receiver: "team"),
            receivers: [Alert.Receiver(name: "team", deliveries: [])])
        rules.terms.hold = hold
        let troubles = codes.map { code in
            AlertTrouble(
                Finding(
                    code: code, severity: .critical, target: Target(environment: "production", resource: "main"),
                    summary: "wrong"), in: Inventory())
        }
        _ = try await AlertDesk(log: log, rules: rules, rulesDigest: "1").decide(
            open: troubles, at: clock.clock.now())
    }

    @Test("each time stays with its begin, who took it on first, and its end, though it was the same alert")
    func remembers() async throws {
        let log = try Samples.log(clock.clock)
        let start = clock.clock.now()
        try await decide(log, ["A"])
        let fingerprint = try #require(try await log.alertState().book.alerts.keys.first)
        for second in [10, 20] {
            clock.set(start + .seconds(second))
            try await log.note([
                .acknowledged(fingerprint: fingerprint, .init(by: "bob", comment: "", at: clock.clock.now()))
            ])
        }
        clock.set(start + .seconds(60))
        try await decide(log, [])
        clock.set(start + .seconds(120))
        try await decide(log, ["A"])
        let lives = try await log.alertLives(since: start, most: 10)
        #expect(lives.map(\.firedAt) == [start + .seconds(120), start])
        #expect(lives.map(\.resolvedAt) == [nil, start + .seconds(60)])
        #expect(lives.map(\.acknowledgedAt) == [nil, start + .seconds(10)])
        #expect(lives.allSatisfy { $0.labels[Labels.Name.alert] == "A" && $0.fingerprint == fingerprint })
        #expect(try await log.alertLives(since: start + .seconds(61), most: 10).count == 1)
        #expect(try await log.alertLives(since: start, most: 1).map(\.firedAt) == [start + .seconds(120)])
    }

    @Test("what has not lasted its 'for' has not fired")
    func waits() async throws {
        let log = try Samples.log(clock.clock)
        try await decide(log, ["A"], hold: .seconds(60))
        clock.advance(by: .seconds(10))
        try await decide(log, [], hold: .seconds(60))
        #expect(try await log.alertLives(since: Samples.start, most: 10).isEmpty)
    }

    @Test("what is over for long is forgotten with the rest, and what still fires is not")
    func forgets() async throws {
        let log = try Samples.log(clock.clock)
        try await decide(log, ["A", "B"])
        clock.advance(by: .seconds(60))
        try await decide(log, ["B"])
        clock.advance(by: .seconds(40 * 86_400))
        try await log.forget(.alerts, before: clock.clock.now())
        let lives = try await log.alertLives(since: Samples.start, most: 10)
        #expect(lives.map { $0.labels[Labels.Name.alert] } == ["B"])
    }
}
