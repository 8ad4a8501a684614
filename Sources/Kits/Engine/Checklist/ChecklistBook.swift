import Maintenance
import Settings

/// Every checklist there is, those of the configuration over the shipped ones, by the names people type.
package struct ChecklistBook: Sendable {
    package let inventory: Inventory
    /// By name.
    package let lists: [Checklist]
    let catalog: TaskCatalog
    let checks: [Check]

    package init(inventory: Inventory, shipped: [Checklist], catalog: TaskCatalog, checks: [Check]) {
        self.inventory = inventory
        self.catalog = catalog
        self.checks = checks
        let own = inventory.checklists.map { written in
            Checklist(written, over: shipped.first { $0.name == written.name })
        }
        let names = Set(own.map(\.name))
        lists = (own + shipped.filter { !names.contains($0.name) }).sorted { $0.name < $1.name }
    }

    /// The shipped ones are those that the catalog knows.
    init(inventory: Inventory, catalog: TaskCatalog) {
        self.init(
            inventory: inventory, shipped: catalog.checklists, catalog: catalog, checks: catalog.checks)
    }

    /// The one somebody means: a whole name, or the beginning of only one.
    package func list(_ name: String) throws(ChecklistError) -> Checklist {
        switch Self.meant(name, lists.map(\.name)) {
        case .one(let place): return lists[place]
        case .several(let names): throw .ambiguous(name, names)
        case .none(let nearest): throw .unknown(name, nearest: nearest)
        }
    }

    package func item(_ name: String, of list: Checklist) throws(ChecklistError) -> ChecklistItem {
        switch Self.meant(name, list.items.map(\.name)) {
        case .one(let place): return list.items[place]
        case .several(let names): throw .ambiguousItem(name, list: list.name, names)
        case .none(let nearest): throw .unknownItem(name, list: list.name, nearest: nearest)
        }
    }

    /// Where a checklist is kept, in the order of the configuration.
    package func environments(of list: Checklist) -> [String] {
        inventory.environments.map(\.name).filter { list.environments?.contains($0) ?? true }
    }

    /// Those that the team has put into use, by writing them down, or as a step of a routine.
    package var inUse: [Checklist] {
        let steps = inventory.routines.flatMap(\.steps).compactMap { step in
            if case .checklist(let name) = step.action { name } else { nil }
        }
        return lists.filter { inventory[checklist: $0.name] != nil || steps.contains($0.name) }
    }

    private enum Meant {
        case one(Int)
        case several([String])
        case none(nearest: String?)
    }

    private static func meant(_ name: String, _ known: [String]) -> Meant {
        if let exact = known.firstIndex(of: name) { return .one(exact) }
        let beginning = Array(name.utf8)
        let places = known.indices.filter { !beginning.isEmpty && known[$0].utf8.starts(with: beginning) }
        if places.count == 1 { return .one(places[0]) }
        return places.isEmpty ? .none(nearest: nearest(to: name, among: known)) : .several(places.map { known[$0] })
    }
}

extension ChecklistItem.Answer {
    /// Whether people may sign it.
    package var isPersonal: Bool { self == .person }
}

extension ChecklistItem {
    /// What answers it, as people read it: `'backup run --prove'`, `2 checks: host.cpu, host.memory`.
    package var answeredBy: String {
        switch answer {
        case .person: "a person"
        case .task(let words): "'\(words.map(\.shellQuoted).joined(separator: " "))'"
        case .checks(let names):
            "\(names.count == 1 ? "the check" : "the checks") \(names.joined(separator: ", "))"
        case .findings:
            "'health check', and no finding of \(severity.rawValue)\(severity == .critical ? "" : " or above")"
        }
    }
}
