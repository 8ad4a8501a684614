import Crypto
import Foundation
import Maintenance
import Outside

/// One copy in a repository, looked at from outside: what restic says lies there, against the signed manifest that lies
/// beside it.
package struct StoredCopy: Sendable {
    package let repository: ResticRepository
    package let snapshot: ResticSnapshot
    package let label: CopyLabel
    /// Of the copy itself.
    package let manifest: BackupManifest
    /// SHA-256 of its `manifest.json`.
    package let digest: String

    /// - Throws: `BackupError` where its manifest cannot be believed, `CopyError`.
    package init(_ snapshot: ResticSnapshot, _ label: CopyLabel, in repository: ResticRepository, key: BackupKey)
        async throws
    {
        self.repository = repository
        self.snapshot = snapshot
        self.label = label
        let root = Self.root(label)
        let bytes = try await repository.contents("\(root)/\(BackupLayout.manifest)", of: snapshot.id)
        let signature = try await repository.contents("\(root)/\(BackupLayout.signature)", of: snapshot.id)
        manifest = try BackupFolder(root: "/\(repository.storage)", target: label.target).believed(
            bytes, signature: signature, of: label.backup, key: key)
        digest = Array(SHA256.hash(data: bytes)).hexadecimal
    }

    /// Where the files of a backup stand in its snapshot.
    static func root(_ label: CopyLabel) -> String {
        "/\(label.target.environment)/\(label.target.resource)/\(label.backup)"
    }

    /// That it is of this backup.
    package func compare(with stored: BackupManifest) throws(CopyError) {
        guard manifest.isCopy(of: stored) else { throw differs("it is a copy of another backup of this name") }
    }

    /// That restic lists exactly the files of the manifest, each with its length.
    ///
    /// - Throws: `CopyError.differs`.
    package func compareListing() async throws {
        let found = try await repository.files(of: snapshot.id)
        let root = Self.root(label)
        var expected: [String: Int64?] = [:]
        for file in manifest.files { expected["\(root)/\(file.path)"] = .some(file.size.bytes) }
        let own = ["\(root)/\(BackupLayout.manifest)", "\(root)/\(BackupLayout.signature)"]
        if let path = own.first(where: { (found[$0] ?? nil) == nil }) { throw differs("'\(path)' is missing") }
        for (path, size) in expected.sorted(by: { $0.key < $1.key }) {
            guard let there = found[path] else { throw differs("'\(path.printable)' is missing") }
            guard let there else { throw differs("'\(path.printable)' is no file") }
            guard there == size else {
                throw differs(
                    "'\(path.printable)' has \(there.grouped) bytes, and the manifest says \((size ?? 0).grouped)")
            }
        }
        for path in found.keys.sorted() where expected[path] == nil && !own.contains(path) {
            throw differs("'\(path.printable)' does not belong to it")
        }
    }

    /// Reads files back and compares their SHA-256 with the manifest: its list of contents, and as many others, drawn by
    /// lot, as fit into `most`, but at least one.
    ///
    /// - Returns: how much was read.
    package func readBack(
        most: ByteCount, using generator: inout some RandomNumberGenerator
    ) async throws -> ByteCount {
        let contents = manifest.files.filter { $0.path == BackupLayout.contents }
        let others = manifest.files.filter { $0.path != BackupLayout.contents }.shuffled(using: &generator)
        var chosen = contents
        var room = most.bytes
        for file in others where file.size.bytes <= room && chosen.count < 6 {
            chosen.append(file)
            room -= file.size.bytes
        }
        if chosen.count == contents.count, let least = others.min(by: { $0.size < $1.size }) { chosen.append(least) }
        var read: Int64 = 0
        for file in chosen {
            var hash = SHA256()
            try await repository.read("\(Self.root(label))/\(file.path)", of: snapshot.id) { bytes in
                hash.update(data: bytes)
                read += Int64(bytes.count)
            }
            guard Array(hash.finalize()).hexadecimal == file.sha256 else {
                throw differs("'\(file.path.printable)' read back has another SHA-256 than the manifest says")
            }
        }
        return ByteCount(read)
    }

    private func differs(_ detail: String) -> CopyError {
        .differs(label.backup, storage: repository.storage, detail: detail)
    }
}
