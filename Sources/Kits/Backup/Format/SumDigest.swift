import CXXHash
import Maintenance
import PostgreSQL

/// What a set of items adds up to, whatever their order: how many, how long, and the sum modulo 2^128 of a 128-bit hash
/// of each. `RowDigest` for what is not a row.
package struct SumDigest: Hashable, Sendable {
    package private(set) var count: UInt64 = 0
    package private(set) var bytes: UInt64 = 0
    package private(set) var sum: UInt128 = 0

    package init() {}

    mutating func add(_ hash: XXH128_hash_t, length: UInt64) {
        count &+= 1
        bytes &+= length
        sum &+= UInt128(hash.high64) << 64 | UInt128(hash.low64)
    }

    package static func + (left: SumDigest, right: SumDigest) -> SumDigest {
        var result = left
        result.count &+= right.count
        result.bytes &+= right.bytes
        result.sum &+= right.sum
        return result
    }
}

extension SumDigest: CustomStringConvertible {
    /// `12:34567:00ff…`: count, bytes and 32 hexadecimal digits.
    package var description: String {
        let digits = String(sum, radix: 16)
        return "\(count):\(bytes):\(String(repeating: "0", count: 32 - digits.count))\(digits)"
    }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let count = UInt64(parts[0]), let bytes = UInt64(parts[1]),
            parts[2].utf8.count == 32, let sum = UInt128(parts[2], radix: 16)
        else { return nil }
        self.count = count
        self.bytes = bytes
        self.sum = sum
    }
}

/// The large objects of a database: each hashed with XXH3_128bits under its oid as the seed.
package struct LargeObjectDigest: Hashable, Sendable, Codable {
    private static let scheme = "xxh3-128-by-oid/1"
    package var sum = SumDigest()

    package init() {}

    package init(from decoder: any Decoder) throws {
        sum = try decoder.singleValueContainer().decodeSum(Self.scheme)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(Self.scheme):\(sum)")
    }
}

/// The entries of a catalog listing: kind, name and fact, each with its length before it.
package struct CatalogDigest: Hashable, Sendable, Codable {
    private static let scheme = "xxh3-128-entries/1"
    package private(set) var sum = SumDigest()

    package init() {}

    package mutating func add(_ entry: CatalogEntry) {
        var bytes: [UInt8] = []
        for text in [entry.kind, entry.name, entry.fact] {
            withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { bytes += $0 }
            bytes += text.utf8
        }
        let hash = bytes.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
        sum.add(hash, length: UInt64(bytes.count))
    }

    package init(from decoder: any Decoder) throws {
        sum = try decoder.singleValueContainer().decodeSum(Self.scheme)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(Self.scheme):\(sum)")
    }
}

extension SingleValueDecodingContainer {
    fileprivate func decodeSum(_ scheme: String) throws -> SumDigest {
        let text = try decode(String.self)
        guard text.hasPrefix(scheme + ":"), let sum = SumDigest(text.dropFirst(scheme.count + 1)) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: "'\(text)' is no digest of the scheme '\(scheme)'"))
        }
        return sum
    }
}
