/// The text the server writes of a view's or rule's parse tree, made the same for all versions: PostgreSQL 16 and later
/// leave out the table before a column where only one table is read, and white space differs. Which tables and columns
/// are used stands beside it, so nothing is lost by dropping what qualifies a name.
enum DefinitionText {
    /// Expects every name in double quotes. Outside of strings and names, runs of white space become one space; a quoted
    /// name that is followed by a dot is dropped with it.
    static func canonical(_ definition: String) -> String {
        let bytes = Array(definition.utf8)
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                let end = self.end(of: byte, in: bytes, from: position)
                if byte == UInt8(ascii: "\""), end < bytes.count, bytes[end] == UInt8(ascii: ".") {
                    position = end + 1
                } else {
                    result += bytes[position..<end]
                    position = end
                }
            case UInt8(ascii: " "), 9...13:
                if result.last != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
                position += 1
            default:
                result.append(byte)
                position += 1
            }
        }
        while result.first == UInt8(ascii: " ") { result.removeFirst() }
        while result.last == UInt8(ascii: " ") || result.last == UInt8(ascii: ";") { result.removeLast() }
        return String(decoding: result, as: UTF8.self)
    }

    /// Behind the closing quote; a doubled one does not close, and in an `E'…'` string a backslash hides the next byte.
    private static func end(of quote: UInt8, in bytes: [UInt8], from start: Int) -> Int {
        let escapes = quote == UInt8(ascii: "'") && start > 0 && bytes[start - 1] == UInt8(ascii: "E")
        var position = start + 1
        while position < bytes.count {
            if escapes, bytes[position] == UInt8(ascii: "\\") {
                position += 2
            } else if bytes[position] != quote {
                position += 1
            } else if position + 1 < bytes.count, bytes[position + 1] == quote {
                position += 2
            } else {
                return position + 1
            }
        }
        return bytes.count
    }
}

extension String {
    /// For people: plain lowercase names without their quotes.
    package var withoutNeedlessQuotes: String { replacing(/"([a-z_][a-z0-9_]*)"/) { String($0.output.1) } }
}
