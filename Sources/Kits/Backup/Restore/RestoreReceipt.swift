import Foundation
import Maintenance
import Outside

/// What a restore into a server leaves behind when everything was compared and is equal: which database it is, by the
/// number that no rename changes, and the certificate of the comparison. Without one a restored database is half made.
package struct RestoreReceipt: Codable, Sendable, Hashable {
    package static let format = "mainstay-restore/1"

    package var format = Self.format
    package var target: Target
    /// As it was called when it was compared.
    package var database: String
    package var databaseOID: UInt32
    /// Nil where the role may not ask.
    package var systemIdentifier: String?
    package var certificate: Certificate

    fileprivate struct Signed: Codable {
        var receipt: Data
        var signature: BackupSignature
    }
}

/// Where the receipts of one target lie, one file a step of a run, signed with the key of the backups.
package struct RestoreReceipts: Sendable {
    package let path: String

    /// - Parameter path: a directory, made when it is needed.
    package init(_ path: String) { self.path = path }

    private static func name(_ runID: String, _ step: Int) -> String { "\(runID)-\(step).json" }

    package func path(of runID: String, _ step: Int) -> String { "\(path)/\(Self.name(runID, step))" }

    /// - Throws: `FileError`.
    func write(_ receipt: RestoreReceipt, runID: String, step: Int, key: BackupKey) throws {
        try SafeDirectory.make(path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(receipt)
        let signed = RestoreReceipt.Signed(receipt: bytes, signature: key.sign(Array(bytes)))
        try SafeDirectory(path).write(
            try FileName(Self.name(runID, step)), Array(try encoder.encode(signed)), mode: 0o600)
    }

    /// Nil where there is none, and where it cannot be believed: the database is restored anew then.
    ///
    /// - Throws: `FileError`.
    package func receipt(runID: String, step: Int, key: BackupKey) throws -> RestoreReceipt? {
        let file: Descriptor
        do { file = try Descriptor.open(path(of: runID, step)) } catch  where error.isMissing { return nil }
        guard let bytes = try file.contents(limit: BackupFolder.largestManifest) else { return nil }
        do {
            let signed = try JSONDecoder().decode(RestoreReceipt.Signed.self, from: Data(bytes))
            guard key.isSigned(Array(signed.receipt), by: signed.signature) else {
                return nil
            }
            let receipt = try JSONDecoder().decode(RestoreReceipt.self, from: signed.receipt)
            return receipt.format == RestoreReceipt.format ? receipt : nil
        } catch is DecodingError {
            return nil
        }
    }
}
