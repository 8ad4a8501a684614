import PostgreSQL

/// The statements of a dump that are about the database itself, as pg_restore prints them, for a database of another
/// name. pg_restore runs them with `--create` only, and then under the name of the source.
///
/// Read by bytes, the way pg_dump writes: standard strings, `E'…'` where there is a backslash, names in double quotes
/// where they need them, psql's own commands on lines of their own between statements.
struct ArchiveScript {
    /// Makes the database; nil where the dump has none.
    private(set) var creation: String?
    /// What follows once it is there: owner, settings, comment, grants.
    private(set) var properties: [String] = []

    /// - Parameters:
    ///   - text: what `pg_restore --create --file=-` printed.
    ///   - source: the database's name in the dump.
    ///   - name: what it shall be called.
    init(_ text: String, of source: String, as name: String) {
        for statement in Self.statements(Array(text.utf8)) {
            let words = statement.compactMap { piece in
                if case .word(let word) = piece.kind { word } else { nil }
            }
            guard let first = words.first else { continue }
            let (renamed, isAboutIt) = Self.rename(statement, from: source, to: name)
            switch first {
            case "create": creation = creation ?? (isAboutIt ? renamed : nil)
            // Grants by somebody else than the owner stand between these two.
            case "set" where words.starts(with: ["set", "session", "authorization"]): properties.append(renamed)
            case "reset" where words.starts(with: ["reset", "session", "authorization"]): properties.append(renamed)
            default: if isAboutIt { properties.append(renamed) }
            }
        }
    }

    private struct Piece {
        enum Kind {
            /// Bare, in lowercase.
            case word(String)
            /// What stands in double quotes, unquoted.
            case name(String)
            case space, other
        }

        var kind: Kind
        var text: ArraySlice<UInt8>
    }

    /// The name behind the first `DATABASE` replaced, where it is the source's.
    private static func rename(
        _ statement: [Piece], from source: String, to name: String
    ) -> (text: String, isAboutIt: Bool) {
        var bytes: [UInt8] = []
        var isAboutIt = false
        var isExpected = false
        for piece in statement {
            switch piece.kind {
            case .word(let found) where !isExpected && !isAboutIt && found == "database": isExpected = true
            case .word(let found), .name(let found):
                if isExpected, found.utf8.elementsEqual(source.utf8) {
                    bytes += Array(name.quotedIdentifier.utf8)
                    isAboutIt = true
                    isExpected = false
                    continue
                }
                isExpected = false
            case .space: break
            case .other: isExpected = false
            }
            bytes += piece.text
        }
        return (String(decoding: bytes, as: UTF8.self), isAboutIt)
    }

    private static func statements(_ bytes: [UInt8]) -> [[Piece]] {
        var statements: [[Piece]] = []
        var statement: [Piece] = []
        var position = 0
        while position < bytes.count {
            let start = position
            let byte = bytes[position]
            if byte == UInt8(ascii: ";") {
                position += 1
                statements.append(statement)
                statement = []
                continue
            }
            let isComment = bytes[position...].starts(with: "--".utf8)
            if isComment || byte == UInt8(ascii: "\\") && statement.isEmpty {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
                continue
            }
            let kind = next(bytes, &position)
            // White space before a statement would keep it from being empty.
            if case .space = kind, statement.isEmpty { continue }
            statement.append(Piece(kind: kind, text: bytes[start..<position]))
        }
        return statements
    }

    private static func next(_ bytes: [UInt8], _ position: inout Int) -> Piece.Kind {
        let start = position
        position += 1
        switch bytes[start] {
        case UInt8(ascii: " "), 9...13: return .space
        case UInt8(ascii: "'"):
            let isEscaping = start > 0 && bytes[start - 1] | 0x20 == UInt8(ascii: "e")
            _ = quoted(bytes, &position, by: bytes[start], isEscaping: isEscaping)
            return .other
        case UInt8(ascii: "\""):
            return .name(
                String(decoding: quoted(bytes, &position, by: bytes[start], isEscaping: false), as: UTF8.self))
        case let byte where byte.isPartOfWord:
            while position < bytes.count, bytes[position].isPartOfWord { position += 1 }
            let word = bytes[start..<position].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            return .word(String(decoding: word, as: UTF8.self))
        default: return .other
        }
    }

    /// Up to the closing quote; what stands between, with doubled quotes undone.
    private static func quoted(
        _ bytes: [UInt8], _ position: inout Int, by quote: UInt8, isEscaping: Bool
    ) -> [UInt8] {
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            if isEscaping, byte == UInt8(ascii: "\\") {
                position += 2
            } else if byte != quote {
                content.append(byte)
                position += 1
            } else if position + 1 < bytes.count, bytes[position + 1] == quote {
                content.append(byte)
                position += 2
            } else {
                position += 1
                break
            }
        }
        return content
    }
}

extension UInt8 {
    fileprivate var isPartOfWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
            true
        default: false
        }
    }
}
