import CXXHash
import Maintenance

/// What a set of rows adds up to: how many, how long, and the sum modulo 2^128 of a 128-bit hash of each row's COPY text
/// with its line break, under `PinnedSettings`. A sum, so that order does not matter and ranges can be hashed apart; not
/// an exclusive or, in which equal pairs vanish.
///
/// Two scheme names with the same numbers are not the same digest.
package struct RowDigest: Hashable, Sendable {
    /// How a row is hashed. The number behind the slash changes when anything that enters the hash does.
    package enum Scheme: String, Codable, Sendable {
        /// XXH3_128bits, as xxHash 0.8 defines it: finds every accident; an adversary could make rows that cancel out.
        case xxh3 = "xxh3-128/1"
        /// SipHash-2-4 with 128 bits under a secret key: not to be steered without the key.
        case keyed = "siphash-2-4-128/1"
    }

    package let scheme: Scheme
    package private(set) var rows: UInt64 = 0
    package private(set) var bytes: UInt64 = 0
    package private(set) var sum: UInt128 = 0

    /// Of no rows.
    package init(scheme: Scheme) { self.scheme = scheme }

    @inline(__always)
    package mutating func add(hash: UInt128, length: Int) {
        rows &+= 1
        bytes &+= UInt64(length)
        sum &+= hash
    }

    /// Of both sets of rows together.
    package static func + (left: RowDigest, right: RowDigest) -> RowDigest {
        precondition(left.scheme == right.scheme, "digests of two schemes do not add up")
        var result = left
        result.rows &+= right.rows
        result.bytes &+= right.bytes
        result.sum &+= right.sum
        return result
    }
}

extension RowDigest: CustomStringConvertible, Codable {
    /// `xxh3-128/1:2000000:548123456:00ff…`: scheme, rows, bytes and 32 hexadecimal digits.
    package var description: String {
        let digits = String(sum, radix: 16)
        return "\(scheme.rawValue):\(rows):\(bytes):\(String(repeating: "0", count: 32 - digits.count))\(digits)"
    }

    /// Reads what `description` writes.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, let scheme = Scheme(rawValue: String(parts[0])), let rows = UInt64(parts[1]),
            let bytes = UInt64(parts[2]), parts[3].utf8.count == 32, let sum = UInt128(parts[3], radix: 16)
        else { return nil }
        self.scheme = scheme
        self.rows = rows
        self.bytes = bytes
        self.sum = sum
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = RowDigest(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no row digest"))
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Hashes rows: by a public function, or under a key.
package enum RowHash: Sendable {
    case xxh3
    case keyed(SipHash128)

    package var scheme: RowDigest.Scheme {
        switch self {
        case .xxh3: .xxh3
        case .keyed: .keyed
        }
    }

    /// Adds one row, its line break included: from a COPY, or from a dump's data file.
    @inline(__always)
    package func add(_ row: UnsafeRawBufferPointer, to digest: inout RowDigest) {
        switch self {
        case .xxh3:
            let hash = XXH3_128bits(row.baseAddress, row.count)
            digest.add(hash: UInt128(hash.high64) << 64 | UInt128(hash.low64), length: row.count)
        case .keyed(let function): digest.add(hash: function.hash(row), length: row.count)
        }
    }
}
