import Maintenance
import Testing

@testable import Command

@Suite("tables of a run")
struct TableTextTests {
    /// As the settings that would better be otherwise: names, short values, and a reason of a line or two.
    private static let settings = Listing(
        "Settings", ["setting", "is", "better", "counts", "why"],
        [
            [
                "autovacuum_vacuum_cost_limit", "-1", "2000", "at once",
                "what autovacuum may do in one go is shared by all of its workers, and 5 of 5 were at work",
            ],
            ["shared_buffers", "128MB", "8GB", "only a restart makes it count", "a quarter of the machine's memory"],
        ])

    @Test("are folded to 80 columns elsewhere than on a terminal, and no word of them is lost")
    func folds() {
        let lines = Self.settings.table(width: 78, cutsWords: false).lines(Style(usesColor: false))
        #expect(lines.allSatisfy { $0.count <= 78 }, "\(lines.joined(separator: "\n"))")
        #expect(lines.count > 3)
        let words = lines.flatMap { $0.split(separator: " ") }
        for cell in Self.settings.rows.joined() {
            for word in cell.description.split(separator: " ") { #expect(words.contains(word), "\(word)") }
        }
    }

    @Test("go on in further lines under a long heading")
    func headings() {
        let table = Listing(
            "By user", ["user", Listing.Column("idle in transaction", .count)], [["app", 3]]
        ).table(width: 18, cutsWords: false)
        #expect(
            table.lines(Style(usesColor: false)) == [
                "user       idle in", "       transaction", "app              3",
            ])
    }

    @Test("keep a word that is longer than the line whole, and cut it on a terminal")
    func longWords() {
        let name = String(repeating: "x", count: 90)
        let listing = Listing("Indexes", ["index", "why"], [[.text(name), "asked for"]])
        let style = Style(usesColor: false)
        #expect(listing.table(width: 78, cutsWords: false).lines(style).contains { $0.contains(name) })
        #expect(listing.table(width: 78).lines(style).allSatisfy { $0.count <= 78 })
    }
}
