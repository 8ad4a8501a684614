import Alert
import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@Suite("alerts in the configuration", .temporaryDirectory)
struct AlertSettingsTests {
    private static let channels = """
          channels:
            mail: { kind: email, server: "mail.example.org:587", from: m@example.org, to: team@example.org }
            chat: { kind: slack, url: "${SLACK}" }
            phone: { kind: sms, account: AC1, token: "${TWILIO}", from: "+1500", to: "+4930123456" }
        """

    private func reading(_ alerts: String) throws -> ConfigurationReader.Result {
        let path = TemporaryDirectory.current + "/mainstay.yaml"
        let text = "environments: { production: { resources: { db: { kind: host }, web: { kind: host } } } }\nalerts:\n"
        try (text + Self.channels + "\n" + alerts).write(toFile: path, atomically: true, encoding: .utf8)
        return try ConfigurationReader(vocabulary: vocabulary).read(path)
    }

    @Test("are read into what they mean")
    func reads() throws {
        let inventory = try reading(
            """
              critical:
                channels: [mail, chat, phone]
                recipients: [admin@example.org, "+4930999", "on-call:nights"]
                immediate: true
                escalate: [{ after: 1h, channels: mail, recipients: cto@example.org }]
              warning: { channels: [mail, chat], delay: 5m, quiet: "daily 22:00-07:00" }
              info: { channels: mail, batch: true }
              depends: { production: { web: db } }
              inhibit: [{ source: severity=critical, target: severity=warning, equal: [environment, resource] }]
              on-call: { nights: { members: [ada@example.org], since: 2026-11-02T08:00:00Z, handover: Mondays 09:00 } }
              for: 1m
              canary: { at: "weekdays 09:00", leave-out: chat }
            """
        ).inventory
        let alerts = try #require(inventory.alerts)
        #expect(alerts.channels.map(\.access.kind) == ["email", "slack", "sms"])
        #expect(alerts.critical?.isImmediate == true)
        #expect(alerts.warning?.delay == .seconds(300))
        #expect(alerts.info?.isBatched == true)
        #expect(alerts.canary.schedule?.value.text == "weekdays 09:00")
        #expect(alerts.canary.leftOut == ["chat"])
        #expect(alerts.dependencies == ["production": ["web": ["db"]]])
        let mail = try #require(alerts[channel: "mail"])
        let phone = try #require(alerts[channel: "phone"])
        let critical = try #require(alerts.critical)
        // Each channel takes the recipients it understands, and its own where there are none.
        #expect(
            alerts.recipients(critical.recipients, of: mail) == [.address("admin@example.org"), .onCall("nights")])
        #expect(alerts.recipients(critical.recipients, of: phone) == [.address("+4930999")])
        #expect(alerts.recipients([], of: phone) == [.address("+4930123456")])
    }

    @Test("routes within routes are read to any depth, and have what they do not say from around them")
    func nests() throws {
        let depth = 12
        let deep =
            String(repeating: "routes: [{ match: a=b, ", count: depth) + "delay: 5m"
            + String(repeating: " }]", count: depth)
        let inventory = try reading(
            """
              critical:
                channels: [mail, phone]
                recipients: ["+4930999", ops@example.org]
                send-resolved: false
                routes:
                  - { match: environment=production, immediate: true, channels: chat, continue: true }
                  - match: "team=~a|b"
                    recipients: dba@example.org
                    routes: [{ match: alert=DB012, immediate: false }]
              warning: { channels: chat, \(deep) }
            """
        ).inventory
        let alerts = try #require(inventory.alerts)
        #expect(
            alerts.allRoutes.prefix(4).map(\.path) == [
                "critical", "critical.routes[1]", "critical.routes[2]", "critical.routes[2].routes[1]",
            ])
        #expect(alerts.allRoutes.count == 5 + depth)
        #expect(
            alerts.allRoutes.last?.route.channels == ["chat"] && alerts.allRoutes.last?.route.delay == .seconds(300))
        let inner = try #require(alerts.critical?.routes)
        #expect(inner.map(\.continues) == [true, false])
        #expect(inner[1].channels.isEmpty && inner[1].routes.first?.isImmediate == false)
        let placed = alerts.allRoutes[3].route
        #expect(placed.channels == ["mail", "phone"] && placed.recipients == ["dba@example.org"])
        #expect(placed.sendsResolved == false)
        // Who is told within a route belongs to those whom its channel may ever tell.
        #expect(alerts.reached["mail"]?.contains("dba@example.org") == true)
    }

    @Test("what tells two configurations of alerts apart is equal for equal ones")
    func digest() throws {
        let first = try reading("  critical: { channels: mail, immediate: true }").inventory.alertsDigest
        #expect(try reading("  critical: { channels: mail, immediate: true }").inventory.alertsDigest == first)
        #expect(try reading("  critical: { channels: mail, delay: 5m }").inventory.alertsDigest != first)
    }

    private static let day = "2026-11-02T08:00:00Z"

    /// A line with the rotation `n`.
    private static func rotation(_ people: String) -> String {
        "  on-call: { n: { \(people), since: \(day), handover: daily 09:00 } }\n"
    }

    struct Wrong: Sendable {
        var text: String
        var line: String
    }

    @Test(
        "are refused with their place where they cannot be honoured",
        arguments: [
            Wrong(
                text: "  critical: { channels: [mial] }",
                line: "alerts.critical.channels: there is no channel 'mial' (did you mean 'mail'?"),
            Wrong(text: "  critical: { channels: mail, immediate: true, delay: 5m }", line: "only one can be meant"),
            Wrong(
                text: "  critical: { channels: mail, recipients: nobody }",
                line: "no channel here understands the recipient 'nobody'"),
            Wrong(
                text: "  critical: { channels: mail, recipients: on-call:nights }",
                line: "there is no rotation 'nights'"),
            Wrong(
                text: "  critical: { channels: mail, quiet: daily 22:00 }", line: "is a moment, and a window is needed"),
            Wrong(text: "  critical: { channels: mail, group-interval: 0s }", line: "longer than nothing"),
            Wrong(
                text: "  critical: { recipients: a@example.org }", line: "at least one of the keys 'channels' is needed"
            ),
            Wrong(
                text: "  depends: { production: { web: dp } }",
                line: "there is no resource 'dp' in the environment 'production' (did you mean 'db'?"),
            Wrong(text: "  depends: { prod: { web: db } }", line: "there is no environment 'prod'"),
            Wrong(
                text: "  inhibit: [{ source: severity, target: a=b }]",
                line: "'severity' is no matcher: it has none of the signs"),
            Wrong(text: "  routes: [{ match: 'a=~(', channels: mail }]", line: "a '(' is not closed"),
            Wrong(
                text: rotation("members: [a@example.org, bob]")
                    + "  critical: { channels: mail, recipients: on-call:n }",
                line: "alerts.critical.recipients: no channel here understands 'bob' of the rotation 'n'"),
            Wrong(
                text: rotation(
                    "members: '+4930123', overrides: [{ member: c@example.org, from: \(day), until: \(day) }]")
                    + "  critical: { channels: phone, recipients: on-call:n }",
                line: "no channel here understands 'c@example.org' of the rotation 'n'"),
            Wrong(
                text: "  canary: { leave-out: [mail, phon] }",
                line: "alerts.canary.leave-out: there is no channel 'phon' (did you mean 'phone'?"),
            Wrong(text: "  critical: { channels: mail, sound: loud }", line: "'sound' is not supported yet"),
            Wrong(
                text: "  critical: { channels: mail, routes: [{ match: a=b, routes: [{ channels: chta }] }] }",
                line: "alerts.critical.routes[1].routes[1].channels: there is no channel 'chta' (did you mean 'chat'?"),
            Wrong(
                text: "  critical: { channels: mail, routes: [{ routes: [{ channel: chat }] }] }",
                line: "alerts.critical.routes[1].routes[1].channel: unknown key 'channel' (did you mean 'channels'?"),
            Wrong(
                text: "  critical: { channels: mail, routes: [{ immediate: true, batch: true }] }",
                line: "alerts.critical.routes[1]: of 'immediate', 'delay' and 'batch' only one can be meant"),
            Wrong(
                text: "  critical: { channels: mail, routes: [{ channels: phone, recipients: ann@example.org }] }",
                line:
                    "alerts.critical.routes[1].recipients: no channel here understands the recipient 'ann@example.org'"),
            Wrong(
                text: "  routes: [{ channels: mail }, { channels: mail, routes: [{ mute: 'daily 22:00' }] }]",
                line: "alerts.routes[2].routes[1].mute"),
            Wrong(
                text: "  critical: { channels: mail, routes: [] }", line: "alerts.critical.routes: the list is empty"),
        ])
    func refuses(wrong: Wrong) {
        let error = #expect(throws: ConfigurationError.self) { try reading(wrong.text) }
        let words = error.map { "\($0)" } ?? ""
        #expect(words.contains(wrong.line), "\(words)")
    }

    @Test(
        "a channel that could not send anything is refused",
        arguments: [
            ("{ kind: email, server: mail.example.org, from: m@example.org }", "a host and a port"),
            ("{ kind: email, server: 'mail.example.org:25', from: 'm@example.org>' }", "a mail address"),
            ("{ kind: email, server: 'mail.example.org:25', from: m@example.org, user: ada }", "needs 'password'"),
            ("{ kind: slack }", "url"),
            ("{ kind: slack, token: '${BOT}' }", "'channel'"),
            ("{ kind: sms, to: '+49301' }", "the key 'account' is missing, which Twilio's API needs"),
            ("{ kind: sms, to: '+49301', url: 'https://x.example', form: { t: '{{text}}' } }", "no field has '{{to}}'"),
            (
                "{ kind: sms, to: '+49301', url: 'https://x.example', form: { t: '{{text}}', a: '{{too}}' } }",
                "there is nothing '{{too}}'"
            ),
            (
                "{ kind: email, server: 'mail.example.org:25', from: m@example.org, tls: none, user: a, password: '${P}' }",
                "the password would go to mail.example.org"
            ),
            ("{ kind: webhook, url: 'https://x.example', fallback: y }", "there is no channel 'y'"),
            ("{ kind: webhook, url: 'https://x.example', fallback: x }", "would come back to it: x, then x"),
            ("{ kind: teams, url: x }", "'teams' is not supported yet"),
            ("{ kind: pagerduty }", "'routing-key' is missing"),
        ])
    func refusesChannel(channel: String, line: String) throws {
        let path = TemporaryDirectory.current + "/mainstay.yaml"
        try "environments: { test: {} }\nalerts: { channels: { x: \(channel) } }".write(
            toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader(vocabulary: vocabulary).read(path)
        }
        let words = error.map { "\($0)" } ?? ""
        #expect(words.contains(line), "\(words)")
    }

    @Test("a guide's alert-config.json is taken over as it is written")
    func guideFile() throws {
        let text = """
            // alert-config.json
            {
              "alerts": {
                "critical": { "channels": ["mail", "chat", "phone"], "recipients": ["admin-team@company.com"], "immediate": true },
                "warning": { "channels": ["mail", "chat"], "recipients": ["dev-team@company.com"], "delay": "5m" },
                "info": { "channels": ["mail"], "recipients": ["monitoring@company.com"], "batch": true }
              },
              "thresholds": {
                "response_time": { "warning": 3000, "critical": 10000 },
                "error_rate": { "warning": 0.01, "critical": 0.05 },
                "resource_usage": { "warning": 80, "critical": 95 }
              }
            }
            """
        let file = try AlertConfigFile(text, file: "alert-config.json", vocabulary)
        #expect(file.unsupported.isEmpty)
        let place = ConfigurationFile(
            "alerts", writtenBy: "alerts configure", beside: TemporaryDirectory.current + "/mainstay.yaml")
        let written = file.text(for: place, source: "alert-config.json")
        let directory = TemporaryDirectory.current + "/mainstay.d"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try written.write(toFile: directory + "/alerts.yaml", atomically: true, encoding: .utf8)
        let inventory = try reading("  for: 1m").inventory
        #expect(inventory.alerts?.critical?.isImmediate == true)
        #expect(inventory.alerts?.warning?.delay == .seconds(300))
        #expect(inventory.alerts?.info?.recipients == ["monitoring@company.com"])
        #expect(inventory.checks["response-time"]?.warning?.value == .at(3))
        #expect(inventory.checks["response-time"]?.critical?.value == .at(10))
        #expect(inventory.checks["processor"]?.critical?.value == .at(95))
        #expect(inventory.checks["memory"]?.warning?.value == .at(80))
        #expect(inventory.checks["file-systems"]?.critical?.value == .at(95))
        #expect(inventory.checks["errors"]?.warning?.value == .at(1))
        #expect(inventory.checks["errors"]?.critical?.value == .at(5))
    }

    @Test("what a guide asks for and cannot have yet takes nothing else with it, in whatever order it stands there")
    func thresholdsFirst() throws {
        let text = """
            { "thresholds": { "cpu_usage": { "warning": 80, "critical": 95 } },
              "alerts": {
                "critical": { "channels": ["mail"], "immediate": true, "sound": "loud" },
                "info": { "channels": ["mail"], "batch": true } } }
            """
        let file = try AlertConfigFile(text, file: "alert-config.json", vocabulary)
        #expect(file.unsupported.map(\.keyPath) == ["alerts.critical.sound"])
        #expect(file.checks["processor"]?.critical?.value == .at(95))
        #expect(file.alerts.critical?.isImmediate == true)
        #expect(file.alerts.info?.isBatched == true)
    }

    @Test("what a route has from the one around it is switched off with none")
    func switchedOff() throws {
        let critical = try #require(
            try reading(
                """
                  critical:
                    channels: mail
                    quiet: daily 22:00-07:00
                    escalate: [{ after: 1h, channels: phone, recipients: "+4930999" }]
                    routes:
                      - { match: alert=HC045, quiet: none, escalate: none }
                      - { match: alert=HC046 }
                """
            ).inventory.alerts?.critical)
        #expect(critical.quiet?.value?.value.text == "daily 22:00-07:00" && critical.escalation?.value?.count == 1)
        #expect(critical.routes.map(\.quiet) == [.off, nil])
        #expect(critical.routes.map(\.escalation) == [.off, nil])
    }

    @Test("who may ever be told through a channel is known, and of a rotation everybody")
    func reached() throws {
        let alerts = try #require(
            try reading(
                """
                  critical: { channels: [mail, chat], recipients: [a@example.org, "on-call:n"],
                    escalate: [{ after: 1h, channels: phone, recipients: "+4930999" }] }
                  on-call: { n: { members: [b@example.org], since: 2026-11-02T08:00:00Z, handover: Mondays 09:00,
                    overrides: [{ member: c@example.org, from: 2026-11-02T08:00:00Z, until: 2026-11-03T08:00:00Z }] } }
                """
            ).inventory.alerts)
        #expect(
            alerts.reached == [
                "mail": ["team@example.org", "a@example.org", "b@example.org", "c@example.org"], "chat": [],
                "phone": ["+4930123456", "+4930999"],
            ])
    }

    @Test("channels that stand in for others are read, and a circle of them is refused")
    func fallbacks() throws {
        let more = """
              critical: { channels: [mail] }
            """
        let channels = """
            environments: { test: {} }
            alerts:
              channels:
                mail: { kind: email, server: "mail.example.org:587", from: m@example.org, to: a@example.org, fallback: chat }
                chat: { kind: slack, token: "${BOT}", channel: C1, fallback: [page] }
                page: { kind: command, run: [page]END }

            """
        func read(_ end: String) throws -> AlertSettings? {
            let path = TemporaryDirectory.current + "/mainstay.yaml"
            try (channels.replacing("END", with: end) + more).write(toFile: path, atomically: true, encoding: .utf8)
            return try ConfigurationReader(vocabulary: vocabulary).read(path).inventory.alerts
        }
        let alerts = try #require(try read(""))
        #expect(alerts.channels.map(\.access.fallback) == [["chat"], ["page"], []])
        let error = #expect(throws: ConfigurationError.self) { try read(", fallback: mail") }
        let words = error.map { "\($0)" } ?? ""
        #expect(words.contains("mail, then chat, then page, then mail"), "\(words)")
    }

    @Test("levels with the time each has to answer are taken one after the other")
    func levels() throws {
        let critical = try #require(
            try reading(
                """
                  critical:
                    channels: mail
                    respond-within: 1h
                    escalate:
                      - { channels: phone, recipients: "+4930991", respond-within: 30m }
                      - { channels: phone, recipients: "+4930992", respond-within: 15m }
                      - { channels: phone, recipients: "+4930993" }
                """
            ).inventory.alerts?.critical)
        #expect(critical.escalationTimes == [.seconds(3_600), .seconds(5_400), .seconds(6_300)])
        let error = #expect(throws: ConfigurationError.self) {
            try reading("  critical: { channels: mail, escalate: [{ channels: phone }] }")
        }
        #expect(error.map { "\($0)" }?.contains("has no 'after'") ?? false)
    }

    @Test("somebody who stands in until before they begin is refused")
    func overrides() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try reading(
                """
                  on-call: { n: { members: [b@example.org], since: 2026-11-02T08:00:00Z, handover: Mondays 09:00,
                    overrides: [{ member: c@example.org, from: 2026-11-03T08:00:00Z, until: 2026-11-02T08:00:00Z }] } }
                """)
        }
        #expect(error.map { "\($0)" }?.contains("the time of c@example.org ends before it begins") ?? false)
    }

    @Test("routes of several files stand behind each other")
    func joined() throws {
        let directory = TemporaryDirectory.current + "/mainstay.d"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let place = ConfigurationFile(
            "health-alerts", writtenBy: "alerts configure", beside: TemporaryDirectory.current + "/mainstay.yaml")
        try HealthAlertsFile(channels: ["mail"], recipients: ["admin-team@company.com"])
            .text(for: place, source: "--recipients")
            .write(toFile: directory + "/health-alerts.yaml", atomically: true, encoding: .utf8)
        let routes = try #require(
            try reading("  routes: [{ match: severity=info, channels: chat }]").inventory.alerts?.routes)
        #expect(routes.map(\.channels) == [["chat"], ["mail"]])
        #expect(routes[1].recipients == ["admin-team@company.com"])
        #expect(routes[1].continues)
        #expect(routes[1].match.allSatisfy { $0.matches(["alert": "HC020"]) && !$0.matches(["alert": "DB012"]) })
    }
}
