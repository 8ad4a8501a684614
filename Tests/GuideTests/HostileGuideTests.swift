import Guide
import Testing

@Suite("a hostile guide")
struct HostileGuideTests {
    private func findings(_ text: String) throws -> [GuideFinding] {
        GuideChecking(try Guide(file: "a.md", bytes: Array(text.utf8))).findings()
    }

    @Test("that is too large or no text is refused with a reason")
    func refused() {
        #expect(throws: GuideError.self) { try Guide(file: "a.md", bytes: Array(repeating: 0x61, count: 50 << 20)) }
        #expect(throws: GuideError.self) { try Guide(file: "a.md", bytes: [0xff, 0xfe, 0x41]) }
        #expect(throws: GuideError.self) { try Guide(file: "a.md", bytes: [0x41, 0, 0x41]) }
    }

    /// Something repeated very often, with a name that a log can hold.
    struct Deep: CustomTestStringConvertible {
        var name: String
        var before = ""
        var part: String
        var count = 20_000

        var testDescription: String { name }
        var text: String { before + String(repeating: part, count: count) + "x" }
    }

    @Test(
        "is read to its end, however deep it is nested",
        arguments: [
            Deep(name: "quotes", part: "> "), Deep(name: "lists", part: "- "), Deep(name: "emphasis", part: "*a "),
            Deep(name: "brackets", part: "["), Deep(name: "substitutions", before: "```bash\n", part: "$("),
            Deep(name: "subshells", before: "```bash\n", part: "( "),
            Deep(name: "conditions", before: "```bash\n", part: "if a; then "),
            Deep(name: "quoted substitutions", before: "```bash\n", part: "\"$("),
            Deep(name: "defaults", before: "```bash\n", part: "${a:-"),
            Deep(name: "JSON", before: "```json\n", part: "["), Deep(name: "comments", before: "```sql\n", part: "/*"),
            Deep(name: "dollar quotes", before: "```sql\nSELECT $a$", part: "$b$"),
            Deep(name: "aliases", before: "```yaml\na: &a [x, x]\n", part: "b: &a [*a, *a, *a, *a]\n"),
            Deep(name: "cells", before: "|a|b|\n|-|-|\n", part: "|"),
            Deep(name: "headings of one name", part: "# a\n"),
            Deep(name: "links to nothing", part: "[a](#b)\n\n", count: 5_000),
            Deep(name: "a crontab", before: "```bash\n", part: "0 2 * * * a $B\n", count: 3_000),
            Deep(name: "indexes", before: "```sql\n", part: "create index i on t (a);\n", count: 3_000),
        ])
    func deep(_ guide: Deep) throws {
        _ = try findings(guide.text)
    }

    @Test("whose words would rewrite a terminal is shown in plain letters")
    func terminal() throws {
        let found = try findings("```bash\ncurl https://\u{1b}[2J<a\u{202e}b>\nrm -rf $X\u{7}/*\n```\n\nOwner: x\n")
        #expect(found.allSatisfy { !$0.problem.unicodeScalars.contains("\u{1b}") })
    }
}
