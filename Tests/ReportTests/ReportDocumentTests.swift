import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Page
import Testing

@testable import Report

@Suite("a report of any kind")
struct ReportDocumentTests {
    /// Something of everything, with `text` at the end of every text.
    private func document(_ text: String = "", rows: Int = 3) -> ReportDocument {
        let now = Timestamp(seconds: 1_795_226_400)
        let requester = Requester(user: "ann\(text)", host: "db1\(text)", processID: 1)
        let listing = Listing(
            "Title\(text)", [Listing.Column("name\(text)"), Listing.Column("size", .bytes), "when"],
            (0..<rows).map { [.text("row \($0)\(text)"), .integer(Int64($0) * 1_024), .text(now.iso8601)] })
        let points = (0..<5).map {
            ReportDocument.ChartPoint(at: now + .seconds(Int64($0) * 86_400), value: Double($0))
        }
        return ReportDocument(
            "Backups\(text)", madeAt: now, since: now - .seconds(86_400), runID: "20261121-020000-aaaaa",
            requester: requester, standing: .warning,
            sentence: "one is old\(text)", why: "Because\(text).", tiles: [.init("1\(text)", "thing\(text)")],
            sections: [
                .init("First\(text)", [.paragraph("Words\(text)"), .remedy("mainstay backup run\(text)")]),
                .init("Second\(text)", [.table(listing, standings: [.good, nil, .critical])]),
                .init(
                    "Third\(text)",
                    [
                        .chart(
                            title: "Size\(text)", subtitle: "live\(text)", unit: .bytes,
                            lines: [.init("a\(text)", points)])
                    ]),
                .init("Empty\(text)", []),
            ], audit: AuditHead(number: 7, hash: String(repeating: "a", count: 64)))
    }

    @Test("equal documents make equal bytes, with the signature of their run once", arguments: Rendering.allCases)
    func isReproducible(rendering: Rendering) throws {
        let bytes = try document().bytes(rendering)
        #expect(try document().bytes(rendering) == bytes)
        // The PDF is the page, printed.
        let signature = (rendering == .pdf ? .html : rendering).signature(run: "20261121-020000-aaaaa")
        #expect(String(decoding: bytes, as: UTF8.self).ranges(of: signature).count == 1)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("Empty"), "a section without anything is left out")
    }

    @Test("hostile text in every field changes what is read and nothing of the page", arguments: HostileText.all)
    func holdsHostileText(hostile: String) async throws {
        let page = try await ParsedPage(document(hostile).bytes(.html))
        let plain = try await ParsedPage(document("x").bytes(.html))
        #expect(page.elements.map(\.name) == plain.elements.map(\.name))
        #expect(page.elements.map { $0.attributes.keys.sorted() } == plain.elements.map { $0.attributes.keys.sorted() })
        #expect(page.styles == plain.styles && page.mismatches.isEmpty && page.comments.isEmpty)
        #expect(page.text.contains("row 1\(hostile)".printable))

        func lines(_ text: String, _ rendering: Rendering) throws -> [Substring] {
            String(decoding: try document(text).bytes(rendering), as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
        }
        #expect(try lines(hostile, .markdown).count == lines("x", .markdown).count)
        for row in try lines(hostile, .markdown) where row.hasPrefix("|") {
            #expect(row.replacing("\\|", with: "").count { $0 == "|" } == 4, "\(row)")
        }
    }

    @Test("JSON reads back as the same document")
    func readsBack() throws {
        let again = try JSONDecoder().decode(ReportDocument.self, from: Data(try document().bytes(.json)))
        #expect(again == document())
    }

    @Test("the page stays small, and says that there is more")
    func staysSmall() throws {
        let bytes = try document(rows: 20_000).bytes(.html)
        #expect(bytes.count <= 290_000)
        #expect(String(decoding: bytes, as: UTF8.self).contains("more, in the other renderings"))
        let csv = String(decoding: try document(rows: 20_000).bytes(.csv), as: UTF8.self)
        #expect(csv.split(separator: "\n").count { $0.contains("row ") } == 20_000)
    }

    @Test("the head of the audit trail is found in every rendering", arguments: Rendering.allCases)
    func hasAuditHead(rendering: Rendering) throws {
        let text = String(decoding: try document().bytes(rendering), as: UTF8.self)
        let heads = Set(AuditHead.all(in: text))
        #expect(heads == [AuditHead(number: 7, hash: String(repeating: "a", count: 64))])
    }

    @Test("a number in CSV is a number, and its unit stands in the column's name")
    func csv() throws {
        let text = String(decoding: try document("").bytes(.csv), as: UTF8.self)
        #expect(
            text.contains("standing,name,size (bytes),when\ngood,row 0,0,2026-11-21T02:00:00.000000Z\n,row 1,1024,"))
    }
}
