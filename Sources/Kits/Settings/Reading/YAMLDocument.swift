import Maintenance
import Yams

/// Reads one YAML or JSON text into a `Tree`, bounded in every direction before anything is made of it.
///
/// libyaml (in Yams) stops at 1,000 levels, and Yams puts aliases in the place of what they name while it composes, so a
/// "billion laughs" file would grow while it is read: anchors and aliases are therefore refused in the text, before.
struct YAMLDocument {
    static let maximumDepth = 32
    static let maximumValues = 100_000

    let file: String
    private let text: String

    init(_ text: String, file: String) {
        self.text = text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
        self.file = file
    }

    /// Nil where the document is empty. Throws the one problem that keeps it from being read.
    func tree() throws(ConfigurationError) -> Tree? {
        if let problem = aliasProblem { throw ConfigurationError([problem]) }
        let root: Node?
        do {
            root = try compose(yaml: text, .basic, .default, .utf8)
        } catch let error as YamlError {
            throw ConfigurationError([problem(for: error)])
        } catch {
            throw ConfigurationError([Problem("this cannot be read as YAML: \(error)", at: place(1, 1))])
        }
        guard let root else { return nil }
        var count = 0
        return try convert(root, depth: 0, &count)
    }

    private func convert(_ node: Node, depth: Int, _ count: inout Int) throws(ConfigurationError) -> Tree {
        let location = place(node.mark?.line ?? 1, node.mark?.column ?? 1)
        count += 1
        guard count <= Self.maximumValues else {
            throw ConfigurationError([
                Problem("this file holds more than \(Self.maximumValues.grouped) values", at: location)
            ])
        }
        guard depth <= Self.maximumDepth else {
            throw ConfigurationError([Problem("this is nested deeper than \(Self.maximumDepth) levels", at: location)])
        }
        switch node {
        case .scalar(let scalar):
            let tag = scalar.tag.description
            guard tag.isEmpty || tag.hasPrefix("tag:yaml.org,2002:str") || tag == "?" || tag == "!" else {
                throw ConfigurationError([
                    Problem(
                        "the tag \(Tree.quoted(tag)) is not supported", at: location, allowed: "values without tags")
                ])
            }
            guard !scalar.string.unicodeScalars.contains("\0") else { throw nul(at: location) }
            return Tree(
                value: .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any),
                location: location)
        case .sequence(let sequence):
            var items: [Tree] = []
            for item in sequence { items.append(try convert(item, depth: depth + 1, &count)) }
            return Tree(value: .list(items), location: location)
        case .mapping(let mapping):
            var entries: [Tree.Entry] = []
            for (key, value) in mapping {
                let keyLocation = place(key.mark?.line ?? 1, key.mark?.column ?? 1)
                guard case .scalar(let name) = key, !name.string.isEmpty else {
                    throw ConfigurationError([Problem("a key has to be text", at: keyLocation)])
                }
                guard name.string != "<<" || name.style != .plain else {
                    throw ConfigurationError([Problem(Self.noAnchors, at: keyLocation)])
                }
                guard !name.string.unicodeScalars.contains("\0") else { throw nul(at: keyLocation) }
                entries.append(
                    Tree.Entry(
                        key: name.string, location: keyLocation, value: try convert(value, depth: depth + 1, &count)))
            }
            return Tree(value: .mapping(entries), location: location)
        case .alias:
            throw ConfigurationError([Problem(Self.noAnchors, at: location)])
        }
    }

    /// A path with one would end there for the operating system, and mean another file.
    private func nul(at location: SourceLocation) -> ConfigurationError {
        ConfigurationError([Problem("a NUL character stands here", at: location)])
    }

    private static let noAnchors = "anchors, aliases and merge keys are not supported: write the value again"

    private func place(_ line: Int, _ column: Int) -> SourceLocation {
        SourceLocation(file: file, line: max(line, 1), column: max(column, 1))
    }
}

