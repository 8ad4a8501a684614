import Maintenance

/// One condition on one label, as Alertmanager writes it: `severity="critical"`, `environment=~"prod|staging"`.
///
/// A missing label counts as empty, so `team!="db"` also matches what has no team (Alertmanager, "Configuration",
/// section "Matcher").
package struct Matcher: Hashable, Sendable, Codable, CustomStringConvertible {
    package enum Operation: String, Codable, CaseIterable, Sendable {
        case equal = "="
        case unequal = "!="
        case matching = "=~"
        case notMatching = "!~"
    }

    package let name: String
    package let operation: Operation
    package let value: String
    /// Of the two operations that take one.
    private let pattern: Pattern?

    /// Throws where the value is a pattern that cannot be read.
    package init(_ name: String, _ operation: Operation, _ value: String) throws(PatternError) {
        self.name = name
        self.operation = operation
        self.value = value
        switch operation {
        case .equal, .unequal: pattern = nil
        case .matching, .notMatching: pattern = try Pattern(value)
        }
    }

    /// `name="value"`; it needs no pattern, so it cannot fail.
    package init(_ name: String, is value: String) {
        self.name = name
        operation = .equal
        self.value = value
        pattern = nil
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            try container.decode(String.self, forKey: .name), try container.decode(Operation.self, forKey: .operation),
            try container.decode(String.self, forKey: .value))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(operation, forKey: .operation)
        try container.encode(value, forKey: .value)
    }

    private enum CodingKeys: String, CodingKey { case name, operation, value }

    package func matches(_ labels: Labels) -> Bool {
        let found = labels[name]
        return switch operation {
        case .equal: found == value
        case .unequal: found != value
        case .matching: pattern?.matches(found) ?? false
        case .notMatching: !(pattern?.matches(found) ?? true)
        }
    }

    package var description: String { "\(name.printable)\(operation.rawValue)\"\(value.quotable.printable)\"" }
}

extension Sequence<Matcher> {
    /// Whether all of them match; true where there are none.
    package func match(_ labels: Labels) -> Bool { allSatisfy { $0.matches(labels) } }

    /// `{severity="critical", environment=~"prod.*"}`.
    package var text: String { "{" + map(\.description).joined(separator: ", ") + "}" }
}

extension String {
    /// With quotation marks and backslashes escaped, as between the quotation marks of a matcher.
    fileprivate var quotable: String {
        var text = ""
        for scalar in unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
