import Guide
import Testing

@Suite("what a team allows in its guide")
struct WaiverTests {
    private static let block = "```bash\nnpm audit fix --force\n```\n"

    private func weigh(_ text: String, today: String = "2026-11-22") throws -> (open: [String], waived: [String]) {
        let checking = GuideChecking(try Guide(file: "a.md", bytes: Array("Owner: ann\n\n\(text)".utf8)))
        let (open, waived) = checking.weighed(checking.findings(), today: today)
        return (open.map { "\($0.rule.rawValue):\($0.line)" }, waived.map { "\($0.0.rule.rawValue):\($0.0.line)" })
    }

    private static func waiver(_ rule: String = "GU010", until: String = "2026-11-22") -> String {
        "<!-- mainstay: allow \(rule) reason=\"staging only\" owner=\"ann\" until=\(until) -->\n\n"
    }

    @Test("counts up to the next heading, and to the end of its last day")
    func counts() throws {
        let inside = try weigh(Self.waiver() + Self.block)
        #expect(inside.open == [] && inside.waived == ["GU010:6"])
        let behind = try weigh(Self.waiver() + "## Next\n\n" + Self.block)
        #expect(behind.open == ["GU090:3", "GU010:8"] && behind.waived == [])
    }

    @Test("that has expired allows nothing, and is told")
    func expired() throws {
        let (open, waived) = try weigh(Self.waiver(until: "2026-11-21") + Self.block)
        #expect(open == ["GU091:3", "GU010:6"] && waived == [])
    }

    @Test("that matches nothing is told")
    func useless() throws {
        #expect(try weigh(Self.waiver("GU011") + Self.block).open == ["GU090:3", "GU010:6"])
    }

    @Test(
        "that lacks something allows nothing",
        arguments: [
            "<!-- mainstay: allow GU010 owner=\"ann\" until=2027-01-01 -->",
            "<!-- mainstay: allow GU010 reason=\"x\" until=2027-01-01 -->",
            "<!-- mainstay: allow GU010 reason=\"x\" owner=\"ann\" -->",
            "<!-- mainstay: allow GU010 reason=\"x\" owner=\"ann\" until=2027-02-30 -->",
            "<!-- mainstay: allow GU999 reason=\"x\" owner=\"ann\" until=2027-01-01 -->",
            "<!-- mainstay: ignore GU010 -->",
        ])
    func malformed(_ remark: String) throws {
        #expect(try weigh("\(remark)\n\n\(Self.block)").open == ["GU092:3", "GU010:6"])
    }

    @Test("other comments are nobody's business")
    func others() throws {
        #expect(try weigh("<!-- TODO: allow more -->\n\n\(Self.block)").open == ["GU010:6"])
    }
}
