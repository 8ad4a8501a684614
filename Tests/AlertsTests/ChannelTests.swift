import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

@Suite("channels over HTTP")
struct ChannelTests {
    @Test("a webhook gets Alertmanager's payload, its id, and a signature that proves body and time")
    func webhook() async throws {
        try await withReceiver(webReceiver) { receiver in
            var access = try Samples.hook("http://127.0.0.1:\(receiver.port)/hook?x=1")
            access.signingKey = try ConfiguredText("${KEY}", secrecy: .whole, location: Samples.place)
            access.token = try ConfiguredText("${TOKEN}", secrecy: .whole, location: Samples.place)
            let tools = Samples.tools(["KEY": "s3cret", "TOKEN": "t0ken"])
            let message = try Samples.message()
            let answer = try await WebhookChannel(access: access, tools: tools).send(message)
            #expect(answer == "200 taken")
            let got = try #require(try await receiver.first(1).first)
            #expect(got.path == "/hook?x=1")
            #expect(got.headers["idempotency-key"] == message.id)
            #expect(got.headers["authorization"] == "Bearer t0ken")
            let signature = try #require(got.headers["mainstay-signature"])
            let seconds = try #require(signature.split(separator: ",").first.flatMap { Int64($0.dropFirst(2)) })
            // Judged by another implementation of HMAC.
            let outcome = try await hostPrograms.run(
                ChildProgram(
                    "openssl", ["dgst", "-sha256", "-hmac", "s3cret"],
                    input: .bytes(Array("\(seconds).\(got.body)".utf8))))
            let expected = try #require(outcome.output.text.split(separator: " ").last).trimmingWhitespace()
            #expect(signature == "t=\(seconds),v1=\(expected)")
            let payload = try #require(try JSONSerialization.jsonObject(with: Data(got.body.utf8)) as? [String: Any])
            #expect(payload["version"] as? String == "4")
            #expect(payload["status"] as? String == "firing")
            let alerts = try #require(payload["alerts"] as? [[String: Any]])
            #expect((alerts.first?["labels"] as? [String: String])?["alert"] == "DB012")
        }
    }

    @Test("Slack's text mentions nobody and links nothing that an alert says")
    func slack() async throws {
        try await withReceiver(webReceiver) { receiver in
            let access = try Samples.hook("http://127.0.0.1:\(receiver.port)/services/T0/B0/x")
            let message = try Samples.message(summary: "<!channel> & <http://evil|click>\u{202E}\n*bold*")
            _ = try await SlackChannel(access: access, tools: Samples.tools()).send(message)
            let body = try #require(try await receiver.first(1).first).body
            #expect(!body.contains("<!channel>"))
            #expect(body.contains("&lt;!channel&gt; &amp; &lt;http://evil|click&gt;\\\\u{202e}"))
        }
    }

