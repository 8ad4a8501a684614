import Command
import Engine
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@testable import mainstay

@Suite("the shipped checklists")
struct ShippedChecklistTests {
    private let application = Mainstay.application([:])
    private var items: [(list: String, item: ChecklistItem)] {
        application.checklists.flatMap { list in list.items.map { (list.name, $0) } }
    }

    @Test("the guides have 63 items, and each stands in exactly one checklist, word for word")
    func coverTheGuides() {
        #expect(GuideItems.all.count == 63)
        #expect(Set(GuideItems.all).count == 63)
        for wanted in GuideItems.all {
            let found = items.filter { $0.item.source == wanted.source }
            #expect(found.count == 1, "\(wanted.source) stands in \(found.map(\.list))")
            #expect(found.first?.item.text == wanted.text)
        }
        let sources = Set(GuideItems.all.map(\.source))
        for (list, item) in items {
            #expect(sources.contains(item.source ?? ""), "\(list)/\(item.name) stands for nothing")
        }
    }

    @Test("a checklist holds the items of one guide, one after the other")
    func keepTogether() {
        for list in application.checklists {
            let places = list.items.compactMap { $0.source?.split(separator: ":") }
            #expect(Set(places.map { $0[0] }).count == 1, "\(list.name)")
            let lines = places.compactMap { Int($0[1]) }
            #expect(lines == Array((lines.first ?? 0)..<((lines.first ?? 0) + list.items.count)), "\(list.name)")
        }
    }

    @Test("names are told apart, and what answers an item is there")
    func areSound() throws {
        #expect(Set(application.checklists.map(\.name)).count == application.checklists.count)
        for list in application.checklists {
            #expect(Set(list.items.map(\.name)).count == list.items.count, "\(list.name)")
            #expect(list.countsFor == nil && list.environments == nil && !list.summary.isEmpty)
        }
        var answered = 0
        for (list, item) in items {
            switch item.answer {
            case .person: break
            case .task(let words):
                answered += 1
                #expect(throws: Never.self, "\(list)/\(item.name)") { try application.catalog.parse(words) }
            case .checks(let names):
                answered += 1
                let known = application.checks.map(\.name)
                #expect(!names.isEmpty && names.allSatisfy(known.contains), "\(list)/\(item.name): \(names)")
            case .findings: answered += 1
            }
        }
        #expect(answered == 31)
        #expect(try application.catalog.parse(["health", "check"]).declaration.subject == .environments)
    }

    @Test("what a task answers, a shipped routine does with the same options")
    func areDoneByRoutines() {
        let done = Set(application.routines.flatMap(\.steps))
        for (list, item) in items {
            guard case .task(let words) = item.answer else { continue }
            #expect(done.contains(words), "\(list)/\(item.name): \(words)")
        }
    }

    @Test("an answer counts for a whole period, and 24 hours where there is none")
    func countForAPeriod() {
        let spans = Checklist.Cadence.allCases.map(\.countsFor)
        #expect(spans == [1, 7, 31, 92, 1].map { .seconds($0 * 86_400) })
    }
}
