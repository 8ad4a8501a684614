import Crypto

/// SHA-256 over a canonical encoding: every value is written as its kind, its length in bytes and its bytes, so that no
/// two different values have the same encoding and a digest needs no parser's rules about white space or order.
package struct CanonicalDigest {
    private var hash = SHA256()
    /// What has not gone into the hash yet: many small pieces cost more than their bytes.
    private var pending: [UInt8] = []

    package init() {}

    package mutating func add(_ text: String) { write("s", text) }

    package mutating func add(_ texts: [String]) {
        write("l", String(texts.count))
        for text in texts { add(text) }
    }

    /// Sorted by name.
    package mutating func add(_ facts: Facts) {
        write("f", String(facts.count))
        for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
            add(name)
            switch value {
            case .text(let text): add(text)
            case .integer(let number): write("i", String(number))
            case .number(let number): write("n", String(number.bitPattern))
            case .boolean(let flag): write("b", flag ? "\u{1}" : "\u{0}")
            case .null: write("0", "")
            }
        }
    }

    private mutating func write(_ kind: Unicode.Scalar, _ text: String) {
        let bytes = text.utf8
        pending.append(UInt8(ascii: kind))
        pending.append(contentsOf: String(bytes.count).utf8)
        pending.append(UInt8(ascii: ":"))
        pending.append(contentsOf: bytes)
        if pending.count > 1 << 16 { flush() }
    }

    private mutating func flush() {
        hash.update(data: pending)
        pending.removeAll(keepingCapacity: true)
    }

    /// 64 hexadecimal digits.
    package var hexadecimal: String {
        var whole = self
        whole.flush()
        return whole.hash.finalize().hexadecimal
    }
}

extension Sequence<UInt8> {
    /// Two lowercase hexadecimal digits a byte.
    package var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * underestimatedCount)
        for byte in self {
            text.append(Self.digit(byte >> 4))
            text.append(Self.digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
