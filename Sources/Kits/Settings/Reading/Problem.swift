import Maintenance

/// One thing that is wrong in the configuration.
package struct Problem: Sendable, Hashable {
    /// Nil where the file itself is the problem.
    package var location: SourceLocation?
    /// `environments.production.resources.main.timeout`; empty where no key is meant. Hostile text.
    package var keyPath: String
    /// One clause: what was found, the value in single quotes. Hostile text, without secrets.
    package var text: String
    /// What may stand there instead.
    package var allowed: String?
    /// What is probably meant.
    package var nearest: String?
    /// The line of the file with a caret under the place, where the file cannot be read as YAML at all.
    package var excerpt: [String]
    /// Whether it is right in itself, and only not supported yet.
    package var isPlanned = false

    package init(
        _ text: String, at location: SourceLocation? = nil, keyPath: String = "", allowed: String? = nil,
        nearest: String? = nil, excerpt: [String] = []
    ) {
        self.location = location
        self.keyPath = keyPath
        self.text = text
        self.allowed = allowed
        self.nearest = nearest
        self.excerpt = excerpt
    }

    /// `mainstay.yaml:3:9: environments.test.protectd: unknown key 'protectd' (did you mean 'protected'?)`.
    package var line: String {
        var line = location.map { "\($0): " } ?? ""
        if !keyPath.isEmpty { line += "\(keyPath.printable): " }
        line += text.printable
        let additions = [
            nearest.map { "did you mean '\($0.printable)'?" }, allowed.map { "allowed: \($0.printable)" },
        ].compactMap(\.self)
        return additions.isEmpty ? line : "\(line) (\(additions.joined(separator: " ")))"
    }
}

/// A configuration that cannot be used, with all that is wrong in it.
package struct ConfigurationError: MaintenanceError {
    /// At least one, in the order of the files.
    package var problems: [Problem]

    package init(_ problems: [Problem]) { self.problems = problems }

    package var code: String { "configuration.invalid" }

    /// The one problem; or how many there are, and then each on a line of its own.
    package var problem: String {
        let lines = problems.map { ([$0.line] + $0.excerpt.map { "    \($0)" }).joined(separator: "\n") }
        guard problems.count > 1 else { return lines.first ?? "the configuration is wrong" }
        return (["the configuration has \(problems.count) problems"] + lines.map { "  \($0)" }).joined(separator: "\n")
    }

    package var hint: String? { "Run 'mainstay config check' after mending; 'mainstay config schema' helps an editor." }
    package var exitStatus: ExitStatus { .configuration }
}
