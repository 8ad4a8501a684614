import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@testable import Alerts

@Suite("channels of services that say more than yes")
struct ServiceChannelTests {
    private func slack(_ port: Int, _ path: String) throws -> SlackChannel {
        var access = try Samples.hook("http://127.0.0.1:\(port)/\(path)")
        access.token = try ConfiguredText("${BOT}", secrecy: .whole, location: Samples.place)
        access.room = "C1"
        return SlackChannel(access: access, tools: Samples.tools(["BOT": "xoxb-1"]))
    }

    private func object(_ body: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    }

    @Test("Slack's bot writes a message, and the end into all that told of something open")
    func slackChanges() async throws {
        try await withReceiver(webReceiver) { receiver in
            let channel = try slack(receiver.port, "slack")
            let first = try await channel.send(try Samples.message())
            let second = try await channel.send(try Samples.message())
            #expect([first, second] == ["C1 1712345678.000001", "C1 1712345678.000002"])
            var end = try Samples.message(isOver: true)
            end.receipts = [first, "200 ok", second]
            #expect(try await channel.send(end) == "changed 2 messages")
            let said = try await receiver.first(4)
            #expect(
                said.map(\.path) == [
                    "/slack/chat.postMessage", "/slack/chat.postMessage", "/slack/chat.update", "/slack/chat.update",
                ])
            #expect(said.allSatisfy { $0.headers["authorization"] == "Bearer xoxb-1" })
            let bodies = try said.map { try object($0.body) }
            #expect(bodies.allSatisfy { $0["channel"] as? String == "C1" })
            #expect(bodies.suffix(2).map { $0["ts"] as? String } == ["1712345678.000001", "1712345678.000002"])
            #expect((bodies[2]["text"] as? String)?.contains("resolved") ?? false)
        }
    }

    @Test("where the message is gone the end is one of its own, and an end without receipts too")
    func slackGone() async throws {
        try await withReceiver(webReceiver) { receiver in
            let channel = try slack(receiver.port, "slack-gone/")
            var end = try Samples.message(isOver: true)
            #expect(try await channel.send(end) == "C1 1712345678.000001")
            end.receipts = ["C1 1712345678.000001"]
            #expect(try await channel.send(end) == "C1 1712345678.000002")
            let paths = try await receiver.first(3).map(\.path)
            #expect(
                paths == [
                    "/slack-gone/chat.postMessage", "/slack-gone/chat.update", "/slack-gone/chat.postMessage",
                ])
        }
    }

    @Test("a bot that nobody has invited is ours to mend, and its token is in no error")
    func slackOut() async throws {
        try await withReceiver(webReceiver) { receiver in
            let channel = try slack(receiver.port, "slack-out")
            let message = try Samples.message()
            let error = await #expect(throws: ChannelError.self) { try await channel.send(message) }
            #expect(error == .declined("not_in_channel", means: .ours))
            #expect(error.map { Refusal($0) } == .ours)
            #expect(error?.problem == "it answered 'not_in_channel'")
        }
    }

    @Test("another gateway gets its own fields and headers, and nothing an alert says becomes a field")
    func gateway() async throws {
        try await withReceiver(webReceiver) { receiver in
            var access = SMSAccess(
                url: try Samples.url("http://127.0.0.1:\(receiver.port)/sms/send?v=2"), recipients: ["+4930123456"])
            access.sender = "Ops"
            access.allowsPrivate = true
            for (name, text) in [
                ("number", "{{to}}"), ("message", "{{text}}"), ("key", "${KEY}"), ("sender", "from {{from}}"),
                ("reference", "{{id}}"),
            ] {
                access.form[name] = try ConfiguredText(text, secrecy: .keywords, location: Samples.place)
            }
            access.headers["X-Api-Key"] = try ConfiguredText("${KEY}", secrecy: .whole, location: Samples.place)
            let message = try Samples.message(summary: "a&key=b {{to}}", recipients: [.address("+4930123456")])
            let tools = Samples.tools(["KEY": "s3&cret"])
            #expect(try await SMSChannel(access: access, tools: tools).send(message) == "200 taken")
            let got = try #require(try await receiver.first(1).first)
            #expect(got.path == "/sms/send?v=2")
            #expect(got.headers["x-api-key"] == "s3&cret")
            #expect(got.headers["authorization"] == nil)
            let fields = got.body.split(separator: "&").map(String.init)
            #expect(fields.map { $0.split(separator: "=")[0] } == ["key", "message", "number", "reference", "sender"])
            #expect(fields[0] == "key=s3%26cret")
            #expect(fields[1].hasSuffix("a%26key%3Db%20%7B%7Bto%7D%7D"))
            #expect(fields[2] == "number=%2B4930123456")
            #expect(fields[3] == "reference=\(message.id)")
            #expect(fields[4] == "sender=from%20Ops")
        }
    }

    @Test("PagerDuty hears that somebody has taken all of a group on, as the same incident")
    func pagerDuty() throws {
        var delivery = Alert.Receiver.Delivery(channel: "duty")
        delivery.hearsAcknowledgement = true
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: "team"), receivers: [Alert.Receiver(name: "team", deliveries: [delivery])]))
        let alerts: [Labels] = ["A", "B"].map { ["alert": $0, "severity": "critical"] }
        func take(_ events: [AlertEvent], _ second: Int) throws -> [PagerDutyChannel.Event] {
            router.take(events, at: Samples.start + .seconds(second)).notifications.map {
                PagerDutyChannel.event(AlertMessage(id: $0.id, notification: $0), key: "R0UTE", host: "ops")
            }
        }
        func taken(_ labels: Labels, _ second: Int) -> AlertEvent {
            .acknowledged(
                fingerprint: labels.fingerprint,
                .init(by: "ada", comment: "on it", at: Samples.start + .seconds(second)))
        }
        let opened = try take(alerts.map { .wrong($0, annotations: [:]) }, 0)
        #expect(opened.map(\.event_action) == ["trigger"])
        // One of two is not all.
        #expect(try take([taken(alerts[0], 1)], 1).isEmpty)
        let acknowledged = try take([taken(alerts[1], 2)], 2)
        #expect(acknowledged.map(\.event_action) == ["acknowledge"])
        #expect(acknowledged.map(\.dedup_key) == opened.map(\.dedup_key))
        #expect(acknowledged.allSatisfy { $0.payload == nil })
        #expect(try take([], 3).isEmpty)
        let third: Labels = ["alert": "C", "severity": "critical"]
        #expect(try take([.wrong(third, annotations: [:])], 4).map(\.event_action) == ["trigger"])
        #expect(try take([taken(third, 5)], 5).map(\.event_action) == ["acknowledge"])
    }
}
