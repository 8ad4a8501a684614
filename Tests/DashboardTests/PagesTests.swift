import Command
import Alert
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing
import Web

@testable import Dashboard
@testable import mainstay

/// What pages show, and what hostile text in them does not do.
@Suite("pages of the dashboard", .temporaryDirectory)
struct PagesTests {
    private static func targets(_ estate: Estate) -> [String] {
        [
            "/", "/runs", "/runs/\(estate.run)", "/runs/20261121-015900-bbbbb", "/runs/20261121-020100-ccccc",
            "/findings",
            "/alerts", "/approvals", "/approvals/\(estate.approval)", "/checklists",
            "/checklists/environments-daily/production", "/backups", "/calendar", "/audit", "/configuration",
            "/environments/production", "/environments/staging",
            "/environments/production/measurements",
        ]
    }

    @Test("hostile text changes what is read and nothing of any page", arguments: HostileText.all)
    func holdsHostileText(hostile: String) async throws {
        var pages: [ParsedPage] = []
        for text in [hostile, "x"] {
            let test = try await TestSite(directory: "\(TemporaryDirectory.current)/\(pages.count)")
            let estate = try await Estate(test, text: text)
            let admin = try await test.visitor("ann", Grants(everywhere: .admin))
            // All in one reading: what breaks out of one page shows in the next.
            var bytes: [UInt8] = []
            for target in Self.targets(estate) {
                let answer = await admin.get(target)
                #expect(answer.status == 200, "\(target): \(answer.status)")
                #expect(answer.bytes.count < 300_000, "\(target): \(answer.bytes.count) bytes")
                bytes += answer.bytes
            }
            pages.append(try await ParsedPage(bytes))
        }
        let (bad, good) = (try #require(pages.first), try #require(pages.last))
        #expect(bad.elements.map(\.name) == good.elements.map(\.name))
        #expect(bad.elements.map { $0.attributes.keys.sorted() } == good.elements.map { $0.attributes.keys.sorted() })
        #expect(bad.mismatches.isEmpty && bad.comments.isEmpty && bad.styles.isEmpty)
        #expect(bad.text.contains("found \(hostile)".printable))
    }

    @Test(
        "every page is whole: one heading of the first level, labels for all that is filled in, ids once, no style or script within"
    )
    func isWhole() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let admin = try await test.visitor("bob", Grants(everywhere: .admin))
        var pages = [await test.site.answer(test.request(.get, "/sign-in"))]
        for target in Self.targets(estate) { pages.append(await admin.get(target)) }
        for answer in pages {
            let page = try await ParsedPage(answer.bytes)
            #expect(page.mismatches.isEmpty)
            let ids = page.elements.compactMap { $0.attributes["id"] }
            #expect(Set(ids).count == ids.count, "\(ids)")
            let levels = page.elements.compactMap {
                $0.name.count == 2 && $0.name.hasPrefix("h") ? Int($0.name.dropFirst()) : nil
            }
            #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
            let labelled = Set(page.elements("label").compactMap { $0.attributes["for"] })
            for element in page.elements {
                #expect(!element.attributes.keys.contains { $0.hasPrefix("on") || $0 == "style" })
                #expect(!["style", "iframe", "object", "base", "img"].contains(element.name))
                let isHidden = element.attributes["type"] == "hidden"
                if ["input", "select", "textarea"].contains(element.name), !isHidden {
                    #expect(labelled.contains(element.attributes["id"] ?? ""), "\(element)")
                }
                if element.name == "form" { #expect(element.attributes["method"] == "post") }
                if element.name == "script" { #expect(element.attributes["src"] == Assets.script.path) }
                for name in ["href", "src", "action"] {
                    if let address = element.attributes[name] {
                        #expect(address.hasPrefix("/") || address == "#main", "\(address)")
                    }
                }
            }
            #expect(page.elements.contains { $0.name == "main" })
        }
    }

    @Test("every link of every page leads to a page")
    func linksLead() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let admin = try await test.visitor("bob", Grants(everywhere: .admin))
        var links: Set<String> = []
        for target in Self.targets(estate) {
            let page = try await ParsedPage(await admin.get(target).bytes)
            links.formUnion(page.elements.compactMap { $0.attributes["href"] })
        }
        links.remove("#main")
        #expect(links.count >= 20)
        for link in links { #expect(await admin.get(link).status == 200, "\(link)") }
    }

    @Test("a backup shows until when its proof counts, and its certificate as it was signed", .cluster)
    func showsBackups() async throws {
        let program = Program()
        try program.configureTestDatabase("server: {listen: \"127.0.0.1:0\"}")
        let yaml = try String(contentsOfFile: "\(program.directory)/mainstay.yaml", encoding: .utf8)
        let test = try await TestSite(yaml)
        let visitor = try await test.visitor("bob", Grants(environments: ["test": .viewer]))
        let empty = try await ParsedPage(await visitor.get("/backups").bytes).text
        #expect(
            empty.contains("there is no backup") && empty.contains("mainstay backup run --prove --environment test"))
        let run = try await program.run("backup", "run", "--prove", "--environment", "test")
        #expect(run.exitCode == 0, "\(run.errors)")
        test.clock.set(WallClock.system.now())
        let again = try await test.visitor("carl", Grants(environments: ["test": .viewer]))
        let page = try await ParsedPage(await again.get("/backups").bytes)
        #expect(page.text.contains("proved"))
        let link = try #require(
            page.elements.compactMap { $0.attributes["href"] }.first { $0.hasPrefix("/backups/test/main/") })
        let certificate = await again.get(link)
        #expect(certificate.status == 200 && certificate.text.contains("Certificate"))
        #expect(
            certificate[header: "content-security-policy"]?.hasPrefix("default-src 'none'; style-src 'sha256-") == true)
        let stranger = try await test.visitor("eve", Grants(environments: ["other": .viewer]))
        #expect(await stranger.get(link).status == 404)
        #expect(await again.get("/backups/test/main/..").status == 404)
        let dora = try await test.program("dora", Grants(environments: ["test": .viewer]))
        let shown = await dora.get("/api/v1\(link)/certificate")
        #expect(shown.status == 200 && shown.json["verdict"] == "proved", "\(shown.text)")
        #expect(await dora.get("/api/v1/backups").json["items"]?.array?.first?["standing"] == "proved")
        // Whoever can write where the backups are can change the page, and put a key of theirs there: it is not shown.
        let folder = "\(test.log.directory)/backups/test/main"
        let id = try #require(link.split(separator: "/").last)
        let page2 = "\(folder)/\(id).certificate.html"
        let before = try Data(contentsOf: URL(fileURLWithPath: page2))
        try Data("<p>proved</p>".utf8).write(to: URL(fileURLWithPath: page2))
        let altered = await again.get(link)
        #expect(altered.status == 409 && altered.text.contains("does not fit its signature"))
        try before.write(to: URL(fileURLWithPath: page2))
        #expect(await again.get(link).status == 200)
        try FileManager.default.removeItem(atPath: "\(page2).sig")
        #expect(await again.get(link).status == 409)
    }

    @Test("a run shows its statements, its state and its proof")
    func showsRun() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test, text: "shop")
        let visitor = try await test.visitor("bob", Grants(environments: ["production": .viewer]))
        let text = try await ParsedPage(await visitor.get("/runs/\(estate.run)").bytes).text
        for part in [
            "drop table \"shop\"", "proved", "12 shop", "13 shop", "ACCESS EXCLUSIVE", "undo shop", "removes data",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test("whoever has a page already is told so, and a page of somebody else is never the same")
    func tags() async throws {
        let test = try await TestSite()
        let ann = try await test.visitor("ann", Grants(everywhere: .viewer))
        let first = await ann.get("/findings")
        let tag = try #require(first[header: "etag"])
        let second = await ann.get("/findings", headers: [(name: "if-none-match", value: "\"x\", \(tag)")])
        #expect(second.status == 304 && second.bytes.isEmpty)
        _ = try await Estate(test)
        #expect(await ann.get("/findings", headers: [(name: "if-none-match", value: tag)]).status == 200)
        let bob = try await test.visitor("bob", Grants(everywhere: .viewer))
        #expect(await bob.get("/findings")[header: "etag"] != tag)
    }

    @Test("the first page says what needs a person, and nothing is green that nobody has looked at")
    func judgesHonestly() async throws {
        let test = try await TestSite()
        let admin = try await test.visitor("ann", Grants(everywhere: .admin))
        let empty = try await ParsedPage(await admin.get("/").bytes)
        #expect(!empty.elements.contains { $0.attributes["class"]?.contains("standing good") == true })
        #expect(empty.text.contains("its health was never checked"))
        #expect(empty.text.contains("no scheduler runs"))
        _ = try await Estate(test, text: "shop")
        let full = try await ParsedPage(await admin.get("/").bytes)
        #expect(full.elements.contains { $0.attributes["class"] == "verdict critical" })
        #expect(full.text.contains("found shop"))
        #expect(full.text.contains("1 approval missing"))
    }

    @Test("an address that is none and a method that is none are answered as such")
    func answersNothing() async throws {
        let test = try await TestSite()
        let admin = try await test.visitor("ann", Grants(everywhere: .admin))
        for target in [
            "/nothing", "/runs/none", "/runs/a/b", "/environments/none", "/assets/none.css", "/approvals/none",
        ] {
            #expect(await admin.get(target).status == 404, "\(target)")
        }
        let answer = await admin.post("/findings")
        #expect(answer.status == 405)
        #expect(answer[header: "allow"] == "GET")
    }
}

