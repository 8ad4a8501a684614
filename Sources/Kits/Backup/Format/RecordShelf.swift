import Foundation
import Maintenance
import Outside

/// A directory of records of ours, each a JSON file with its signature (HMAC-SHA256 over the file's bytes) beside it.
struct RecordShelf: Sendable {
    let directory: String

    func path(of name: String) -> String { "\(directory)/\(name).json" }

    /// Writes a record and its signature in place of older ones.
    ///
    /// - Returns: its bytes.
    @discardableResult
    func write(_ record: some Encodable, as name: String, key: BackupKey) throws -> [UInt8] {
        try SafeDirectory.make(directory)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(record)) + [UInt8(ascii: "\n")]
        let place = try SafeDirectory(directory)
        // Whatever ends us between two of these, one of both files fits the signature that is there.
        let next = try FileName(Self.next(name))
        try place.write(next, bytes, mode: 0o600)
        try place.write(
            try FileName("\(name).signature.json"), Array(try encoder.encode(key.sign(bytes))), mode: 0o600)
        try place.write(try FileName("\(name).json"), bytes, mode: 0o600)
        if let seen = try place.status(of: next) { _ = try place.remove(next, seen: seen) }
        return bytes
    }

    /// Where a record lies while it takes the place of an older one.
    private static func next(_ name: String) -> String { "\(name).json.next" }

    /// Nil where there is none.
    ///
    /// - Throws: `PhysicalRecordError` where it cannot be believed, `FileError`.
    func read<Record: Decodable>(_: Record.Type, _ name: String, key: BackupKey) throws -> Record? {
        let path = path(of: name)
        guard var bytes = try contents("\(name).json") else { return nil }
        guard let signed = try contents("\(name).signature.json") else {
            throw PhysicalRecordError(path: path, reason: "it has no signature")
        }
        do {
            let signature = try JSONDecoder().decode(BackupSignature.self, from: Data(signed))
            if !key.isSigned(bytes, by: signature), let next = try contents(Self.next(name)) { bytes = next }
            guard key.isSigned(bytes, by: signature) else {
                throw PhysicalRecordError(path: path, reason: "it does not fit its signature: one of them was changed")
            }
            return try JSONDecoder().decode(Record.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw PhysicalRecordError(path: path, reason: error.short)
        }
    }

    private func contents(_ name: String) throws(FileError) -> [UInt8]? {
        do {
            return try Descriptor.open("\(directory)/\(name)").contents(limit: 16 * 1_048_576)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
