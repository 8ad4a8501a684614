import Alert
import Command
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing
import Web

@testable import Dashboard
@testable import Engine

/// How much other programs may bring, and as whom they speak.
@Suite("alerts of other programs are bounded", .temporaryDirectory)
struct OutsideAlertTests {
    private static let configuration = """
        environments: {production: {}}
        alerts: {channels: {chat: {kind: slack, url: "https://chat.example/hook"}}, critical: {channels: [chat]}}
        server: {listen: "127.0.0.1:0"}

        """

    private func program(_ test: TestSite) async throws -> TestProgram {
        try await test.program(
            "prometheus", Grants(environments: ["production": .operator]), scopes: [.alerts, .answer])
    }

    @Test("what another program says is said as its account's, and as nothing of ours")
    func saysWhose() async throws {
        let test = try await TestSite(Self.configuration)
        let program = try await program(test)
        let answer = await program.post(
            "/api/v2/alerts",
            #"""
            [{"labels": {"alertname": "Theirs", "alert": "DB012", "environment": "production"},
              "annotations": {"mend": "mainstay db drop", "summary": "s"}}]
            """#)
        #expect(answer.status == 200, "\(answer.text)")
        let trouble = try #require(try await test.log.troubles(test.site.inventory, []).troubles.first)
        #expect(trouble.labels["alert"] == "Theirs" && trouble.labels["source"] == "prometheus")
        #expect(trouble.annotations["mend"] == nil && trouble.annotations["summary"] == "s")
    }

    @Test(
        "what is too large, no label, or says whose it is itself is refused with its place",
        arguments: [
            (#""source": "ann""#, "", "/0/labels/source"), (#""a b": "x""#, "", "/0/labels"),
            (#""1a": "x""#, "", "/0/labels"), (#""é": "x""#, "", "/0/labels"), (#""": "x""#, "", "/0/labels"),
            ("\"\(String(repeating: "n", count: 129))\": \"x\"", "", "/0/labels"),
            ("\"long\": \"\(String(repeating: "x", count: 1_025))\"", "", "/0/labels/long"),
            (
                #""a": "b""#,
                "\"one\": \"\(String(repeating: "x", count: 5_000))\", \"two\": \"\(String(repeating: "x", count: 5_000))\"",
                "/0/"
            ),
        ])
    func holdsSizes(label: String, annotations: String, pointer: String) async throws {
        let test = try await TestSite(Self.configuration)
        let answer = await (try await program(test)).post(
            "/api/v2/alerts",
            "[{\"labels\": {\"alertname\": \"x\", \"environment\": \"production\", \(label)}, "
                + "\"annotations\": {\(annotations)}}]")
        #expect(answer.status == 422, "\(answer.text)")
        #expect(answer.json["errors"]?.array?.first?["pointer"]?.text == pointer, "\(answer.text)")
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.isEmpty)
    }

    @Test("an end needs no beginning, and nothing counts for longer than a day that is not said again")
    func ends() async throws {
        let test = try await TestSite(Self.configuration)
        let program = try await program(test)
        func alert(_ more: String) -> String {
            #"[{"labels": {"alertname": "x", "environment": "production"}\#(more)}]"#
        }
        #expect(await program.post("/api/v2/alerts", alert(#", "endsAt": "2099-01-01T00:00:00Z""#)).status == 200)
        test.clock.advance(by: RunLog.outsideAlertsLast - .seconds(1))
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.count == 1)
        test.clock.advance(by: .seconds(2))
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.isEmpty)
        #expect(await program.post("/api/v2/alerts", alert("")).status == 200)
        let over = (test.clock.clock.now() - .seconds(60)).iso8601
        let answer = await program.post("/api/v2/alerts", alert(", \"endsAt\": \"\(over)\""))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.isEmpty)
        // A year of any length is no year.
        for year in ["999999999-1-1T1:1:1Z", "9999999999999999999-01-01T00:00:00Z"] {
            #expect(await program.post("/api/v2/alerts", alert(", \"startsAt\": \"\(year)\"")).status == 422)
        }
    }

    @Test(
        "times are read as RFC 3339 writes them",
        arguments: [
            ("2026-11-22T14:03:00Z", "2026-11-22T14:03:00Z"), ("2026-11-22T15:03:00+01:00", "2026-11-22T14:03:00Z"),
            ("2026-11-22T14:03:00.123456789Z", "2026-11-22T14:03:00.123456Z"), ("2026-11-22", nil), ("", nil),
            ("2026-11-22T14:03:00", nil), ("2026-11-22T14:03:00+25:00", nil), ("2026-11-22T14:03:00.xZ", nil),
        ] as [(String, String?)])
    func readsTimes(text: String, expected: String?) {
        #expect(Timestamp(rfc3339: text) == expected.flatMap { Timestamp(iso8601: $0) })
    }

    private func alerts(_ count: Int, of source: String, bytes: Int = 10, _ now: Timestamp) -> [OutsideAlert] {
        (0..<count).map { number in
            OutsideAlert(
                labels: ["alert": "a\(number)", "source": source],
                annotations: ["summary": String(repeating: "x", count: bytes)], endsAt: now + .seconds(300),
                source: source)
        }
    }

    @Test("one account fills nothing up for the others, and what is open already is said again without room")
    func holdsQuota() async throws {
        let test = try await TestSite(Self.configuration)
        let now = test.clock.clock.now()
        let most = RunLog.mostOutsideAlertsOfOne
        #expect(try await test.log.take(alerts(most + 3, of: "one", now)) == 3)
        #expect(try await test.log.take(alerts(most, of: "one", now)) == 0)
        #expect(try await test.log.take(alerts(5, of: "two", now)) == 0)
        // What ends makes room.
        let over = alerts(2, of: "one", now).map { alert in
            var alert = alert
            alert.endsAt = now - .seconds(1)
            return alert
        }
        #expect(try await test.log.take(over) == 0)
        #expect(try await test.log.take(alerts(most, of: "one", now)) == 0)
        #expect(try await test.log.take(alerts(most + 1, of: "one", now)) == 1)
    }

    @Test("all that is open together weighs no more than its share of the store")
    func holdsWeight() async throws {
        let test = try await TestSite(Self.configuration)
        let now = test.clock.clock.now()
        let each = 8_000
        let many = alerts(2_200, of: "one", bytes: each, now)
        let left = try await test.log.take(many)
        let taken = many.prefix(many.count - left).map(\.bytes).reduce(0, +)
        #expect(left > 0 && taken <= RunLog.mostOutsideAlertBytes)
        #expect(taken > RunLog.mostOutsideAlertBytes - 2 * each)
        #expect(try await test.log.take(alerts(10, of: "two", bytes: each, now)) >= 9)
        // What gets smaller may always be said.
        #expect(try await test.log.take(alerts(100, of: "one", now)) == 0)
        #expect(try await test.log.take(alerts(10, of: "two", bytes: each, now)) == 0)
    }

    @Test("an alert of another program is ended by hand, which is written down; one of ours is not")
    func endsByHand() async throws {
        let test = try await TestSite(Self.configuration)
        let program = try await program(test)
        _ = await program.post(
            "/api/v2/alerts",
            #"[{"labels": {"alertname": "x", "environment": "production"}, "endsAt": "2099-01-01T00:00:00Z"}]"#)
        let desk = AlertDesk(
            log: test.log,
            rules: AlertRules(
                route: RouteDraft(receiver: "people").tree(receiver: "people"),
                receivers: [Receiver(name: "people", deliveries: [])]), rulesDigest: "x")
        var open = try await test.log.troubles(test.site.inventory, []).troubles
        open.append(AlertTrouble(labels: ["alert": "DB012", "environment": "production"], annotations: [:]))
        let taken = try await desk.decide(open: open, at: test.clock.clock.now())
        let book = taken.state.book.alerts.values
        let theirs = try #require(book.first { $0.labels["source"] == "prometheus" })
        let ours = try #require(book.first { $0.labels["source"].isEmpty })
        #expect(await program.post("/api/v1/alerts/\(ours.fingerprint)/end").status == 409)
        let eve = try await test.program("eve", Grants(environments: ["production": .viewer]))
        #expect(await eve.post("/api/v1/alerts/\(theirs.fingerprint)/end").status == 403)
        #expect(await program.post("/api/v1/alerts/\(theirs.fingerprint)/end").status == 204)
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.isEmpty)
        let entries = try await test.log.audit(AuditFilter(kinds: [.endedAlert]))
        #expect(entries.count == 1 && entries.first?.actor.user == "prometheus")
        #expect(entries.first?.target.environment == "production")
    }
}
