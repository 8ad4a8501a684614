import Foundation
import Maintenance

extension Facts {
    /// The same text as `StoredJSON(self).text`, without the encoder's detours: witness and evidence are written with
    /// every move of the journal.
    package var storedText: String {
        // What the encoder's own rules about numbers and the order of names would be needed for, it does.
        let isPlain = allSatisfy { name, value in
            if case .number = value { false } else { name.utf8.allSatisfy { $0 < 0x80 } }
        }
        guard isPlain else { return StoredJSON(self).text }
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (name, value) in sorted(by: { $0.key < $1.key }) {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text.appendQuoted(name)
            text.append(UInt8(ascii: ":"))
            switch value {
            case .text(let value): text.appendQuoted(value)
            case .integer(let value): text.append(contentsOf: String(value).utf8)
            case .boolean(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
            case .null, .number: text.append(contentsOf: "null".utf8)
            }
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// As a JSON string (RFC 8259, 7).
    fileprivate mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x08: append(contentsOf: "\\b".utf8)
            case 0x09: append(contentsOf: "\\t".utf8)
            case 0x0a: append(contentsOf: "\\n".utf8)
            case 0x0c: append(contentsOf: "\\f".utf8)
            case 0x0d: append(contentsOf: "\\r".utf8)
            case 0..<0x20: append(contentsOf: "\\u00\([byte].hexadecimal)".utf8)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
