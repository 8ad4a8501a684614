import Guide
import Testing

@Suite("what stands in a guide")
struct ReadingGuidesTests {
    @Test("every command of the five guides is found at its line, and nothing else is taken for one")
    func commands() throws {
        var found: Set<TheFiveGuides.Row> = []
        for name in TheFiveGuides.names {
            for procedure in try TheFiveGuides.guide(name).procedures {
                for entry in procedure.entries where entry.isCommand {
                    found.insert(.init(guide: name, line: entry.line, command: entry.text))
                }
            }
        }
        let expected = Set(try TheFiveGuides.rows())
        #expect(expected.count == 307)
        for row in expected.subtracting(found).sorted(by: { $0.line < $1.line }) {
            Issue.record("not found: \(row.guide):\(row.line) \(row.command)")
        }
        for row in found.subtracting(expected).sorted(by: { $0.line < $1.line }) {
            Issue.record("no command: \(row.guide):\(row.line) \(row.command)")
        }
    }
}
