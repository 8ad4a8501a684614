import Maintenance

extension [UInt8] {
    /// Text as it may stand between tags and inside a quoted attribute (HTML Standard, 13.1.2.3 and 13.1.4): the five
    /// characters that mean something as references, and everything `printable` writes out, written out.
    mutating func append(escaping text: some StringProtocol) {
        if text.utf8.allSatisfy(\.isPlainASCII) {
            append(escapingMarkup: text.utf8)
        } else {
            append(escapingMarkup: text.printable.utf8)
        }
    }

    /// The same, but line breaks and tabs stay.
    mutating func append(escapingLinesOf text: some StringProtocol) {
        var line = text[...]
        while let end = line.utf8.firstIndex(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }) {
            append(escaping: line[..<end])
            append(line.utf8[end])
            line = line[line.utf8.index(after: end)...]
        }
        append(escaping: line)
    }

    private mutating func append(escapingMarkup text: some Collection<UInt8>) {
        let isDone: Void? = text.withContiguousStorageIfAvailable { buffer in
            var begin = 0
            for index in buffer.indices {
                guard let reference = buffer[index].reference else { continue }
                append(contentsOf: buffer[begin..<index])
                reference.withUTF8Buffer { append(contentsOf: $0) }
                begin = index + 1
            }
            append(contentsOf: buffer[begin...])
        }
        guard isDone == nil else { return }
        for byte in text {
            if let reference = byte.reference {
                reference.withUTF8Buffer { append(contentsOf: $0) }
            } else {
                append(byte)
            }
        }
    }
}

extension UInt8 {
    fileprivate var isPlainASCII: Bool { self >= 0x20 && self < 0x7f }

    fileprivate var reference: StaticString? {
        switch self {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }
}

extension HTML.StringInterpolation {
    /// Stops a page whose author puts text where escaping does not hold: an attribute without quotes, an address, a style
    /// sheet or a script in an attribute. It is the literal beside the interpolation that is wrong, so the first test
    /// that renders the page finds it, whatever the data.
    func holdToContext() {
        guard let last = bytes.last else { return }
        precondition(last != UInt8(ascii: "="), "the value of an attribute stands in quotes")
        guard last == UInt8(ascii: "\"") || last == UInt8(ascii: "'") else { return }
        guard bytes.dropLast().last == UInt8(ascii: "=") else { return }
        let name = bytes.dropLast(2).reversed().prefix { byte in
            (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || byte == UInt8(ascii: ":")
        }
        let text = String(decoding: name.reversed(), as: UTF8.self).lowercased()
        precondition(
            !["href", "src", "action", "formaction", "xlink:href", "srcdoc", "style"].contains(text)
                && !text.hasPrefix("on"), "'\(text)' takes no text; addresses are written with \\(url:)")
    }
}
