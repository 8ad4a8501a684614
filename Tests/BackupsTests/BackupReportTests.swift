import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Page
import Report
import Settings
import Testing

@testable import Backup
@testable import Backups

@Suite("the report about backups", .temporaryDirectory)
struct BackupReportTests {
    private func report(_ shelf: MadeShelf) async throws -> ReportDocument {
        let output = "\(shelf.state)/r.json"
        let summary = try await shelf.harness().run("report backup --as json --output \(output)")
        #expect(summary.run.state == .succeeded, "\(summary.changes.compactMap(\.error?.problem))")
        return try JSONDecoder().decode(ReportDocument.self, from: Data(contentsOf: URL(fileURLWithPath: output)))
    }

    private func rows(_ document: ReportDocument, _ title: String) -> [[Scalar]] {
        for case .table(let listing, _) in document.sections.first(where: { $0.title == title })?.blocks ?? [] {
            return listing.rows
        }
        return []
    }

    @Test("a database without a backup is critical where it is protected, with the command that mends it")
    func nothing() async throws {
        let document = try await report(try MadeShelf())
        #expect(document.standing == .critical)
        #expect(document.sentence == "live/main: it has no backup that can be believed")
        let needs = try #require(document.sections.first { $0.title == "What needs a person" })
        #expect(needs.blocks.last == .remedy("mainstay backup run --prove --environment live"))
    }

    @Test("all is well with a proved one; the work that could be lost is the longest time between two snapshots")
    func well() async throws {
        let shelf = try MadeShelf()
        for age in [0.5, 1, 4, 5, 40] { try shelf.add(age: age, .proved) }
        let document = try await report(shelf)
        #expect(document.standing == .good)
        #expect(document.sentence == "Every database has a backup that is proved and young enough")
        #expect(!document.sections.contains { $0.title == "What needs a person" })
        let row = try #require(rows(document, "Databases").first)
        #expect(row[5].description == "3024000", "\(row)")
        #expect(rows(document, "Backups of the period").count == 4, "40 days are not of the period")
        #expect(rows(document, "What is stored").first?[1] == 5)
    }

    @Test("what was taken out of a physical backup is neither a snapshot nor what keeps a database young")
    func extractions() async throws {
        let shelf = try MadeShelf()
        for age in [1.0, 21] { try shelf.add(age: age, .proved) }
        for age in [0.1, 11] { try shelf.add(age: age, .proved, extracted: true) }
        let row = try #require(rows(try await report(shelf), "Databases").first)
        #expect(row[5].description == "1728000", "\(row)")
    }

    @Test("one that is too old, not proved or refuted says so")
    func troubles() async throws {
        let place = SourceLocation(file: "mainstay.yaml", line: 9, column: 14)
        let old = MadeShelf { $0.frequency = Written(.daily, at: place) }
        try old.add(age: 1.5, .proved)
        var document = try await report(old)
        #expect(document.standing == .warning)
        #expect(document.sentence.contains("is 1 d 12 h old, and there is to be one daily"), "\(document.sentence)")

        let unproved = try MadeShelf()
        try FileManager.default.removeItem(atPath: "\(unproved.state)/backups")
        try unproved.add(age: 0.1)
        document = try await report(unproved)
        #expect(document.sentence == "live/main: no backup of it is proved")

        try unproved.add(age: 0.05, .refuted)
        document = try await report(unproved)
        #expect(document.standing == .critical)
        #expect(document.sentence.hasPrefix("live/main: its newest backup is refuted"))
    }
}
