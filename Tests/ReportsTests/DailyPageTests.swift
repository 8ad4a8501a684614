import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Report
import Testing

@testable import Page
@testable import Reports

/// How the report of the day is rendered.
@Suite("how the report of the day is written")
struct DailyPageTests {
    @Test("equal material makes equal bytes", arguments: [Rendering.html, .json, .markdown])
    func isReproducible(rendering: Rendering) throws {
        let one = try DailyReport(Sample().material).bytes(rendering)
        let other = try DailyReport(Sample().material).bytes(rendering)
        #expect(one == other)
        var later = Sample()
        later.now = later.now + .seconds(60)
        #expect(one != (try DailyReport(later.material).bytes(rendering)))
        try keepSample("daily.\(rendering.rawValue)", one)
    }

    @Test("every rendering carries the signature of its run, once", arguments: [Rendering.html, .json, .markdown])
    func isSigned(rendering: Rendering) throws {
        let report = DailyReport(Sample().material)
        let text = String(decoding: try report.bytes(rendering), as: UTF8.self)
        #expect(text.ranges(of: rendering.signature(run: report.runID)).count == 1)
        #expect(text.ranges(of: rendering.signature(run: "20261120-140000-a1b2c")).isEmpty)
    }

    @Test("hostile text in every field changes what is read and nothing of the page", arguments: HostileText.all)
    func holdsHostileText(hostile: String) async throws {
        var sample = Sample()
        sample.text = { "\($0)\(hostile)" }
        var plain = Sample()
        plain.text = { "\($0)x" }
        let bytes = DailyPage.html(DailyReport(sample.material)).bytes
        let page = try await ParsedPage(bytes)
        let harmless = try await ParsedPage(DailyPage.html(DailyReport(plain.material)).bytes)
        #expect(page.elements.map(\.name) == harmless.elements.map(\.name))
        #expect(
            page.elements.map { $0.attributes.keys.sorted() } == harmless.elements.map { $0.attributes.keys.sorted() })
        #expect(page.styles == harmless.styles)
        #expect(page.mismatches.isEmpty && page.comments.isEmpty)
        #expect(page.text.contains("production\(hostile)".printable))
        // Nothing a terminal obeys or a reader cannot see gets into the file.
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(
            !text.unicodeScalars.contains { "\u{1b}\u{7}\u{0}\u{202e}\u{200b}\u{2028}".unicodeScalars.contains($0) })
        if hostile.contains("<script>") { try keepSample("hostile.html", bytes) }
    }

    @Test("hostile text in Markdown stays one line and starts nothing", arguments: HostileText.all)
    func holdsInMarkdown(hostile: String) throws {
        var sample = Sample()
        sample.text = { "\($0)\(hostile)" }
        let text = DailyMarkdown(report: DailyReport(sample.material)).text
        let plain = DailyMarkdown(report: DailyReport(Sample().material)).text
        #expect(
            text.split(separator: "\n", omittingEmptySubsequences: false).count
                == plain.split(separator: "\n", omittingEmptySubsequences: false).count)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }
        for row in rows { #expect(row.replacing("\\|", with: "").count { $0 == "|" } == 6) }
    }

    @Test("JSON reads back as the same report")
    func readsBack() throws {
        let report = DailyReport(Sample().material)
        let again = try JSONDecoder().decode(DailyReport.self, from: Data(try report.bytes(.json)))
        #expect(again == report)
    }

    @Test("ids are unique, links lead somewhere, and nothing is asked of a network")
    func isWhole() async throws {
        let page = try await ParsedPage(DailyPage.html(DailyReport(Sample().material)).bytes)
        let ids = page.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        let links = page.elements("a").compactMap { $0.attributes["href"] }
        #expect(links.count >= 6)
        for link in links { #expect(ids.contains(String(link.dropFirst())), "\(link)") }
        for element in page.elements {
            #expect(!["script", "link", "img", "iframe", "object", "form", "base"].contains(element.name))
            #expect(!element.attributes.keys.contains { $0.hasPrefix("on") || $0 == "src" || $0 == "style" })
            for label in (element.attributes["aria-labelledby"] ?? "").split(separator: " ") {
                #expect(ids.contains(String(label)))
            }
        }
        let levels = page.elements.compactMap {
            $0.name.count == 2 && $0.name.hasPrefix("h") ? Int($0.name.dropFirst()) : nil
        }
        #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
        for (level, next) in zip(levels, levels.dropFirst()) { #expect(next <= level + 1) }
    }

    @Test("an empty estate is a short page that says what to do, and is not green")
    func isEmpty() async throws {
        var sample = Sample()
        sample.environments = []
        sample.tables = 0
        var material = sample.material
        (material.open, material.resolved, material.runs) = ([], [], [])
        let page = try await ParsedPage(DailyPage.html(DailyReport(material)).bytes)
        #expect(page.elements.contains { $0.attributes["class"] == "verdict unknown" })
        #expect(!page.elements.contains { $0.attributes["class"]?.contains("verdict good") == true })
        #expect(page.text.contains("mainstay init"))
        try keepSample("empty.html", DailyPage.html(DailyReport(material)).bytes)
    }

    @Test(
        "the page stays under 300 KB, whatever the estate",
        arguments: [
            (20, 40, ""), (200, 30, ""), (8, 3_000, ""), (60, 200, String(repeating: "<\u{202e}", count: 3_000)),
        ])
    func isBounded(environments: Int, tables: Int, text: String) async throws {
        var sample = Sample()
        sample.environments = (0..<environments).map { "environment-\($0)" }
        sample.tables = tables
        sample.text = { $0 + text }
        let bytes = DailyPage.html(DailyReport(sample.material)).bytes
        #expect(bytes.count < 300_000)
        let page = try await ParsedPage(bytes)
        #expect(page.text.contains(" more: "))
        #expect(page.mismatches.isEmpty)
        // What matters most is never the thing left out.
        #expect(page.text.contains("needs a person now") || page.text.contains("need a person now"))
        try keepSample("huge-\(environments).html", bytes)
    }

    @Test("a text is cut in characters, and says so")
    func clips() {
        var limits = Limits.full
        limits.text = 5
        #expect(limits.clip("12345") == "12345")
        #expect(limits.clip("123456") == "12345…")
        #expect(limits.clip("🙂🙂🙂🙂🙂") == "🙂🙂🙂🙂🙂")
        var smaller = Limits.full
        for _ in 0..<20 { smaller = smaller.halved }
        #expect(smaller == smaller.halved && smaller.needs == 1)
    }
}