    @Test("PagerDuty opens one incident for a group and resolves the same one")
    func pagerDuty() async throws {
        try await withReceiver(webReceiver) { receiver in
            var access = try Samples.hook("http://127.0.0.1:\(receiver.port)/v2/enqueue")
            access.token = try ConfiguredText("R0UTE", secrecy: .whole, location: Samples.place)
            let channel = PagerDutyChannel(access: access, tools: Samples.tools())
            _ = try await channel.send(try Samples.message())
            _ = try await channel.send(try Samples.message(isOver: true))
            let events = try await receiver.first(2).map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.body.utf8)) as? [String: Any])
            }
            #expect(events.map { $0["event_action"] as? String } == ["trigger", "resolve"])
            #expect(events[0]["dedup_key"] as? String == events[1]["dedup_key"] as? String)
            #expect(events.allSatisfy { $0["routing_key"] as? String == "R0UTE" })
            #expect((events[0]["payload"] as? [String: Any])?["severity"] as? String == "critical")
        }
    }

    @Test("ntfy is published to as JSON, the worst with the highest priority")
    func ntfy() async throws {
        try await withReceiver(webReceiver) { receiver in
            let access = try Samples.hook("http://127.0.0.1:\(receiver.port)/ops-alerts")
            _ = try await NtfyChannel(access: access, tools: Samples.tools()).send(
                try Samples.message(summary: "größer\r\nX: y"))
            let got = try #require(try await receiver.first(1).first)
            let published = try #require(try JSONSerialization.jsonObject(with: Data(got.body.utf8)) as? [String: Any])
            #expect(got.path == "/")
            #expect(published["topic"] as? String == "ops-alerts")
            #expect(published["priority"] as? Int == 5)
            #expect((published["title"] as? String)?.contains("größer\\r\\nX: y") ?? false)
        }
    }

    @Test("an SMS is Twilio's form, with the account's credentials")
    func sms() async throws {
        try await withReceiver(webReceiver) { receiver in
            var access = SMSAccess(
                url: try Samples.url("http://127.0.0.1:\(receiver.port)"), recipients: ["+4930123456"])
            access.account = "AC12"
            access.token = try ConfiguredText("tw", secrecy: .whole, location: Samples.place)
            access.sender = "+15005550006"
            access.allowsPrivate = true
            let message = try Samples.message(recipients: [.address("+4930123456")])
            _ = try await SMSChannel(access: access, tools: Samples.tools()).send(message)
            let got = try #require(try await receiver.first(1).first)
            #expect(got.path == "/2010-04-01/Accounts/AC12/Messages.json")
            #expect(got.headers["authorization"] == "Basic \(Data("AC12:tw".utf8).base64EncodedString())")
            #expect(
                got.body.hasPrefix("To=%2B4930123456&From=%2B15005550006&Body=critical%20production%2Fmain%20DB012%3A"))
        }
    }

    @Test("another Alertmanager gets what fires until tomorrow, and what is over with its end")
    func alertmanager() async throws {
        try await withReceiver(webReceiver) { receiver in
            let access = try Samples.hook("http://127.0.0.1:\(receiver.port)/")
            let channel = AlertmanagerChannel(access: access, tools: Samples.tools())
            _ = try await channel.send(try Samples.message())
            _ = try await channel.send(try Samples.message(isOver: true))
            let posted = try await receiver.first(2)
            #expect(posted.allSatisfy { $0.path == "/api/v2/alerts" })
            let alerts = try posted.map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.body.utf8)) as? [[String: Any]])[0]
            }
            #expect((alerts[0]["labels"] as? [String: String])?["alertname"] == "DB012")
            #expect(alerts[0]["endsAt"] as? String == (Samples.start + .seconds(86_400)).iso8601)
            #expect(alerts[1]["endsAt"] as? String == (Samples.start + .milliseconds(500)).iso8601)
        }
    }

    @Test("a command reads the notification, and its exit status says whether it took it")
    func command() async throws {
        let channel = CommandChannel(
            access: CommandAccess(program: ["/bin/sh", "-c", "grep -o '\"status\":\"[a-z]*\"' | head -n 1"]),
            tools: Samples.tools())
        #expect(try await channel.send(try Samples.message()).contains("firing"))
        let failing = CommandChannel(
            access: CommandAccess(program: ["/bin/sh", "-c", "echo broken >&2; exit 3"]), tools: Samples.tools())
        await #expect(
            throws: ChannelError.program("/bin/sh", status: "ended with 3", words: "broken", isRetryable: true)
        ) { try await failing.send(try Samples.message()) }
    }

    @Test(
        "what an endpoint answers decides whether it is tried again, and its URL is in no error",
        arguments: [
            ("status/503", true), ("status/429", true), ("status/425", true), ("status/404", false),
            ("status/401", false), ("redirect", true),
        ])
    func answers(path: String, isRetryable: Bool) async throws {
        try await withReceiver(webReceiver) { receiver in
            let access = try Samples.hook("http://127.0.0.1:\(receiver.port)/\(path)?secret=1")
            let error = await #expect(throws: ChannelError.self) {
                try await WebhookChannel(access: access, tools: Samples.tools()).send(try Samples.message())
            }
            #expect(error?.isRetryable == isRetryable)
            let words = error?.description ?? "secret"
            #expect(!words.contains("secret"))
            #expect(receiver.received.count <= 1)
        }
    }

    @Test("a private address is refused unless it is meant, and one of the link always is")
    func guarded() async throws {
        var access = WebhookAccess(url: try Samples.url("http://127.0.0.1:9/"))
        await #expect(throws: ChannelError.unreachable(code: "http.forbidden")) {
            try await WebhookChannel(access: access, tools: Samples.tools()).send(try Samples.message())
        }
        access = WebhookAccess(url: try Samples.url("http://localhost:9/"))
        await #expect(throws: ChannelError.unreachable(code: "http.forbidden")) {
            try await WebhookChannel(access: access, tools: Samples.tools()).send(try Samples.message())
        }
        let metadata = try Samples.hook("http://169.254.169.254/latest/meta-data/")
        await #expect(throws: ChannelError.unreachable(code: "http.forbidden")) {
            try await WebhookChannel(access: metadata, tools: Samples.tools()).send(try Samples.message())
        }
    }
}
