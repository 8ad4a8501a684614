import Alert
import Maintenance
import Settings

/// Names in a silence that nothing in the configuration has: a mistake that would be noticed when the message comes.
struct SilenceSpelling {
    private let inventory: Inventory

    init(_ inventory: Inventory) { self.inventory = inventory }

    /// One clause for each matcher that can cover nothing of what is configured; patterns are asked whether they match
    /// any name.
    func problems(_ matchers: [Matcher]) -> [String] {
        matchers.compactMap { matcher in
            guard [.equal, .matching].contains(matcher.operation), let names = names(matcher.name),
                !matcher.matches([:]),
                !names.contains(where: { matcher.matches(Labels([matcher.name: $0])) })
            else { return nil }
            let near = nearest(to: matcher.value, among: names).map { "; did you mean '\($0.printable)'?" } ?? ""
            return "no \(noun(matcher.name)) of the configuration is '\(matcher.value.printable)'\(near)"
        }
    }

    /// Nil for labels whose values are not the configuration's.
    private func names(_ label: String) -> [String]? {
        switch label {
        case Labels.Name.environment: return inventory.environments.map(\.name)
        case Labels.Name.resource: return Set(inventory.environments.flatMap { $0.resources.map(\.name) }).sorted()
        case Labels.Name.severity: return Severity.allCases.map(\.rawValue)
        case Labels.Name.alert, Labels.Name.object: return nil
        default:
            // A label that no environment has may be one of an alert from outside.
            let values = Set(inventory.environments.compactMap { $0.labels[label] }).sorted()
            return values.isEmpty ? nil : values
        }
    }

    private func noun(_ label: String) -> String {
        [Labels.Name.environment, Labels.Name.resource, Labels.Name.severity].contains(label)
            ? label : "label '\(label.printable)'"
    }
}
