import Alert
import Calendar
import Command
import Engine
import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Page
import Settings
import Testing
import Web

@testable import Dashboard

/// What everybody sees without signing in, and what nobody does.
@Suite("the public status page", .temporaryDirectory)
struct StatusPageTests {
    static let configuration = """
        environments:
          production:
            resources:
              web-7: {kind: http, url: "https://internal.example/"}
              db-9: {kind: http, url: "https://database.internal.example/"}
        monitoring: {}
        routines:
          upkeep: {schedule: "daily 04:00", steps: [report prune]}
        alerts:
          channels: {mail: {kind: email, server: "mail.example:587", from: a@b.example, to: c@d.example}}
          critical: {channels: [mail]}
        server:
          listen: "127.0.0.1:0"
          status-page:
            title: Shop
            days: 3
            components:
              website: {name: The shop, environment: production, resources: [web-7], checks: [endpoint.answer]}
              orders: {name: Orders, environment: production, resources: [db-9]}
            maintenance:
              night: {name: Weekly upkeep, during: "Sundays 02:00-04:00 UTC", components: [orders]}
              daily: {name: Cleaning, routine: upkeep, takes: 30m}

        """

    /// 2026-11-21 00:00 UTC.
    private static let today = Timestamp(microseconds: 1_795_219_200_000_000)
    private static let hour: Duration = .seconds(3_600)

    static func ask(
        _ test: TestSite, _ resource: String, _ state: CheckOutcome.State, at instants: [Timestamp]
    ) async throws {
        var book = try await test.log.monitorBook()
        let terms = MonitoringTerms(
            CheckSchema(name: "endpoint.answer", summary: ""), CheckSetting(), of: .http, MonitoringSettings())
        let rounds = instants.map { at in
            let outcome = CheckOutcome(
                check: "endpoint.answer", code: "EP001", title: "Answer",
                target: Target(environment: "production", resource: resource), state: state,
                summary: "internal words", seconds: 0.1)
            return MonitorRound(
                answer: CheckAnswer(outcome: outcome, findings: [], isComplete: false, isAsked: true), terms: terms,
                began: at, at: at, instant: at - Self.today)
        }
        _ = try await test.log.take(rounds, into: &book)
    }

    /// What somebody who has not signed in gets.
    private func get(_ test: TestSite, _ target: String, _ headers: [(name: String, value: String)] = []) async
        -> WebResponse
    {
        await test.site.answer(test.request(.get, target, headers: headers))
    }

    private static func trouble(_ resource: String, _ severity: Severity = .critical, _ code: String = "EP001")
        -> AlertTrouble
    {
        AlertTrouble(
            Finding(
                code: code, severity: severity, target: Target(environment: "production", resource: resource),
                summary: "internal words"),
            in: Inventory())
    }

    private static func decide(_ test: TestSite, _ open: [AlertTrouble]) async throws {
        var rules = AlertRules(
            route: RouteDraft(receiver: "people").tree(receiver: "people"),
            receivers: [Receiver(name: "people", deliveries: [])])
        rules.terms.flapLimit = 0
        _ = try await AlertDesk(log: test.log, rules: rules, rulesDigest: "x").decide(
            open: open, at: test.clock.clock.now())
    }

    @Test("it is not there unless the configuration asks for it, signed in or not")
    func isOff() async throws {
        let test = try await TestSite()
        let ann = try await test.visitor("ann", Grants(everywhere: .admin))
        for target in ["/status", "/status/feed.atom"] {
            #expect(await get(test, target).status == 404)
            #expect(await ann.get(target).status == 404)
        }
    }

