import Maintenance

/// The configuration as it is in effect: all files in one, with every default, with the place each line comes from, and
/// without secrets. It is a configuration itself, and reads as the same inventory where no secret had to be hidden.
package struct EffectiveConfiguration: Sendable {
    private let declaration: ConfigurationSection

    package init(vocabulary: SettingsVocabulary) { declaration = ConfigurationSection(vocabulary: vocabulary) }

    package func text(_ inventory: Inventory) -> String {
        let output = declaration.section.format.write(inventory)
        var writer = YAMLWriter(locations: inventory.locations)
        writer.write(output)
        let body = writer.lines.joined(separator: "\n") + "\n"
        var head = "# From \(inventory.sourceFiles.map(\.printable).joined(separator: ", ")).\n"
        if body.contains(Redaction.mark) { head += "# '\(Redaction.mark)' stands for secrets that are not shown.\n" }
        return head + body + later(inventory)
    }

    /// What was accepted from a guide's file and has no key of its own.
    private func later(_ inventory: Inventory) -> String {
        var lines: [String] = []
        for environment in inventory.environments {
            for (check, setting) in environment.checks.sorted(by: { $0.key < $1.key }) {
                if let threshold = setting.alertThreshold {
                    lines.append(
                        "#   \(environment.name) \(check): alerts from \(threshold.value.rawValue) on"
                            + " (\(threshold.location))")
                }
            }
        }
        return lines.isEmpty ? "" : "# Kept for later:\n" + lines.joined(separator: "\n") + "\n"
    }
}

/// Block-style YAML 1.2, two spaces a level, with where each key was written behind it.
struct YAMLWriter {
    var lines: [String] = []
    var locations: [String: SourceLocation] = [:]

    mutating func write(_ output: Output) {
        guard case .mapping(let fields) = output else { return }
        write(fields, indent: "", keyPath: "")
    }

    private mutating func write(_ fields: [Output.Field], indent: String, keyPath: String) {
        for field in fields { write(field, indent: indent, first: indent, keyPath: keyPath) }
    }

    private mutating func write(_ field: Output.Field, indent: String, first: String, keyPath: String) {
        let path = keyPath.appending(key: field.key)
        let remark = remark(path, field.isStandard)
        let head = "\(first)\(Self.scalar(.text(field.key))):"
        switch field.value {
        case .plain, .text: lines.append("\(head) \(Self.scalar(field.value))\(remark)")
        case .mapping(let fields) where fields.isEmpty: lines.append("\(head) {}\(remark)")
        case .list(let items) where items.isEmpty: lines.append("\(head) []\(remark)")
        case .mapping(let fields):
            lines.append("\(head)\(remark)")
            write(fields, indent: indent + "  ", keyPath: path)
        case .list(let items):
            lines.append("\(head)\(remark)")
            for (index, item) in items.enumerated() {
                write(item, indent: indent + "  ", keyPath: path.appending(index: index))
            }
        }
    }

    private mutating func write(_ item: Output, indent: String, keyPath: String) {
        guard case .mapping(let fields) = item else {
            lines.append("\(indent)- \(Self.scalar(item))")
            return
        }
        for (index, field) in fields.enumerated() {
            write(field, indent: indent + "  ", first: indent + (index == 0 ? "- " : "  "), keyPath: keyPath)
        }
    }

    private func remark(_ path: String, _ isStandard: Bool) -> String {
        if let location = locations[path] { return "  # \(location)" }
        return isStandard ? "  # default" : ""
    }

    /// Without quotes where every YAML reader takes it for the same text.
    static func scalar(_ output: Output) -> String {
        switch output {
        case .plain(let text): text
        case .text(let text): isPlain(text) ? text : JSON.quoted(text)
        case .list(let items): "[\(items.map(scalar).joined(separator: ", "))]"
        case .mapping(let fields): "{\(fields.map { "\($0.key): \(scalar($0.value))" }.joined(separator: ", "))}"
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "none"]
        guard let first = text.utf8.first, text.utf8.last != UInt8(ascii: " "), text.utf8.last != UInt8(ascii: ":"),
            isLetter(first) || first == UInt8(ascii: "/"), !words.contains(text.lowercased())
        else { return false }
        return !text.contains(": ") && !text.contains(" #")
            && text.utf8.allSatisfy { isLetter($0) || "0123456789 /._-:@=+".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
