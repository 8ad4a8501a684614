import Foundation
import Maintenance
import Outside

/// A certificate for people, beside the one for us, each with a detached signature that needs no secret to verify.
package enum CertificateCopy: String, CaseIterable, Sendable {
    case json, html, pdf

    static func name(_ id: BackupID, _ kind: CertificateCopy) -> String { "\(id).certificate.\(kind.rawValue)" }

    static func signatureName(_ id: BackupID, _ kind: CertificateCopy) -> String { "\(name(id, kind)).sig" }

    /// All but the certificate itself.
    static func allNames(of id: BackupID) -> [String] {
        allCases.flatMap { $0 == .json ? [signatureName(id, $0)] : [name(id, $0), signatureName(id, $0)] }
    }
}

extension BackupFolder {
    /// Writes what people get to see of a certificate that is already written, signs it and the certificate itself, and
    /// removes what an older certificate has left.
    ///
    /// - Parameter pages: the certificate as a page, and as PDF where that is wanted.
    /// - Throws: `FileError`.
    package func write(
        _ pages: [CertificateCopy: [UInt8]], of id: BackupID, key: CertificateKey
    ) throws {
        let directory = try SafeDirectory(path)
        // A signature never stands beside a file it was not made for.
        for name in CertificateCopy.allNames(of: id) {
            let file = try FileName(name)
            if let status = try directory.status(of: file) { _ = try directory.remove(file, seen: status) }
        }
        var files = pages
        let certificate = try FileName(Self.certificateName(id))
        guard let bytes = try directory.open(certificate).contents(limit: Self.largestManifest) else {
            throw FileError.tooLong(path: directory.shown(certificate), limit: ByteCount(Int64(Self.largestManifest)))
        }
        for (kind, page) in pages where kind != .json {
            try directory.write(try FileName(CertificateCopy.name(id, kind)), page, mode: 0o600)
        }
        files[.json] = bytes
        for (kind, bytes) in files {
            try directory.write(
                try FileName(CertificateCopy.signatureName(id, kind)), try key.signature(of: bytes), mode: 0o600)
        }
    }
}

extension BackupFolder {
    /// The page of a certificate, as it was signed; nil where it has none.
    ///
    /// The certificate itself is believed by our own key and names the one that signed the page: its public half lies where
    /// the backups are, and counts only if it is the one of that name.
    ///
    /// - Parameter certificate: one that was believed.
    /// - Throws: `BackupError`, `FileError`.
    package func page(of certificate: Certificate, limit: Int) throws -> [UInt8]? {
        guard let directory = try open(),
            let page = try contents(CertificateCopy.name(certificate.backup, .html), in: directory, limit)
        else { return nil }
        let signatureName = CertificateCopy.signatureName(certificate.backup, .html)
        guard let signature = try contents(signatureName, in: directory, 1_024), let signer = certificate.signedBy
        else {
            throw BackupError.incomplete(path: path, missing: signatureName)
        }
        let root = String(path.dropLast("/\(target.environment)/\(target.resource)".count))
        guard let text = try contents(signer, in: try SafeDirectory(root), 8_192) else {
            throw BackupError.incomplete(path: root, missing: signer)
        }
        guard CertificateKey.isSigned(page, by: signature, publicKey: text, named: signer) else {
            throw BackupError.badPage(certificate.backup)
        }
        return page
    }

    private func contents(_ name: String, in directory: SafeDirectory, _ limit: Int) throws -> [UInt8]? {
        let file = try FileName(name)
        do {
            guard let bytes = try directory.open(file).contents(limit: limit) else {
                throw FileError.tooLong(path: directory.shown(file), limit: ByteCount(Int64(limit)))
            }
            return bytes
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }
}
