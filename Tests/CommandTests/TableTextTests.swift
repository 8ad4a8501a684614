import Maintenance
import Testing

@testable import Command

@Suite("tables on a terminal")
struct TableTextTests {
    private static let plain = Style(usesColor: false)

    @Test("fold what is prose to the width, and lose no word of it")
    func folds() {
        let listing = Listing(
            "Indexes", ["index", Listing.Column("size", .bytes), "how it is known"],
            [
                [
                    "public.orders_customer_id_created_at_idx", 10_485_760,
                    "unknown: statistics are stale, and the keys of sampled pages would tell nothing",
                ]
            ])
        let lines = listing.table(width: 78).lines(Self.plain)
        #expect(lines.allSatisfy { $0.count <= 78 }, "\(lines.joined(separator: "\n"))")
        let words = lines.flatMap { $0.split(separator: " ").map(String.init) }
        for word in listing.rows[0][2].description.split(separator: " ") {
            #expect(words.contains(String(word)), "\(word)")
        }
        #expect(words.contains("public.orders_customer_id_created_at_idx"))
    }

    @Test("go on in further lines under a long heading")
    func headings() {
        let table = Listing(
            "By user", ["user", Listing.Column("idle in transaction", .count)], [["app", 3]]
        ).table(width: 18)
        #expect(
            table.lines(Self.plain) == ["user       idle in", "       transaction", "app              3"])
    }

    @Test("are as wide as it takes where there is no terminal: a line is a row for programs that read lines")
    func unlimited() {
        let text = String(repeating: "word ", count: 40) + "end"
        let listing = Listing("Settings", ["setting", "why"], [["a", .text(text)]])
        #expect(listing.table(width: nil).lines(Self.plain).count == 2)
    }
}
