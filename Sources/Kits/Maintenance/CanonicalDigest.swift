import Crypto

/// SHA-256 over a canonical encoding: every value is written as its kind, its length in bytes and its bytes, so that no
/// two different values have the same encoding and a digest needs no parser's rules about white space or order.
package struct CanonicalDigest {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ text: String) { write("s", Array(text.utf8)) }

    package mutating func add(_ texts: [String]) {
        write("l", Array(String(texts.count).utf8))
        for text in texts { add(text) }
    }

    /// Sorted by name.
    package mutating func add(_ facts: Facts) {
        write("f", Array(String(facts.count).utf8))
        for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
            add(name)
            switch value {
            case .text(let text): add(text)
            case .integer(let number): write("i", Array(String(number).utf8))
            case .number(let number): write("n", Array(String(number.bitPattern).utf8))
            case .boolean(let flag): write("b", [flag ? 1 : 0])
            case .null: write("0", [])
            }
        }
    }

    private mutating func write(_ kind: Character, _ bytes: [UInt8]) {
        hash.update(data: Array("\(kind)\(bytes.count):".utf8))
        hash.update(data: bytes)
    }

    /// 64 hexadecimal digits.
    package var hexadecimal: String { hash.finalize().hexadecimal }
}

extension Sequence<UInt8> {
    /// Two lowercase hexadecimal digits a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
