import Foundation
import Maintenance
import Outside

extension BackupFolder {
    static func certificateName(_ id: BackupID) -> String { "\(id).certificate.json" }
    static func certificateSignatureName(_ id: BackupID) -> String { "\(id).certificate.signature.json" }

    package func certificatePath(of id: BackupID) -> String { "\(path)/\(Self.certificateName(id))" }

    /// Writes a backup's certificate and its signature (HMAC-SHA256 over the file's bytes) in place of older ones.
    ///
    /// - Throws: `FileError`.
    package func write(_ certificate: Certificate, key: BackupKey) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(certificate)) + [UInt8(ascii: "\n")]
        let directory = try SafeDirectory(path)
        let name = try FileName(Self.certificateName(certificate.backup))
        let signatureName = try FileName(Self.certificateSignatureName(certificate.backup))
        // Between the two writes the signature fits nothing, and there is no proof: better than a wrong one.
        try directory.write(signatureName, Array(try encoder.encode(key.sign(bytes))), mode: 0o600)
        try directory.write(name, bytes, mode: 0o600)
    }

    /// A backup's certificate, believed only with its signature; nil where there is none.
    ///
    /// - Throws: `BackupError`, `FileError`.
    package func certificate(of id: BackupID, key: BackupKey) throws -> Certificate? {
        guard let directory = try open() else { return nil }
        guard let bytes = try contents(Self.certificateName(id), in: directory) else { return nil }
        guard let signed = try contents(Self.certificateSignatureName(id), in: directory) else {
            throw BackupError.incomplete(path: path, missing: Self.certificateSignatureName(id))
        }
        do {
            let signature = try JSONDecoder().decode(BackupSignature.self, from: Data(signed))
            guard key.knows(signature.key) else {
                throw BackupError.otherKey(id, has: signature.key, wanted: key.name)
            }
            guard key.isSigned(bytes, by: signature) else { throw BackupError.badSignature(id) }
            let certificate = try JSONDecoder().decode(Certificate.self, from: Data(bytes))
            guard certificate.format == Certificate.format else {
                throw BackupError.otherFormat(id, format: certificate.format)
            }
            guard certificate.backup == id, certificate.source.target == target else {
                throw BackupError.moved(id, to: path)
            }
            return certificate
        } catch let error as DecodingError {
            throw BackupError.unreadable(path: certificatePath(of: id), reason: error.short)
        }
    }

    private func contents(_ name: String, in directory: SafeDirectory) throws -> [UInt8]? {
        let file = try FileName(name)
        do {
            guard let bytes = try directory.open(file).contents(limit: Self.largestManifest) else {
                throw FileError.tooLong(path: directory.shown(file), limit: ByteCount(Int64(Self.largestManifest)))
            }
            return bytes
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }
}
