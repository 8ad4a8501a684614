import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

@Suite("messages as long as channels take them")
struct LengthTests {
    /// Text that costs more bytes escaped than it has: in JSON, and for Slack.
    static let costly = String(repeating: "\"größer\" <&>", count: 12)

    @Test(
        "a storm of alerts fits into every channel, whole alerts, the worst first, and says how many there are more",
        arguments: [1, 40, 5_000])
    func storm(count: Int) throws {
        let message = try Samples.storm(count, summary: Self.costly)
        let ntfy = NtfyChannel.published(message, topic: "ops")
        #expect(ntfy.message.utf8.count <= 4_096)
        #expect(wireJSON(ntfy).count <= 8_192)
        let slack = SlackChannel.text(message)
        #expect(slack.utf8.count <= 4_000)
        let event = PagerDutyChannel.event(message, key: "R0UTE", host: "ops")
        #expect(wireJSON(event).count <= 512_000)
        #expect(event.payload?.summary.utf8.count ?? .max <= 1_024)
        #expect(wireJSON(WebhookPayload(message)).count <= 1_000_000)
        for text in [ntfy.message, slack, event.payload?.custom_details["alerts"] ?? ""] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let shown = lines.count { $0.hasPrefix("- production") }
            #expect(shown >= 1)
            #expect(lines.count { $0.hasPrefix("  alert ") } == shown, "an alert is torn apart")
            #expect(lines.contains("... and \(count - shown) more") == (shown < count))
            if count > 100 {
                // Every hundredth is critical.
                #expect(lines.first { $0.hasPrefix("- ") }?.contains("99 DB012") ?? false)
            }
        }
        let payload = WebhookPayload(message)
        #expect(payload.alerts.count + payload.truncatedAlerts == count)
    }

    @Test("one alert with a megabyte of text is told in every channel")
    func oneLongAlert() throws {
        let message = try Samples.message(summary: String(repeating: "wörter ", count: 150_000))
        #expect(NtfyChannel.published(message, topic: "ops").message.contains("mend: mainstay db connections"))
        #expect(wireJSON(NtfyChannel.published(message, topic: "ops")).count <= 8_192)
        #expect(wireJSON(WebhookPayload(message)).count <= 100_000)
        #expect(SlackChannel.text(message).utf8.count <= 4_000)
        #expect(message.title(within: 250).utf8.count <= 250)
    }

    @Test(
        "an SMS has three parts at most, whatever it is written in",
        arguments: [
            (String(repeating: "a", count: 2_000), 459, 459), (String(repeating: "[", count: 2_000), 229, 458),
            (String(repeating: "ö", count: 2_000), 201, 201), (String(repeating: "👍", count: 2_000), 100, 200),
            ("short", 5, 5),
        ])
    func sms(text: String, scalars: Int, units: Int) {
        let body = SMSChannel.body(text)
        #expect(body.unicodeScalars.count == scalars)
        #expect(text.hasPrefix(body))
        #expect(body.utf16.reduce(0) { $0 + ($1 == 91 ? 2 : 1) } == units)
    }

    @Test("thousands of alerts reach another Alertmanager in several requests, each of them once")
    func alertmanagerParts() throws {
        let alerts = AlertmanagerChannel.alerts(try Samples.storm(5_000, summary: Self.costly))
        let parts = AlertmanagerChannel.parts(alerts, within: 100_000)
        #expect(parts.count > 10)
        #expect(parts.allSatisfy { wireJSON($0).count <= 100_002 && !$0.isEmpty })
        #expect(parts.joined().map { $0.labels["resource"] } == alerts.map { $0.labels["resource"] })
    }

    @Test("an alert that is told as over has an end, also where it is pending again")
    func pendingAgain() throws {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.groupInterval = .seconds(60)
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: "team"),
                receivers: [Alert.Receiver(name: "team", deliveries: [.init(channel: "channel")])],
                terms: AlertTerms(hold: .seconds(30))))
        let labels: Labels = ["alert": "DB012", "severity": "critical"]
        _ = router.take([.wrong(labels, annotations: [:])], at: Samples.start)
        _ = router.take(at: Samples.start + .seconds(30))
        _ = router.take([.well(labels)], at: Samples.start + .seconds(40))
        _ = router.take([.wrong(labels, annotations: [:])], at: Samples.start + .seconds(80))
        let sent = router.take(at: Samples.start + .seconds(90)).notifications
        let message = AlertMessage(id: "x", notification: try #require(sent.first))
        #expect(message.notification.resolved.map(\.state) == [.pending])
        let end = (Samples.start + .seconds(40)).iso8601
        let posted = try #require(AlertmanagerChannel.alerts(message).first)
        #expect(posted.endsAt == end)
        #expect(posted.startsAt <= posted.endsAt, "an Alertmanager refuses what ends before it begins")
        let told = try #require(WebhookPayload(message).alerts.first)
        #expect(told.status == "resolved")
        #expect(told.endsAt == end)
    }
}
