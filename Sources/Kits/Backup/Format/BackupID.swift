import Maintenance

/// The name of a backup and of its directory: `20261121T020000Z-k7q2m`. Sorts by time, and no two are the same.
package struct BackupID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let description: String

    private static let alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

    package init(at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        let civil = CivilTime(time)
        let date = civil.date.filter { $0 != "-" }
        let clock = civil.time.filter { $0 != ":" }
        let tail = String((0..<5).compactMap { _ in Self.alphabet.randomElement(using: &generator) })
        description = "\(date)T\(clock)Z-\(tail)"
    }

    /// Nil for any other text, so that what is read from a disk or typed never leads out of a directory.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 22, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            bytes[16] == UInt8(ascii: "-")
        else { return nil }
        let digits = bytes[0..<8] + bytes[9..<15]
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            bytes[17...].allSatisfy({ Self.alphabet.utf8.contains($0) })
        else { return nil }
        description = text
    }

    package static func < (left: BackupID, right: BackupID) -> Bool { left.description < right.description }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = BackupID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not the name of a backup"))
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
