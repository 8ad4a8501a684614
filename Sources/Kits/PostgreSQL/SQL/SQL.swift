import Maintenance

/// One statement, or a part of one, built by interpolation: a value becomes a bound parameter, a name is quoted, another
/// `SQL` is spliced in. There is no way from a plain string into a statement but `SQL(trusted:)`, so a search for that
/// name lists every place where text is believed.
///
///     let sql: SQL = "select \(identifier: column) from \(relation: table) where id = \(id)"
///
/// A parameter is bound without a type, as a quoted literal in its place would be, so the server infers it from the
/// context; write `\(value)::bigint` where there is none.
package struct SQL: Hashable, Sendable {
    /// What a statement is made of; a part keeps its parameters, so that splices renumber themselves.
    enum Fragment: Hashable, Sendable {
        case text(String)
        case parameter(SQLParameter)
    }

    var fragments: [Fragment]

    init(fragments: [Fragment]) { self.fragments = fragments }

    /// Text that is believed: a statement read from a team's own file, or SQL that the server itself wrote
    /// (`pg_get_indexdef`). Never a name or a value.
    package init(trusted text: String) { fragments = text.isEmpty ? [] : [.text(text)] }

    /// The statement as the server gets it, parameters as `$1`, `$2`, ….
    package var text: String {
        var number = 0
        return rendered { _ in
            number += 1
            return "$\(number)"
        }
    }

    /// What is bound to `$1`, `$2`, …; its text form, nil for NULL.
    package var parameters: [SQLParameter] {
        fragments.compactMap {
            if case .parameter(let parameter) = $0 { parameter } else { nil }
        }
    }

    /// The statement with its values written as literals: what is shown to people, and how a command that takes no
    /// parameters (DDL, SET, VACUUM) is run. Right whatever `standard_conforming_strings` says.
    package var literalText: String { rendered(\.literal) }

    /// The same statement without parameters.
    package var inlined: SQL { SQL(trusted: literalText) }

    package var isEmpty: Bool { fragments.isEmpty }

    /// A parameter that would melt into a neighbour (`a$1`, `$15`, `'a''b'`) is kept apart by a space.
    private func rendered(_ parameter: (SQLParameter) -> String) -> String {
        var result = ""
        var endsInParameter = false
        for fragment in fragments {
            switch fragment {
            case .text(let text):
                if endsInParameter, text.startsInWord { result.append(" ") }
                result.append(text)
                endsInParameter = false
            case .parameter(let value):
                if result.endsInWord { result.append(" ") }
                result.append(parameter(value))
                endsInParameter = true
            }
        }
        return result
    }

    package static func + (left: SQL, right: SQL) -> SQL { SQL(fragments: left.fragments + right.fragments) }

    package static func += (left: inout SQL, right: SQL) { left.fragments += right.fragments }
}

extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: StaticString) { self.init(trusted: value.description) }

    package init(stringInterpolation: StringInterpolation) { fragments = stringInterpolation.fragments }

    package struct StringInterpolation: StringInterpolationProtocol {
        var fragments: [Fragment] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            fragments.reserveCapacity(2 * interpolationCount + 1)
        }

        package mutating func appendLiteral(_ literal: StaticString) { append(literal.description) }

        /// Bound as a parameter.
        package mutating func appendInterpolation(_ value: some SQLValue) {
            fragments.append(.parameter(value.parameter))
        }

        /// Bound as a parameter; nil is NULL.
        package mutating func appendInterpolation(_ value: (some SQLValue)?) {
            fragments.append(.parameter(value?.parameter ?? .null))
        }

        /// Spliced in as it is, with its parameters.
        package mutating func appendInterpolation(_ sql: SQL) { fragments += sql.fragments }

        /// One name, quoted: `Order "x"` is written `"Order ""x"""`.
        package mutating func appendInterpolation(identifier name: String) { append(word: name.quotedIdentifier) }

        /// Several names, quoted, with commas between: the columns of a COPY.
        package mutating func appendInterpolation(identifiers names: [String]) {
            append(word: names.map(\.quotedIdentifier).joined(separator: ", "))
        }

        /// A table, view, index, sequence, function or type with its schema, both quoted.
        package mutating func appendInterpolation(relation name: QualifiedName) { append(word: name.quoted) }

        /// Written into the text as a quoted literal, for commands that take no parameters.
        package mutating func appendInterpolation(literal value: some SQLValue) {
            append(word: value.parameter.literal)
        }

        /// Whole numbers that stand for themselves where the grammar takes no parameter and no string: `interval`
        /// precision, `FETCH 100`, a GUC's number.
        package mutating func appendInterpolation(number value: some BinaryInteger) { append(word: String(value)) }

        private mutating func append(word: String) {
            if case .text(let last) = fragments.last, last.endsInWord { append(" ") }
            if case .parameter = fragments.last { append(" ") }
            append(word)
        }

        private mutating func append(_ text: String) {
            guard !text.isEmpty else { return }
            if case .text(let last) = fragments.last {
                fragments[fragments.count - 1] = .text(last + text)
            } else {
                fragments.append(.text(text))
            }
        }
    }
}

extension Sequence<SQL> {
    /// All parts with the separator between them.
    package func joined(separator: SQL) -> SQL {
        var result = SQL(fragments: [])
        for (index, part) in enumerated() {
            if index > 0 { result += separator }
            result += part
        }
        return result
    }
}

extension String {
    /// Whether what follows without a space would be read as part of the last word, literal or quoted name.
    fileprivate var endsInWord: Bool { utf8.last?.isPartOfWord ?? false }

    fileprivate var startsInWord: Bool { utf8.first?.isPartOfWord ?? false }

    /// In double quotes, with those inside doubled. PostgreSQL reads any name but the empty one so.
    package var quotedIdentifier: String { "\"\(replacingBytes(of: "\"", with: "\"\""))\"" }

    /// As a string literal: `'it''s'`, and `E'a\\b'` where there is a backslash, so that it means the same whatever
    /// `standard_conforming_strings` says (PostgreSQL manual, "String Constants with C-Style Escapes").
    package var quotedLiteral: String {
        let doubled = replacingBytes(of: "'", with: "''")
        guard doubled.containsBytes("\\") else { return "'\(doubled)'" }
        return "E'\(doubled.replacingBytes(of: "\\", with: "\\\\"))'"
    }
}

extension UInt8 {
    /// A letter, a digit, `_`, `$`, a quote of either kind, or a byte of a character beyond ASCII.
    fileprivate var isPartOfWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "'"),
            UInt8(ascii: "\""), 0x80...0xFF:
            true
        default: false
        }
    }
}
