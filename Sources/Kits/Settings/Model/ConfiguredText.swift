import Maintenance

/// A value as it is written, which may come from elsewhere: text with `${VARIABLE}` or `${VARIABLE:-otherwise}` in it,
/// or as a whole `file:/path` or `command:shell line`.
///
/// It prints without secrets, whatever prints it; what it stands for is only known to `resolve`.
package struct ConfiguredText: Sendable, Hashable {
    package var source: Source
    /// Which part of it is a secret.
    package var secrecy: Secrecy
    package var location: SourceLocation
    private var written: String

    package enum Source: Sendable, Hashable {
        case template([Piece])
        /// Absolute path.
        case file(String)
        /// A shell line whose standard output is the value.
        case command(String)
    }

    package enum Piece: Sendable, Hashable {
        case literal(String)
        case variable(String, otherwise: String?)
    }

    package enum Secrecy: Sendable, Hashable {
        /// The password of a URL, and parameters that carry one.
        case url
        /// The same in a URL behind a word, as restic writes it: `rest:https://user:•••@host/`. What is no URL holds none.
        case repository
        /// `password=…` of a libpq keyword string.
        case keywords
        /// All of it.
        case whole
    }

    /// Throws a `MalformedText`, whose message never holds the text itself.
    package init(_ text: String, secrecy: Secrecy, location: SourceLocation) throws(MalformedText) {
        guard !text.contains("•••") else { throw .hidden }
        if text.hasPrefix("file:") {
            let path = String(text.dropFirst(5)).trimmingWhitespace()
            guard path.hasPrefix("/") else { throw .relativePath }
            source = .file(path)
        } else if text.hasPrefix("command:") {
            let line = String(text.dropFirst(8)).trimmingWhitespace()
            guard !line.isEmpty else { throw .emptyCommand }
            source = .command(line)
        } else {
            source = .template(try Self.pieces(of: text))
        }
        self.secrecy = secrecy
        self.location = location
        written = text
    }

    /// The text itself where nothing in it comes from elsewhere.
    package var literal: String? {
        guard case .template(let pieces) = source else { return nil }
        var result = ""
        for piece in pieces {
            guard case .literal(let text) = piece else { return nil }
            result += text
        }
        return result
    }

    /// The text before anything that comes from elsewhere.
    package var literalPrefix: String {
        guard case .template(let pieces) = source, case .literal(let text)? = pieces.first else { return "" }
        return text
    }

    /// Whether a secret stands in the configuration itself, where everybody who reads the file sees it.
    package var holdsSecret: Bool { description != written }

    /// With `environment` filled in; `file:` and `command:` are not its matter. Throws the names that are not set.
    package func filled(from environment: [String: String]) throws(MissingVariables) -> String? {
        guard case .template(let pieces) = source else { return nil }
        var text = ""
        var missing: [String] = []
        for piece in pieces {
            switch piece {
            case .literal(let literal): text += literal
            case .variable(let name, let otherwise):
                // As in a shell, `:-` also stands in for a variable that is set to nothing.
                let value = environment[name].flatMap { $0.isEmpty && otherwise != nil ? nil : $0 } ?? otherwise
                if let value { text += value } else if !missing.contains(name) { missing.append(name) }
            }
        }
        guard missing.isEmpty else { throw MissingVariables(names: missing, location: location) }
        return text
    }

    private static func pieces(of text: String) throws(MalformedText) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else { throw .unclosedVariable }
                let inside = rest[..<end].dropFirst(2)
                let name = inside.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
                let tail = inside.dropFirst(name.count)
                guard let first = name.first, !first.isNumber, tail.isEmpty || tail.hasPrefix(":-") else {
                    throw .invalidVariable
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.variable(String(name), otherwise: tail.isEmpty ? nil : String(tail.dropFirst(2))))
                rest = rest[end...].dropFirst()
            } else {
                literal.append(rest.removeFirst())
            }
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }
}

extension ConfiguredText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// As written, with secrets replaced by `•••`; where a secret comes from is not one.
    package var description: String {
        guard case .template(let pieces) = source else { return written }
        switch secrecy {
        case .url: return Redaction.url(written)
        case .repository: return Redaction.text(written)
        case .keywords: return Redaction.keywords(written)
        case .whole: return pieces.map { Redaction.piece($0) }.joined()
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["text": description], displayStyle: .struct) }
}

/// Text that cannot be a configured value.
package enum MalformedText: Error, Sendable, Hashable {
    case relativePath, emptyCommand, unclosedVariable, invalidVariable
    /// `•••` is what `config show` writes for a secret.
    case hidden

    package var problem: String {
        switch self {
        case .relativePath: "the path after 'file:' has to begin with '/'"
        case .emptyCommand: "'command:' names no command"
        case .unclosedVariable: "'${' has no closing '}' (write '$${' where '${' itself is meant)"
        case .invalidVariable: "a variable is written ${NAME} or ${NAME:-otherwise}, NAME of letters, digits and '_'"
        case .hidden: "'•••' stands for a secret that was hidden; write where it comes from instead"
        }
    }
}

/// Environment variables that a value needs and that are not set.
package struct MissingVariables: MaintenanceError {
    package var names: [String]
    package var location: SourceLocation

    package var code: String { "configuration.variable-missing" }
    package var problem: String {
        let list = names.map { "'\($0)'" }.joined(separator: ", ")
        return names.count == 1
            ? "the environment variable \(list), needed at \(location), is not set"
            : "the environment variables \(list), needed at \(location), are not set"
    }
    package var hint: String? {
        "Set it before Mainstay starts (export \(names.first ?? "")=…), or write a value for its absence: "
            + "${\(names.first ?? ""):-…}"
    }
    package var exitStatus: ExitStatus { .configuration }
}