extension YAMLDocument {
    /// The first alias whose anchor is in the text too. `&` and `*` also stand in ordinary text, but hardly both before
    /// the same word.
    private var aliasProblem: Problem? {
        let bytes = Array(text.utf8)
        let anchors = Set(
            bytes.indices.filter { bytes[$0] == UInt8(ascii: "&") }.compactMap { Self.name(after: $0, bytes) })
        guard !anchors.isEmpty else { return nil }
        for index in bytes.indices where bytes[index] == UInt8(ascii: "*") {
            guard let name = Self.name(after: index, bytes), anchors.contains(name) else { continue }
            return Problem(Self.noAnchors, at: SourceLocation(after: bytes[..<index], file: file))
        }
        return nil
    }

    /// What libyaml takes for the name of an anchor or an alias: letters, digits, `-` and `_` up to white space or an
    /// indicator.
    private static func name(after index: Int, _ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let name = bytes[(index + 1)...].prefix {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard !name.isEmpty else { return nil }
        guard name.endIndex < bytes.endIndex else { return name }
        let next = bytes[name.endIndex]
        // Every byte outside ASCII may begin one of Unicode's line breaks.
        return " \t\r\n?:,]}%@`".utf8.contains(next) || next >= 0x80 ? name : nil
    }

    /// libyaml's error as one of ours, with the line it is in and a caret.
    private func problem(for error: YamlError) -> Problem {
        switch error {
        case .scanner(let context, let text, let mark, _), .parser(let context, let text, let mark, _),
            .composer(let context, let text, let mark, _):
            if context?.text.contains("expected a single document") ?? false {
                return Problem(
                    "a second document begins here", at: place(mark.line, mark.column), allowed: "one document")
            }
            return broken(text, context?.text, mark.line, mark.column)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let name = duplicates.first ?? ""
            return Problem(
                "the key \(Tree.quoted(name)) stands twice in one mapping",
                at: place(context.mark.line, context.mark.column),
                keyPath: name)
        case .reader(let text, _, _, _):
            return Problem("this cannot be read as YAML: \(text.lowercased())")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return Problem("this cannot be read as YAML: \(error)")
        }
    }

    private func broken(_ text: String, _ context: String?, _ line: Int, _ column: Int) -> Problem {
        let lines = self.text.split(omittingEmptySubsequences: false) { $0.isNewline }
        // libyaml puts what is missing at the end on a line after the last one.
        guard line <= lines.count else {
            return broken(text, context, lines.count, (lines.last?.unicodeScalars.count ?? 0) + 1)
        }
        let content = String(lines[max(line, 1) - 1])
        let character = content.unicodeScalars.dropFirst(column - 1).first
        var words = "this cannot be read as YAML: \(text.trimmingWhitespace())"
        if character == "\t" {
            words = "a tab stands here, and YAML is indented with spaces"
        } else if text.contains("nesting level") {
            words = "this is nested deeper than \(Self.maximumDepth) levels"
        } else if character == "*" {
            words = "a value that begins with '*' has to stand in quotes"
        } else if let character, "%@`".unicodeScalars.contains(character) {
            words = "a value that begins with '\(character)' has to stand in quotes"
        } else if let context, !context.isEmpty {
            words += " (\(context.trimmingWhitespace()))"
        }
        return Problem(words, at: place(line, column), excerpt: Self.excerpt(content, column))
    }

    /// The line, cut to what is around the place, and a caret under it; nothing where the line may hold a secret.
    static func excerpt(_ line: String, _ column: Int) -> [String] {
        let scalars = Array(line.unicodeScalars)
        guard !scalars.isEmpty, Redaction.text(line) == line else { return [] }
        let start = max(0, column - 61)
        let shown = scalars[min(start, scalars.count)...].prefix(100)
        var before = ""
        for scalar in shown.prefix(max(0, column - 1 - start)) { before += String(scalar).printable }
        var whole = ""
        for scalar in shown { whole += String(scalar).printable }
        return [whole, String(repeating: " ", count: before.count) + "^"]
    }
}
