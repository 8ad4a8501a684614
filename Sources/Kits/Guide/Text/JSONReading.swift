import Maintenance

/// Whether a text is JSON (RFC 8259), with `//` and `/* */` comments as the guides have them; what is wrong, and where.
package struct JSONReading {
    package struct Mistake: Error, Hashable {
        /// One clause.
        package var text: String
        package var line: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line: Int
    private var depth = 0

    /// Nil where it can be read.
    package static func mistake(in text: String, line: Int) -> Mistake? {
        var reading = JSONReading(bytes: Array(text.utf8), line: line)
        do throws(Mistake) {
            try reading.value()
            try reading.skipBlanks()
            if reading.position < reading.bytes.count { throw reading.wrong("something stands behind the end") }
            return nil
        } catch {
            return error
        }
    }

    private init(bytes: [UInt8], line: Int) {
        self.bytes = bytes
        self.line = line
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func wrong(_ text: String) -> Mistake { Mistake(text: text, line: line) }

    private func isAhead(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func step() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func skipBlanks() throws(Mistake) {
        while let byte {
            if " \t\r\n".utf8.contains(byte) {
                step()
            } else if isAhead("//") {
                while let byte = self.byte, byte != UInt8(ascii: "\n") { position += 1 }
            } else if isAhead("/*") {
                let first = line
                while !isAhead("*/") {
                    guard position < bytes.count else { throw Mistake(text: "a comment is not ended", line: first) }
                    step()
                }
                position += 2
            } else {
                return
            }
        }
    }

    private mutating func value() throws(Mistake) {
        try skipBlanks()
        guard let byte else { throw wrong("a value is missing at the end") }
        switch byte {
        case UInt8(ascii: "{"): try members(until: "}", isObject: true)
        case UInt8(ascii: "["): try members(until: "]", isObject: false)
        case UInt8(ascii: "\""): try string()
        default:
            let begin = position
            while let byte = self.byte, !" \t\r\n,]}:/".utf8.contains(byte) { position += 1 }
            let word = String(decoding: bytes[begin..<position], as: UTF8.self)
            if ["true", "false", "null"].contains(word) || Self.isNumber(word) { return }
            throw wrong(word.isEmpty ? "a value is missing" : "'\(word.printable)' is no value")
        }
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private static func isNumber(_ word: String) -> Bool {
        var rest = word.utf8[...]
        func digits() -> Int {
            let count = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let isZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let first = rest.first, first | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private mutating func members(until end: Unicode.Scalar, isObject: Bool) throws(Mistake) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 200 else { throw wrong("it is nested too deeply") }
        let first = line
        let close = UInt8(truncatingIfNeeded: end.value)
        step()
        try skipBlanks()
        if byte == close { return step() }
        while true {
            if isObject {
                guard byte == UInt8(ascii: "\"") else {
                    throw wrong(
                        byte == nil ? "'{' of line \(first) is not closed" : "a key in double quotes is missing")
                }
                try string()
                try skipBlanks()
                guard byte == UInt8(ascii: ":") else { throw wrong("':' is missing behind a key") }
                step()
            }
            try value()
            try skipBlanks()
            guard let byte else { throw wrong("'\(isObject ? "{" : "[")' of line \(first) is not closed") }
            if byte == close { return step() }
            guard byte == UInt8(ascii: ",") else { throw wrong("',' or '\(end)' is missing") }
            step()
            try skipBlanks()
            if self.byte == close { throw wrong("a comma stands before '\(end)'") }
        }
    }

    private mutating func string() throws(Mistake) {
        let first = line
        step()
        while byte != UInt8(ascii: "\"") {
            guard let byte, byte != UInt8(ascii: "\n") else {
                throw Mistake(text: "a text is not closed by '\"'", line: first)
            }
            if byte == UInt8(ascii: "\\") {
                step()
                guard let escaped = self.byte, "\"\\/bfnrtu".utf8.contains(escaped) else {
                    throw wrong("'\\' stands before a character that JSON does not escape")
                }
            } else if byte < 0x20 {
                throw wrong("a control character stands in a text")
            }
            step()
        }
        step()
    }
}
