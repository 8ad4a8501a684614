import Command
import Engine
import Foundation
import Guide
import Maintenance
import MaintenanceTesting
import Outside
import Page
import Settings
import Testing
import Web

@testable import Dashboard

@Suite("the documentation in the dashboard", .temporaryDirectory)
struct DocsTests {
    private func library(_ test: TestSite) throws -> DocumentLibrary {
        try test.site.documents.library(test.site.session.application)
    }

    @Test("every page of the reference is there, and every link of it leads to a heading that is there")
    func isWhole() async throws {
        let test = try await TestSite()
        let bob = try await test.visitor("bob", Grants(environments: ["staging": .viewer]))
        var pages: [String: String] = [:]
        for path in try library(test).paths {
            let address = path.isEmpty ? "/docs" : "/docs/\(path)"
            let answer = await bob.get(address)
            #expect(answer.status == 200, "\(address)")
            pages[address] = answer.text
        }
        #expect(pages.count > 50)
        var anchors: [String: Set<String>] = [:]
        for (address, text) in pages {
            let ids = text.matches(of: /<h[234] id="([^"]*)"/).map { String($0.output.1) }
            #expect(Set(ids).count == ids.count, "\(address)")
            #expect(text.matches(of: /<h1[ >]/).count == 1, "\(address)")
            anchors[address] = Set(ids)
        }
        var count = 0
        for (address, text) in pages {
            for match in text.matches(of: /href="(\/docs[^"#]*)?(#[^"]*)?"/) {
                let to = match.output.1.map(String.init) ?? address
                guard let anchor = match.output.2?.dropFirst(), anchor != "main" else {
                    #expect(pages[to] != nil || to == "/docs/runbooks", "\(address) leads to \(to)")
                    continue
                }
                count += 1
                #expect(anchors[to]?.contains(String(anchor)) == true, "\(address) leads to \(to)#\(anchor)")
            }
        }
        #expect(count > 100)
        let parsed = try await ParsedPage(Array(pages.values.joined().utf8))
        #expect(parsed.mismatches.isEmpty && parsed.styles.isEmpty)
        #expect(!parsed.text.contains("Made by 'mainstay reference'"))
    }

    @Test("each check and each code of a finding is explained, by its name and by its code")
    func explains() async throws {
        let test = try await TestSite()
        let library = try library(test)
        let application = test.site.session.application
        for check in application.checks {
            let place = try #require(library.explanation(check.code), "\(check.code)")
            #expect(library.explanation(check.name)?.section.title == place.section.title)
            #expect(place.section.title == check.name)
        }
        for finding in application.findingPages {
            let place = try #require(library.explanation(finding.code), "\(finding.code)")
            #expect(place.section.title.hasPrefix(finding.code))
        }
        let bob = try await test.visitor("bob", Grants(environments: ["staging": .viewer]))
        let finding = try #require(application.findingPages.first)
        let page = try await ParsedPage(await bob.get("/docs/explain/\(finding.code)").bytes)
        #expect(page.text.contains("Asked by") && page.elements("h1").count == 1)
        for none in [
            "/docs/explain/XX999", "/docs/nothing", "/docs/tasks/nothing", "/docs/tasks/..", "/docs/runbooks/x",
        ] {
            #expect(await bob.get(none).status == 404, "\(none)")
        }
    }

    @Test("words are looked for in all pages, without a script; titles come first, and all words have to be there")
    func searches() async throws {
        let test = try await TestSite()
        let bob = try await test.visitor("bob", Grants(environments: ["staging": .viewer]))
        let library = try library(test)
        let hits = library.search("Endpoint.Answer")
        #expect(hits.first?.section.title == "endpoint.answer")
        #expect(hits.first?.address == "/docs/checks#endpointanswer")
        #expect(library.search("endpoint.answer zebra-that-is-nowhere").isEmpty)
        #expect(library.search("  ,;  ").isEmpty)
        #expect(library.search("the").count == DocumentLibrary.most)
        for hit in library.search("reindex lock") {
            let text = "\(hit.document.title) \(hit.section.title) \(hit.section.text)".lowercased()
            #expect(text.contains("reindex") && text.contains("lock"))
        }
        let page = try await ParsedPage(await bob.get("/docs?q=wraparound").bytes)
        let links = page.elements("a").compactMap { $0.attributes["href"] }.filter { $0.hasPrefix("/docs/") }
        #expect(!links.isEmpty)
        for link in links {
            #expect(await bob.get(String(link.split(separator: "#").first ?? "")).status == 200, "\(link)")
        }
        #expect(
            page.elements("form").contains { $0.attributes["action"] == "/docs" && $0.attributes["method"] == "get" })
        #expect(await bob.get("/docs?q=zebra-that-is-nowhere").text.contains("No section has all of these words."))
    }

    @Test("hostile words change what is read, and nothing of the page", arguments: HostileText.all)
    func holdsHostileWords(hostile: String) async throws {
        let test = try await TestSite()
        let bob = try await test.visitor("bob", Grants(environments: ["staging": .viewer]))
        var request = test.request(.get, "/docs", headers: [(name: "cookie", value: "mainstay=\(bob.cookie)")])
        request.query["q"] = "zebra-nowhere \(hostile)"
        let page = try await ParsedPage(await test.site.answer(request).bytes)
        #expect(page.mismatches.isEmpty && page.comments.isEmpty && page.styles.isEmpty)
        #expect(page.elements("script").count == 1 && page.elements("img").isEmpty)
        #expect(page.text.contains("No section has all of these words."))
    }

    @Test("a finding leads to what it means")
    func linksFindings() async throws {
        let test = try await TestSite()
        _ = try await Estate(test)
        let bob = try await test.visitor("bob", Grants(everywhere: .viewer))
        let code = "DB006"
        try #require(test.site.session.application.findingPages.contains { $0.code == code })
        for target in ["/findings", "/alerts", "/environments/production"] {
            let page = try await ParsedPage(await bob.get(target).bytes)
            #expect(page.elements("a").contains { $0.attributes["href"] == "/docs/explain/\(code)" }, "\(target)")
        }
        #expect(await bob.get("/docs/explain/\(code)").status == 200)
    }

    @Test("runbooks are for those who see everything, and are those of the configuration as it is by now")
    func showsRunbooks() async throws {
        let test = try await TestSite()
        let bob = try await test.visitor("bob", Grants(environments: ["staging": .admin]))
        #expect(await bob.get("/docs/runbooks").status == 404)
        #expect(await bob.get("/docs/runbooks/nightly").status == 404)
        #expect(!(await bob.get("/docs").text.contains("/docs/runbooks")))
        let ann = try await test.visitor("ann", Grants(everywhere: .viewer))
        #expect(await ann.get("/docs").text.contains("/docs/runbooks"))
        #expect(await ann.get("/docs/runbooks").text.contains("/docs/runbooks/nightly"))
        let page = try await ParsedPage(await ann.get("/docs/runbooks/nightly").bytes)
        #expect(page.text.contains("Runbook: nightly") && page.text.contains("It was never run."))
        #expect(page.elements("h1").count == 1 && page.mismatches.isEmpty)
        var inventory = test.site.inventory
        inventory.routines = []
        test.site.current.replace(inventory)
        #expect(await ann.get("/docs/runbooks/nightly").status == 404)
    }

    @Test(
        "links of the reference lead to its pages",
        arguments: [
            ("tasks/db-update-stats", "../options.md#output", "/docs/options#output"),
            ("checks", "tasks/health-check.md", "/docs/tasks/health-check"), ("checks", "README.md", "/docs"),
            ("checks", "#here", "#here"), ("checks", "https://www.postgresql.org/", "https://www.postgresql.org/"),
            ("checks", "../../../etc/passwd", "/docs/etc/passwd"),
        ])
    func leads(path: String, to: String, address: String) {
        #expect(DocumentHTML(path: path).address(to) == address)
    }

    @Test("what is HTML or a script in Markdown is none on the page")
    func believesNothing() throws {
        let text = """
            # One <b>two</b>

            <script>alert(1)</script>

            [bad](javascript:alert(1)) & `<i>` *so* **it** is

            - a
            - b

            | x | y |
            | --- | --- |
            | 1 | <img src=x> |

            ## One

            ## One
            """
        var writer = DocumentHTML(path: "x")
        let html = writer.html(try [MarkdownPiece](markdown: text, from: "x")).text
        #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"))
        #expect(!html.contains("javascript:"))
        #expect(html.contains("<code>&lt;i&gt;</code> <em>so</em> <strong>it</strong> is"))
        #expect(html.contains("<li>a</li>\n<li>b</li>"))
        #expect(html.contains("<td>1</td>"))
        #expect(html.contains("<h2 id=\"one\">One</h2>") && html.contains("<h2 id=\"one-1\">One</h2>"))
    }
}
