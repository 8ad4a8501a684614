import Alert
import Command
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@testable import Alerts
@testable import Engine

@Suite("silences that cover nothing, and what findings about alerts mean")
struct SilenceTroubleTests {
    private func judged(_ length: Duration, after: Duration, used: Bool = false) -> (open: Int, over: Int) {
        var state = RouterState()
        let silence = Silence(
            id: "s1", matchers: [Matcher("environment", is: "produktion")], starts: Samples.start,
            ends: Samples.start + length, author: "ada", comment: "disks")
        state.note(.silenced(silence), at: Samples.start)
        if used {
            var router = Router(
                AlertRules(route: RouteDraft(receiver: "team").tree(receiver: "team"), receivers: []), state: state)
            _ = router.take([.wrong(["environment": "produktion"], annotations: [:])], at: Samples.start + after)
            state = router.state
        }
        let found = IdleSilences.judge(state, at: Samples.start + after)
        #expect(found.open.allSatisfy { $0.code == "AL002" && $0.object == "s1" })
        return (found.open.count, found.over.count)
    }

    @Test("a silence that has covered nothing for half its time, or for a day, is a finding")
    func idle() {
        #expect(judged(.seconds(7_200), after: .seconds(3_599)) == (0, 1))
        #expect(judged(.seconds(7_200), after: .seconds(3_600)) == (1, 0))
        #expect(judged(.seconds(7_200), after: .seconds(7_200)) == (0, 1))
        #expect(judged(.seconds(7_200), after: .seconds(3_600), used: true) == (0, 1))
        #expect(judged(.seconds(30 * 86_400), after: .seconds(86_399)) == (0, 1))
        #expect(judged(.seconds(30 * 86_400), after: .seconds(86_400)) == (1, 0))
    }

    @Test("a name that nothing of the configuration has is told when the silence is made, with the nearest")
    func spelling() throws {
        var inventory = Inventory()
        var production = Settings.Environment(name: "production", location: Samples.place)
        production.labels = ["team": "web"]
        production.resources = [
            Resource(
                name: "shop", access: .http(HTTPAccess(url: try Samples.url("https://shop.example"))),
                location: Samples.place)
        ]
        inventory.environments = [production]
        func problems(_ text: String) throws -> [String] {
            SilenceSpelling(inventory).problems([try Matcher(parsing: text)])
        }
        #expect(
            try problems("environment=produktion") == [
                "no environment of the configuration is 'produktion'; did you mean 'production'?"
            ])
        #expect(try problems("resource=~sho").count == 1)
        #expect(try problems("team=wep") == ["no label 'team' of the configuration is 'wep'; did you mean 'web'?"])
        for fine in [
            "environment=production", "environment!=produktion", "resource=~sh.*", "job=node", "alert=XY", "team=~.*",
        ] {
            #expect(try problems(fine).isEmpty, "\(fine)")
        }
    }

    @Test("every code that is opened about alerts is explained, with what mends it")
    func explained() {
        let pages = AlertFindings.pages
        let canary = Canaries.Way(channel: "hook", hasEnd: false)
        let findings = [
            DeliveryFinding.undelivered("hook", to: nil), .idleSilence("s1"), .missedCanary(canary),
        ].map { $0.finding("x") }
        #expect(Set(pages.map(\.code)) == Set(findings.map(\.code)))
        for finding in findings {
            let page = pages.first { $0.code == finding.code }
            #expect(page?.severity == finding.severity)
            #expect(page?.facts.contains { $0.hasPrefix("mend: mainstay alerts ") } ?? false)
        }
    }
}