/// What people do on pages.
@Suite("acts of the dashboard", .temporaryDirectory)
struct ActsTests {
    @Test("an approval on the page is the one of whoever is signed in, for exactly the plan that was shown")
    func approves() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let bob = try await test.visitor("bob", Grants(environments: ["production": .approver]))
        let page = try await ParsedPage(await bob.get("/approvals/\(estate.approval)").bytes)
        #expect(page.elements("input").contains { $0.attributes["value"] == estate.plan })
        #expect(await bob.post("/approvals/\(estate.approval)/approve", ["plan": "another"]).status == 422)
        #expect(
            await bob.post("/approvals/\(estate.approval)/approve", ["plan": estate.plan, "reason": "seen"]).status
                == 303)
        let entry = try #require(try await test.log.audit(AuditFilter(kinds: [.approved])).first)
        #expect(entry.actor.user == "bob" && entry.actor.host == "192.0.2.7")
        #expect(entry.detail["reason"] == "seen")
        #expect(await bob.post("/approvals/\(estate.approval)/approve", ["plan": estate.plan]).status == 409)
    }

    @Test("nobody approves on the page what they asked for themselves")
    func refusesOwn() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test, text: "")
        let ann = try await test.visitor("ann", Grants(everywhere: .admin))
        let answer = await ann.post("/approvals/\(estate.approval)/approve", ["plan": estate.plan])
        #expect(answer.status == 409)
        #expect(try await test.log.audit(AuditFilter(kinds: [.approved])).isEmpty)
    }

    @Test("a rejection needs a reason and ends what waited")
    func rejects() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let bob = try await test.visitor("bob", Grants(everywhere: .approver))
        #expect(await bob.post("/approvals/\(estate.approval)/reject", ["reason": "  "]).status == 422)
        #expect(await bob.post("/approvals/\(estate.approval)/reject", ["reason": "not now"]).status == 303)
        #expect(try await test.log.run("20261121-020100-ccccc").state == .failed)
    }

    @Test("an alert is taken on and silenced by name")
    func answersAlerts() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let olga = try await test.visitor("olga", Grants(environments: ["production": .operator]))
        #expect(await olga.post("/alerts/\(estate.alert)/acknowledge", ["comment": "mine"]).status == 303)
        #expect(await olga.post("/alerts/\(estate.alert)/silence", ["for": "0", "comment": ""]).status == 422)
        #expect(await olga.post("/alerts/\(estate.alert)/silence", ["for": "99", "comment": "x"]).status == 422)
        #expect(await olga.post("/alerts/\(estate.alert)/silence", ["for": "1", "comment": "known"]).status == 303)
        let state = try await test.log.alertState()
        #expect(state.book[estate.alert]?.acknowledgement?.by == "olga")
        let silence = try #require(state.silences.values.first { $0.author == "olga" })
        #expect(silence.ends - silence.starts == .seconds(4 * 3_600))
        let labels = try #require(state.book[estate.alert]?.labels)
        #expect(silence.covers(labels))
    }

    @Test("an item is signed by whoever is signed in, and one that evidence answers is not")
    func signs() async throws {
        let test = try await TestSite()
        let olga = try await test.visitor("olga", Grants(environments: ["production": .operator]))
        let list = "/checklists/environments-daily/production"
        #expect(await olga.post("\(list)/security-alerts", ["result": "not-done"]).status == 409)
        #expect(await olga.post("\(list)/security-alerts", ["result": "done", "note": "none came"]).status == 303)
        #expect(await olga.post("\(list)/resources", ["result": "done"]).status == 409)
        let entry = try #require(try await test.log.audit(AuditFilter(kinds: [.signed])).first)
        #expect(entry.actor.user == "olga")
        #expect(await olga.get(list).text.contains("none came"))
    }

    @Test("a dry run starts with one click, looks, changes nothing, and shows what would be done")
    func startsDryRuns() async throws {
        let directory = TemporaryDirectory.current
        try FileManager.default.createDirectory(atPath: "\(directory)/old", withIntermediateDirectories: true)
        try "old".write(toFile: "\(directory)/old/file.tmp", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: "\(directory)/old/file.tmp")
        let test = try await TestSite(
            """
            environments:
              staging: {resources: {tmp: {kind: files, path: \(directory)/old, older-than: 1d}}}
              production: {}
            server: {listen: "127.0.0.1:0"}

            """)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            let olga = try await test.visitor("olga", Grants(environments: ["staging": .operator]))
            #expect(await olga.post("/environments/production/dry-run", ["task": "data.cleanup-temp"]).status == 404)
            #expect(await olga.post("/environments/staging/dry-run", ["task": "none"]).status == 422)
            #expect(await olga.post("/environments/staging/dry-run", ["task": "db.update-stats"]).status == 422)
            #expect(await olga.post("/environments/staging/dry-run", ["task": "report.prune"]).status == 404)
            let page = try await ParsedPage(await olga.get("/environments/staging").bytes)
            let offered = page.elements("option").compactMap { $0.attributes["value"] }
            #expect(offered.contains("data.cleanup-temp") && !offered.contains("db.update-stats"))
            let answer = await olga.post("/environments/staging/dry-run", ["task": "data.cleanup-temp"])
            #expect(answer.status == 303)
            let location = try #require(answer[header: "location"])
            try await eventually("the run ends") {
                // Whoever asked is told of it before it has begun.
                try await test.log.recentRuns(most: 1).first?.state.isEnded ?? false
            }
            let run = try await test.log.run("latest")
            #expect(location == "/runs/\(run.id)")
            #expect(run.isDryRun && run.requester.user == "olga" && run.state == .succeeded)
            let shown = try await ParsedPage(await olga.get(location).bytes).text
            #expect(shown.contains("file.tmp") && shown.contains("Planned: 1 change"))
            #expect(FileManager.default.fileExists(atPath: "\(directory)/old/file.tmp"))
            group.cancelAll()
        }
    }

    @Test(
        "the mend of a finding is a task only where it is one",
        arguments: [
            ("mainstay db update-stats --environment production", "db.update-stats", []),
            ("mainstay backup verify --backup 'a b' --environment=x", "backup.verify", ["--backup", "a b"]),
            ("mainstay alerts test mail", nil, []), ("reindex index concurrently x", nil, []), ("mainstay 'x", nil, []),
            ("mainstay --environment", nil, []),
        ] as [(String, String?, [String])])
    func readsMends(mend: String, task: String?, arguments: [String]) {
        let words = MendWords(mend, Mainstay.application([:]).catalog)
        #expect(words?.entry.declaration.name == task)
        #expect(words?.arguments ?? [] == arguments)
    }
}
