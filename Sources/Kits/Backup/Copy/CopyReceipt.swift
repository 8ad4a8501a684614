import Foundation
import Maintenance
import Outside

/// What the copying of one backup into one storage found when it looked at what it had made: signed with the key of the
/// backups, beside the backup, `ID.copy-STORAGE.json`.
package struct CopyReceipt: Codable, Sendable, Hashable {
    package static let format = "mainstay-copy/1"

    package var format = Self.format
    package var backup: BackupID
    package var target: Target
    /// `offsite`.
    package var storage: String
    /// The repository's own identity.
    package var repository: String
    /// 64 hexadecimal digits.
    package var snapshot: String
    /// SHA-256 of `manifest.json` of the backup that was copied; nil where only the copy was looked at.
    package var manifestSHA256: String?
    /// The same of the copy.
    package var copySHA256: String
    /// Of the run that looked last.
    package var runID: String
    package var files: Int
    /// Uncompressed.
    package var bytes: ByteCount
    /// What restic had to send for it, compressed and encrypted; nil where it was there already.
    package var sent: ByteCount?
    /// What was read back and had the SHA-256 of the manifest.
    package var readBack: ByteCount
    /// What the whole repository took then, with the copies of every database; nil where nobody asked.
    package var stored: ByteCount?
    package var checkedAt: Timestamp
    /// After that nobody knows any more whether it is there.
    package var countsUntil: Timestamp
    /// Of the last time that this very copy was fetched and restored.
    package var certificate: Certificate?

    /// - Parameters:
    ///   - copy: as it was looked at.
    ///   - original: SHA-256 of `manifest.json` of the backup that was copied; nil where only the copy was looked at.
    package init(
        of copy: StoredCopy, in repository: String, original: String?, runID: String, readBack: ByteCount,
        at now: Timestamp, countsFor: Duration
    ) {
        backup = copy.label.backup
        target = copy.label.target
        storage = copy.repository.storage
        self.repository = repository
        snapshot = copy.snapshot.id
        manifestSHA256 = original
        copySHA256 = copy.digest
        self.runID = runID
        files = copy.manifest.files.count
        bytes = copy.manifest.storedBytes
        self.readBack = readBack
        checkedAt = now
        countsUntil = now + countsFor
    }

    package func counts(at now: Timestamp) -> Bool { now < countsUntil }

    /// Whether it speaks of this very snapshot of this very repository.
    package func isOf(_ snapshot: String, in repository: String) -> Bool {
        self.snapshot == snapshot && self.repository == repository
    }

    fileprivate struct Signed: Codable {
        var receipt: Data
        var signature: BackupSignature
    }
}

extension BackupFolder {
    /// Every storage a copy may be in.
    package static let storages = ["secondary", "offsite"]

    static func receiptName(_ id: BackupID, _ storage: String) -> String { "\(id).copy-\(storage).json" }

    /// - Throws: `FileError`.
    package func write(_ receipt: CopyReceipt, key: BackupKey) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(receipt)
        let signed = CopyReceipt.Signed(receipt: bytes, signature: key.sign(Array(bytes)))
        try SafeDirectory(path).write(
            try FileName(Self.receiptName(receipt.backup, receipt.storage)), Array(try encoder.encode(signed)),
            mode: 0o600)
    }

    /// Nil where there is none, and where it cannot be believed: the copy is looked at anew then.
    ///
    /// - Throws: `FileError`.
    package func receipt(of id: BackupID, in storage: String, key: BackupKey) throws -> CopyReceipt? {
        guard let bytes = try Descriptor.contents(ifThere: "\(path)/\(Self.receiptName(id, storage))")
        else { return nil }
        let receipt: CopyReceipt
        do {
            let signed = try JSONDecoder().decode(CopyReceipt.Signed.self, from: Data(bytes))
            guard key.isSigned(Array(signed.receipt), by: signed.signature) else {
                return nil
            }
            receipt = try JSONDecoder().decode(CopyReceipt.self, from: signed.receipt)
        } catch is DecodingError {
            return nil
        }
        guard receipt.format == CopyReceipt.format, receipt.backup == id, receipt.target == target,
            receipt.storage == storage
        else { return nil }
        return receipt
    }
}

extension BackupFolder {
    /// Nobody has seen the copy any more.
    ///
    /// - Throws: `FileError`.
    func removeReceipt(of id: BackupID, in storage: String) throws {
        let name = try FileName(Self.receiptName(id, storage))
        guard let directory = try open(), let status = try directory.status(of: name) else { return }
        _ = try directory.remove(name, seen: status)
        try directory.synchronize()
    }
}

extension Descriptor {
    /// The whole of a small file; nil where there is none, or where it is longer.
    package static func contents(ifThere path: String, limit: Int = 1_048_576) throws -> [UInt8]? {
        do { return try open(path).contents(limit: limit) } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