    @Test("strangers see what the configuration names, and nothing else of the house")
    func showsWhatIsNamed() async throws {
        let test = try await TestSite(Self.configuration)
        let now = test.clock.clock.now()
        try await Self.ask(test, "web-7", .passed, at: [now - .seconds(60), now])
        try await Self.ask(test, "db-9", .critical, at: [now - .seconds(60), now])
        try await Self.decide(test, [Self.trouble("db-9")])
        let answer = await get(test, "/status")
        #expect(answer.status == 200 && answer[header: "cache-control"] == "public, max-age=10")
        let page = try await ParsedPage(answer.bytes)
        for part in [
            "Shop", "The shop", "Orders", "works", "down", "1 of 2 components down", "Weekly upkeep", "Cleaning",
            "is down",
        ] {
            #expect(page.text.contains(part), "\(part)")
        }
        let feed = await get(test, "/status/feed.atom")
        #expect(feed[header: "content-type"] == "application/atom+xml; charset=utf-8")
        for text in [answer.text, feed.text] {
            for part in [
                "production", "web-7", "db-9", "internal", "endpoint.answer", "EP001", Release.name, "127.0.0.1",
                "report prune",
            ] {
                #expect(!text.contains(part), "\(part)")
            }
        }
        for element in page.elements {
            #expect(!element.attributes.keys.contains { $0.hasPrefix("on") || $0 == "style" })
            #expect(!["style", "form", "iframe", "img"].contains(element.name))
            for name in ["href", "src"] {
                if let address = element.attributes[name] {
                    #expect(address.hasPrefix("/") || address == "#main")
                    if address != "#main" { #expect(await get(test, address).status == 200, "\(address)") }
                }
            }
        }
        let levels = page.elements.compactMap { $0.name.count == 2 && $0.name.hasPrefix("h") ? $0.name : nil }
        #expect(levels.count { $0 == "h1" } == 1 && levels.first == "h1")
        #expect(page.mismatches.isEmpty)
        // Nothing that anybody has to sign in for was opened.
        #expect(await get(test, "/alerts").status == 303)
    }

    @Test("what nobody has looked at is not known, and what was seen too long ago is not known any more")
    func knowsNothing() async throws {
        let test = try await TestSite(Self.configuration)
        let empty = try await ParsedPage(await get(test, "/status").bytes)
        #expect(empty.elements.contains { $0.attributes["class"] == "verdict unknown" })
        #expect(empty.text.contains("Nobody looks at it yet."))
        #expect(!empty.elements.contains { $0.attributes["class"]?.contains("good") == true })
        let now = test.clock.clock.now()
        for resource in ["web-7", "db-9"] {
            try await Self.ask(test, resource, .passed, at: [now - .seconds(60), now])
        }
        test.clock.advance(by: .seconds(61))
        let seen = try await ParsedPage(await get(test, "/status").bytes)
        #expect(seen.elements.contains { $0.attributes["class"] == "verdict good" })
        test.clock.advance(by: .seconds(3_600))
        let late = try await ParsedPage(await get(test, "/status").bytes)
        #expect(late.elements.contains { $0.attributes["class"] == "verdict unknown" })
    }

    private static func sample(_ at: Timestamp, _ state: CheckOutcome.State, planned: Bool = false) -> CheckSample {
        CheckSample(at: at, value: 1, state: state, isPlanned: planned)
    }

    @Test(
        "a day is what was seen of it: planned work counts for neither, unknown hours are unknown, the worst check counts"
    )
    func countsDays() throws {
        let now = Self.today + Self.hour * 12 + .seconds(600)
        let first = Self.today - .seconds(2 * 86_400)
        var samples: [CheckSample] = []
        for hour in 0..<24 {
            // Two days ago: all seen, one hour down, one hour only while we worked there.
            let at = first + Self.hour * hour
            let state: CheckOutcome.State = hour == 6 ? .critical : .passed
            samples += [Self.sample(at, hour == 7 ? .critical : state, planned: hour == 7)]
            // Yesterday: four hours seen, all well.
            if hour < 4 { samples.append(Self.sample(at + Self.hour * 24, .warning)) }
        }
        let other = (0..<4).map { Self.sample(first + Self.hour * ($0 + 1), $0 == 0 ? .critical : .passed) }
        let history = StatusHistory(
            [Rollup.make(samples, every: Self.hour), Rollup.make(other, every: Self.hour)], days: 3, at: now)
        #expect(history.days.map(\.hours) == [24, 24, 13])
        let (old, yesterday, today) = (history.days[0], history.days[1], history.days[2])
        #expect(old.seen == 23 && old.planned == 1 && old.unknown == 0 && old.up == 21)
        #expect(old.standing == .critical)
        #expect(yesterday.uptime == 100 && yesterday.unknown == 20 && yesterday.standing == .unknown)
        #expect(today.uptime == nil && today.unknown == 13 && today.standing == .unknown)
        #expect(history.seen == 27 && history.unknown == 33)
        #expect(StatusHistory([], days: 3, at: now).days.isEmpty)
    }

    @Test("no uptime is shown as more than it was", arguments: [(100, "100 %"), (99.9999, "99.99 %"), (0, "0.00 %")])
    func roundsDown(uptime: Double, words: String) { #expect(StatusHistory.words(uptime) == words) }

    @Test("what the monitor has seen becomes the bars of the page, also after it was sorted into hours")
    func drawsDays() async throws {
        let test = try await TestSite(Self.configuration)
        let begin = Self.today - .seconds(2 * 86_400)
        let hours = (0..<50).map { begin + Self.hour * $0 + .seconds(60) }
        try await Self.ask(test, "web-7", .passed, at: Array(hours[..<3]))
        // A single bad round does not make the check bad; it was down all the same.
        try await Self.ask(test, "web-7", .critical, at: [hours[3]])
        try await Self.ask(test, "web-7", .passed, at: Array(hours[4...]))
        test.clock.set(Self.today + Self.hour * 2)
        func bars() async throws -> [ParsedPage.Element] {
            try await ParsedPage(await get(test, "/status").bytes).elements("rect")
        }
        let before = try await bars()
        #expect(before.map { $0.attributes["class"] } == ["warning", "good", "good"])
        let samples = SampleSettings()
        #expect(try await test.log.compactSamples(samples) > 40)
        test.clock.advance(by: .seconds(61))
        #expect(try await bars().map { $0.attributes["class"] } == ["warning", "good", "good"])
    }

    @Test("an incident is a critical alert of a component's own checks, and those that overlap are one")
    func makesIncidents() async throws {
        let test = try await TestSite(Self.configuration)
        let now = test.clock.clock.now()
        for resource in ["web-7", "db-9"] { try await Self.ask(test, resource, .passed, at: [now]) }
        let warning = Self.trouble("web-7", .warning)
        let lint = Self.trouble("db-9", .critical, "DB012")
        try await Self.decide(test, [Self.trouble("web-7"), warning, lint])
        test.clock.advance(by: .seconds(60))
        let fingerprint = Self.trouble("web-7").labels.fingerprint
        _ = try await test.log.note([
            .acknowledged(
                fingerprint: fingerprint, .init(by: "ann", comment: "internal words", at: test.clock.clock.now()))
        ])
        test.clock.advance(by: .seconds(60))
        let open = try await ParsedPage(await get(test, "/status").bytes)
        #expect(open.text.contains("is down") && open.text.contains("Somebody works on it since"))
        #expect(!open.text.split { !$0.isLetter }.contains("ann") && !open.text.contains("internal words"))
        try await Self.decide(test, [warning, lint])
        test.clock.advance(by: .seconds(120))
        // Again within five minutes: the same one.
        try await Self.decide(test, [Self.trouble("web-7"), warning, lint])
        let again = try await StatusBoard(
            try #require(test.site.settings.statusPage), test.site, StatusHistories()
        ).incidents
        #expect(again.map(\.end) == [.goesOn])
        // Readers of the feed are told of it although it was known before.
        #expect(again.first?.updatedAt == test.clock.clock.now())
        test.clock.advance(by: .seconds(60))
        try await Self.decide(test, [warning, lint])
        test.clock.advance(by: .seconds(600))
        try await Self.decide(test, [Self.trouble("web-7"), warning, lint])
        test.clock.advance(by: .seconds(60))
        try await Self.decide(test, [warning, lint])
        let board = try await StatusBoard(
            try #require(test.site.settings.statusPage), test.site, StatusHistories())
        #expect(board.incidents.map(\.key) == ["website", "website"])
        #expect(board.incidents.map(\.began) == [now + .seconds(900), now])
        #expect(board.incidents.map(\.end) == [.at(now + .seconds(960)), .at(now + .seconds(300))])
        #expect(board.incidents.last?.takenOnAt == now + .seconds(60))
        let feed = try await ParsedPage(await get(test, "/status/feed.atom").bytes)
        #expect(feed.text.contains("The shop: was down"))
        #expect(feed.mismatches.isEmpty)
        let ids = feed.text.split(separator: "\n").filter { $0.contains("urn:mainstay:status:") }
        #expect(Set(ids).count == ids.count && ids.count >= 2)
        // The day after they are what they were.
        #expect(board.incidents == (try await dayAfter(test)))
    }

    private func dayAfter(_ test: TestSite) async throws -> [StatusIncident] {
        test.clock.advance(by: .seconds(86_400))
        try await Self.decide(test, [])
        return try await StatusBoard(
            try #require(test.site.settings.statusPage), test.site, StatusHistories()
        ).incidents
    }

    @Test("what is announced stands there with its next times, and what goes on as such")
    func announces() async throws {
        let test = try await TestSite(Self.configuration)
        // A Sunday.
        test.clock.set(Self.today + .seconds(86_400) + Self.hour * 3)
        let settings = try #require(test.site.settings.statusPage)
        let board = try await StatusBoard(settings, test.site, StatusHistories())
        let sunday = Self.today + .seconds(86_400)
        #expect(board.announcements.first?.name == "Weekly upkeep")
        #expect(board.announcements.first?.components == ["Orders"])
        #expect(board.announcements.first?.window?.start == sunday + Self.hour * 2)
        #expect(board.announcements.first?.window?.end == sunday + Self.hour * 4)
        let cleanings = board.announcements.filter { $0.name == "Cleaning" }
        #expect(cleanings.map { $0.window?.start } == (0..<3).map { sunday + .seconds(86_400 * $0) + Self.hour * 4 })
        #expect(cleanings.first?.window?.end == sunday + Self.hour * 4 + .seconds(1_800))
        #expect(await get(test, "/status").text.contains("<span class=\"tag\">now</span>"))
    }

    @Test("where Mainstay works itself that is said, and what is down beside it is down")
    func knowsPlannedWork() async throws {
        let test = try await TestSite(Self.configuration)
        let now = test.clock.clock.now()
        try await Self.ask(test, "web-7", .critical, at: [now - .seconds(60), now])
        try await Self.ask(test, "db-9", .passed, at: [now - .seconds(60), now])
        let checks = try await test.log.monitored()
        let web = Target(environment: "production", resource: "web-7")
        let database = Target(environment: "production", resource: "db-9")
        #expect(StatusBoard.state(checks, [], at: now) == .down)
        #expect(StatusBoard.state(checks, [web], at: now) == .maintenance)
        #expect(StatusBoard.state(checks, [database], at: now) == .down)
        #expect(StatusBoard.state(checks, [web, database], at: now) == .maintenance)
        #expect(StatusBoard.state([], [], at: now) == .unknown)
    }

    @Test("equal data is equal to the byte, is made once, and is made anew when something was written")
    func isMadeOnce() async throws {
        var pages: [[UInt8]] = []
        for name in ["a", "b"] {
            let test = try await TestSite(
                Self.configuration, directory: "\(TemporaryDirectory.current)/\(name)")
            let now = test.clock.clock.now()
            try await Self.ask(test, "web-7", .passed, at: [now - .seconds(60), now])
            let first = await get(test, "/status")
            pages.append(first.bytes)
            let tag = try #require(first[header: "etag"])
            #expect(await get(test, "/status", [(name: "if-none-match", value: tag)]).status == 304)
            try await Self.ask(test, "db-9", .critical, at: [now - .seconds(60), now])
            // A stranger who asks a thousand times a second costs no more than one.
            #expect(await get(test, "/status").bytes == first.bytes)
            test.clock.advance(by: .seconds(2))
            #expect(await get(test, "/status").bytes != first.bytes)
        }
        #expect(pages.first == pages.last)
    }

    @Test("hostile names change what is read, and nothing of page or feed", arguments: HostileText.all)
    func holdsHostileText(hostile: String) async throws {
        var pages: [ParsedPage] = []
        for text in [hostile, "x"] {
            let test = try await TestSite(
                Self.configuration, directory: "\(TemporaryDirectory.current)/\(pages.count)")
            var inventory = test.site.inventory
            var settings = try #require(inventory.server?.statusPage)
            settings.title = text
            for place in settings.components.indices {
                settings.components[place].name = text
                settings.components[place].description = text
            }
            for place in settings.maintenance.indices { settings.maintenance[place].name = text }
            inventory.server?.statusPage = settings
            test.site.current.replace(inventory)
            try await Self.ask(test, "web-7", .critical, at: [test.clock.clock.now()])
            try await Self.decide(test, [Self.trouble("web-7")])
            let page = await get(test, "/status")
            let feed = await get(test, "/status/feed.atom")
            #expect(page.status == 200 && feed.status == 200)
            pages.append(try await ParsedPage(page.bytes + feed.bytes))
        }
        let (bad, good) = (try #require(pages.first), try #require(pages.last))
        #expect(bad.elements.map(\.name) == good.elements.map(\.name))
        #expect(bad.elements.map { $0.attributes.keys.sorted() } == good.elements.map { $0.attributes.keys.sorted() })
        #expect(bad.mismatches.isEmpty && bad.comments.isEmpty)
        #expect(bad.text.contains(hostile.printable))
    }
}
