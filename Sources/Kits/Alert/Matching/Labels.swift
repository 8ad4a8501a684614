import Maintenance

/// The names and values an alert is known by; two alerts with equal labels are the same alert.
///
/// An empty value and a missing name are the same thing, as in Prometheus' data model. Hostile text.
package struct Labels: Hashable, Sendable, Codable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    package let values: [String: String]

    package init(_ values: [String: String]) {
        self.values = values.filter { !$0.value.isEmpty }
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(Dictionary(elements) { _, last in last })
    }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([String: String].self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// Empty where the name is missing.
    package subscript(name: String) -> String { values[name] ?? "" }

    package var names: [String] { values.keys.sorted() }

    /// Those of the names that are there.
    package func only(_ names: some Sequence<String>) -> Labels {
        var kept: [String: String] = [:]
        for name in names { kept[name] = values[name] }
        return Labels(kept)
    }

    /// 32 hexadecimal digits over all names and values.
    package var fingerprint: String {
        var digest = CanonicalDigest()
        for name in names { digest.add([name, self[name]]) }
        return String(digest.hexadecimal.prefix(32))
    }

    /// `{environment="production", resource="main"}`, sorted by name; printable.
    package var description: String {
        "{" + names.map { "\($0.printable)=\"\(self[$0].printable)\"" }.joined(separator: ", ") + "}"
    }
}

extension Labels {
    /// The names that alerts of Mainstay's own checks and findings have.
    package enum Name {
        /// What is wrong: a finding's code.
        package static let alert = "alert"
        package static let severity = "severity"
        package static let environment = "environment"
        package static let resource = "resource"
        package static let object = "object"
    }

    /// Nil where an alert of somebody else has none that is understood.
    package var severity: Severity? { Severity(rawValue: self[Name.severity]) }
}
