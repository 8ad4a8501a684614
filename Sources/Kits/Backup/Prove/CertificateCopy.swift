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
