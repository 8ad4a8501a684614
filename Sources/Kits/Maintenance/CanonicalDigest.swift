import Crypto

/// SHA-256 over a canonical encoding: every value is written as its kind, its length in bytes and its bytes, so that no
/// two different values have the same encoding and a digest needs no parser's rules about white space or order.
package struct CanonicalDigest {
    private var hash = SHA256()
    /// What has not gone into the hash yet: many small pieces cost more than their bytes.
    private var pending = CanonicalEncoding()

    package init() {}

    package mutating func add(_ text: String) {
        pending.add(text)
        if pending.bytes.count > 1 << 16 { flush() }
    }

    package mutating func add(_ texts: [String]) {
        pending.begin(listOf: texts.count)
        for text in texts { add(text) }
    }

    /// Sorted by name.
    package mutating func add(_ facts: Facts) {
        pending.add(facts)
        if pending.bytes.count > 1 << 16 { flush() }
    }

    /// What was encoded before.
    package mutating func add(_ encoding: CanonicalEncoding) { pending.bytes.append(contentsOf: encoding.bytes) }

    private mutating func flush() {
        hash.update(data: pending.bytes)
        pending.bytes.removeAll(keepingCapacity: true)
    }

    /// 64 hexadecimal digits.
    package var hexadecimal: String {
        var whole = hash
        whole.update(data: pending.bytes)
        return whole.finalize().hexadecimal
    }
}

/// The encoding by itself, for those who know the end of it before its beginning.
package struct CanonicalEncoding: Sendable {
    fileprivate var bytes: [UInt8] = []

    package init() {}

    package mutating func add(_ text: String) { write("s", text) }

    /// So many texts have to follow.
    package mutating func begin(listOf count: Int) { write("l", String(count)) }

    package mutating func add(_ texts: [String]) {
        begin(listOf: texts.count)
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
        let utf8 = text.utf8
        bytes.append(UInt8(ascii: kind))
        bytes.append(contentsOf: String(utf8.count).utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: utf8)
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
