import Maintenance

/// One statement of a guide's SQL.
package struct SQLStatement: Sendable, Hashable {
    /// On one line, without comments and without the semicolon: what is sent to a server.
    package let text: String
    /// Where its first word stands.
    package var line: Int
    /// The comment lines directly above it.
    package var comments: [String]
    package var isEnded: Bool
    /// Words, numbers and signs outside of quotes, in upper case; a quoted text is `'`, a quoted name as it is.
    package let words: [String]

    fileprivate init(text: String, line: Int, comments: [String], isEnded: Bool) {
        self.text = text
        self.line = line
        self.comments = comments
        self.isEnded = isEnded
        words = Self.words(of: text)
    }

    /// In upper case: `SELECT`, `REINDEX`.
    package var verb: String { words.first ?? "" }

    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: UInt8?
        func end() {
            if !word.isEmpty { words.append(word.uppercased()) }
            word = ""
        }
        for byte in text.utf8 {
            if let open = quote {
                if byte == open {
                    quote = nil
                    if open == UInt8(ascii: "'") { words.append("'") } else { end() }
                } else if open == UInt8(ascii: "\"") {
                    word.unicodeScalars.append(Unicode.Scalar(byte))
                }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                end()
                quote = byte
            } else if byte == 0x5f || byte == 0x2e || byte >= 0x30 && byte <= 0x39
                || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a
                || byte >= 0x80
            {
                word.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                end()
                if byte != UInt8(ascii: " ") { words.append(String(Unicode.Scalar(byte))) }
            }
        }
        end()
        return words
    }

    /// Takes a script apart as psql does: quotes, dollar quotes, nested comments; lines that begin with a backslash are
    /// psql's own and left out (PostgreSQL manual, 4.1 and psql).
    package static func all(in text: String, line: Int) -> [SQLStatement] {
        var reader = SQLReader(text, line: line)
        return reader.statements()
    }
}

private struct SQLReader {
    private let bytes: [UInt8]
    private var position = 0
    private var line: Int
    private var text: [UInt8] = []
    private var begin = 0
    private var comments: [(text: String, line: Int)] = []
    private var found: [SQLStatement] = []

    init(_ text: String, line: Int) {
        bytes = Array(text.utf8)
        self.line = line
    }

    mutating func statements() -> [SQLStatement] {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "-") where isAhead("--"): comment(until: "\n")
            case UInt8(ascii: "/") where isAhead("/*"): blockComment()
            case UInt8(ascii: "\\") where text.isEmpty: skip(until: "\n")
            case UInt8(ascii: "'"), UInt8(ascii: "\""): quoted(byte)
            case UInt8(ascii: "$"): dollarQuoted()
            case UInt8(ascii: ";"):
                position += 1
                end(isEnded: true)
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                if !text.isEmpty, text.last != UInt8(ascii: " ") { text.append(UInt8(ascii: " ")) }
                step()
            default: take()
            }
        }
        end(isEnded: false)
        return found
    }

    private func isAhead(_ wanted: String) -> Bool { bytes[position...].starts(with: wanted.utf8) }

    private mutating func step() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func take() {
        if text.isEmpty { begin = line }
        text.append(bytes[position])
        step()
    }

    private mutating func skip(until end: String) {
        while position < bytes.count, !isAhead(end) { step() }
    }

    private mutating func comment(until end: String) {
        let from = position + 2
        let first = line
        skip(until: end)
        comments.append((String(decoding: bytes[from..<position], as: UTF8.self).trimmingWhitespace(), first))
    }

    private mutating func blockComment() {
        let from = position + 2
        var depth = 0
        repeat {
            if isAhead("/*") {
                depth += 1
                position += 2
            } else if isAhead("*/") {
                depth -= 1
                position += 2
            } else {
                step()
            }
        } while depth > 0 && position < bytes.count
        let to = max(from, min(position, bytes.count) - 2)
        comments.append((String(decoding: bytes[min(from, to)..<to], as: UTF8.self).trimmingWhitespace(), line))
    }

    private mutating func quoted(_ quote: UInt8) {
        let hasEscapes = quote == UInt8(ascii: "'") && (text.last.map { $0 | 0x20 == UInt8(ascii: "e") } ?? false)
        take()
        while position < bytes.count {
            if hasEscapes, bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { take() }
            let isEnd = bytes[position] == quote
            take()
            if isEnd { return }
        }
    }

    private mutating func dollarQuoted() {
        let name = bytes[(position + 1)...].prefix {
            $0 == 0x5f || $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a
        }
        let end = position + 1 + name.count
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), !(name.first.map { $0 <= 0x39 } ?? false) else {
            return take()
        }
        let tag = String(decoding: bytes[position...end], as: UTF8.self)
        for _ in tag.utf8 { take() }
        while position < bytes.count, !isAhead(tag) { take() }
        for _ in tag.utf8 where position < bytes.count { take() }
    }

    private mutating func end(isEnded: Bool) {
        let written = String(decoding: text, as: UTF8.self).trimmingWhitespace()
        text = []
        defer { comments = comments.filter { $0.line > begin } }
        guard !written.isEmpty else { return }
        var above: [String] = []
        var next = begin
        for comment in comments.filter({ $0.line < begin }).reversed() {
            guard comment.line == next - 1 else { break }
            above.insert(comment.text, at: 0)
            next = comment.line
        }
        found.append(SQLStatement(text: written, line: begin, comments: above, isEnded: isEnded))
    }
}
