import Alert
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store

@testable import Alerts

enum Samples {
    static let start = Timestamp(microseconds: 1_795_226_400_000_000)
    static let place = SourceLocation(file: "test.yaml", line: 1, column: 1)

    static func tools(_ environment: [String: String] = [:]) -> ChannelTools {
        var variables = ProcessInfo.processInfo.environment
        variables.merge(environment) { $1 }
        return ChannelTools(
            prober: HTTPProber(), programs: Programs(environment: variables), clock: .system, host: "ops.example.org")
    }

    /// In the test's own directory.
    static func log(_ clock: WallClock) throws -> RunLog {
        let store = try Store(directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        return RunLog(
            store: store, clock: clock, actor: Requester(user: "ada", sudoUser: nil, host: "ops", processID: 1))
    }

    static func url(_ text: String) throws -> ConfiguredText {
        try ConfiguredText(text, secrecy: .url, location: place)
    }

    static func hook(_ text: String) throws -> WebhookAccess {
        var access = WebhookAccess(url: try url(text))
        access.allowsPrivate = true
        return access
    }

    /// What the router makes of one alert, and of its end where it is over.
    static func message(
        summary: String = "95 of 100 connections are used", severity: Severity = .critical, isOver: Bool = false,
        recipients: [Recipient] = []
    ) throws -> AlertMessage {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.groupInterval = .seconds(1)
        draft.grouping = .labels([Labels.Name.environment])
        let delivery = Alert.Receiver.Delivery(channel: "channel", recipients: recipients)
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: "team"), receivers: [Alert.Receiver(name: "team", deliveries: [delivery])]))
        let labels: Labels = [
            "alert": "DB012", "severity": severity.rawValue, "environment": "production", "resource": "main",
        ]
        let annotations = ["summary": summary, "mend": "mainstay db connections"]
        var sent = router.take([.wrong(labels, annotations: annotations)], at: start).notifications
        if isOver {
            _ = router.take([.well(labels)], at: start + .milliseconds(500))
            sent = router.take(at: start + .seconds(60)).notifications
        }
        guard let notification = sent.first else { throw NothingSent() }
        return AlertMessage(id: "\(notification.id)-0", notification: notification)
    }

    struct NothingSent: Error {}

    /// So many alerts of one group, every hundredth of them critical.
    static func storm(_ count: Int, summary: String) throws -> AlertMessage {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: "team"),
                receivers: [Alert.Receiver(name: "team", deliveries: [.init(channel: "channel")])]))
        let events = (0..<count).map { number in
            AlertEvent.wrong(
                [
                    "alert": "DB012", "severity": number % 100 == 99 ? "critical" : "warning",
                    "environment": "production", "resource": "r\(number)",
                ], annotations: ["summary": summary])
        }
        guard let notification = router.take(events, at: start).notifications.first else { throw NothingSent() }
        return AlertMessage(id: notification.id, notification: notification)
    }
}
