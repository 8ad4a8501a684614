import Command
import Engine
import Testing

@testable import Health

@Suite("findings about watching itself")
struct MonitorFindingPagesTests {
    @Test("each is explained, with what mends it")
    func explained() {
        let pages = MonitorFinding.pages
        #expect(pages.map(\.code) == MonitorFinding.allCases.map(\.rawValue))
        #expect(Set(pages.map(\.name)).count == pages.count)
        #expect(pages.allSatisfy { !$0.explanation.isEmpty && $0.facts.contains { $0.hasPrefix("mend: mainstay ") } })
    }
}
