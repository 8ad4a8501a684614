import Maintenance
import Settings
import Testing

@Suite("checklists in the configuration")
struct ChecklistSettingsTests {
    private func list(_ name: String, _ text: String) throws -> Checklist {
        let inventory = try inventory("environments: { test: {} }\nchecklists:\n  \(text)\n")
        let shipped = vocabulary.checklists.first { $0.name == name }
        return Checklist(try #require(inventory[checklist: name]), over: shipped)
    }

    @Test("what is not written of a shipped checklist stays, item by item, in its order")
    func overrides() throws {
        let list = try list(
            "morning",
            "morning: { items: { coffee: Coffee, alerts: { counts-for: 1h }, services: { task: health check } } }")
        #expect(list.items.map(\.name) == ["services", "alerts", "logs", "coffee"])
        #expect(list.items[0].answer == .task(["health", "check"]) && list.items[0].text == "All services operational")
        #expect(list.items[1].answer == .findings && list.items[1].severity == .critical)
        #expect(list.countsFor(list.items[1]) == .seconds(3_600))
        #expect(list.items[2] == vocabulary.checklists[0].items[2])
        #expect(list.items[3].answer == .person && list.items[3].text == "Coffee" && list.items[3].source == nil)
        #expect(list.cadence == .daily && list.summary == "the morning")
        #expect(list.countsFor(list.items[3]) == .seconds(86_400))
    }

    @Test("an answer of one's own has a severity of its own")
    func severity() throws {
        let list = try list("morning", "morning: { items: { alerts: { checks: connectivity } } }")
        #expect(list.items[1].severity == .warning)
        let other = try self.list("morning", "morning: { items: { alerts: { findings: info } } }")
        #expect(other.items[1].severity == .info)
    }

    @Test("an item that evidence answered may be given to people, and the other way round")
    func changesHands() throws {
        let list = try list(
            "morning", "morning: { items: { services: { manual: true }, logs: { checks: [connectivity] } } }")
        #expect(list.items[0].answer == .person && list.items[2].answer == .checks(["connectivity"]))
    }

    @Test("naming a shipped checklist puts it into use as it is")
    func putsIntoUse() throws {
        #expect(try list("morning", "morning: {}") == vocabulary.checklists[0])
    }
}
