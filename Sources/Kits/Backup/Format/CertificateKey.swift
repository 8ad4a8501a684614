import Crypto
import Foundation
import Glibc
import Maintenance
import Outside

/// The key that signs certificates for people who have none of our secrets: ECDSA over P-256 with SHA-256, its private
/// half in a file of ours, its public half beside the backups. With OpenSSL a signature is verified by
/// `openssl dgst -sha256 -verify KEY.pub.pem -signature FILE.sig FILE`.
package struct CertificateKey: Sendable {
    private let key: P256.Signing.PrivateKey

    /// Sixteen digits of the SHA-256 of the public key (its DER).
    package var name: String { Self.name(key.publicKey) }

    private static func name(_ key: P256.Signing.PublicKey) -> String {
        String(Array(SHA256.hash(data: key.derRepresentation)).hexadecimal.prefix(16))
    }

    /// What the public half is called, beside the backups.
    package var publicName: String { "certificate-\(name).pub.pem" }

    /// Whether a public half, which has to be the one of that file name, says that its owner signed these bytes.
    static func isSigned(_ bytes: [UInt8], by signature: [UInt8], publicKey text: [UInt8], named name: String) -> Bool {
        do {
            let key = try P256.Signing.PublicKey(pemRepresentation: String(decoding: text, as: UTF8.self))
            let made = try P256.Signing.ECDSASignature(derRepresentation: signature)
            return name == "certificate-\(Self.name(key)).pub.pem" && key.isValidSignature(made, for: bytes)
        } catch {
            return false
        }
    }

    /// A detached signature, ASN.1 DER.
    package func signature(of bytes: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: bytes).derRepresentation)
    }

    /// Reads the private key (PEM), or makes one that only its owner can read. To change it, move the file away: what
    /// the old one signed stays verifiable by its public half.
    ///
    /// - Throws: `FileError`, `BackupError.badCertificateKey`.
    package static func readOrMake(_ path: String) throws -> CertificateKey {
        if let key = try read(path) { return key }
        let url = URL(fileURLWithPath: path)
        let parent = url.deletingLastPathComponent().path
        try SafeDirectory.make(parent, mode: 0o755)
        let bytes = Array(P256.Signing.PrivateKey().pemRepresentation.utf8) + [UInt8(ascii: "\n")]
        try SafeDirectory(parent).writeOnce(try FileName(url.lastPathComponent), bytes)
        guard let key = try read(path) else { throw BackupError.badCertificateKey(path: path) }
        return key
    }

    private static func read(_ path: String) throws -> CertificateKey? {
        let file: Descriptor
        do { file = try Descriptor.open(path) } catch  where error.isMissing { return nil }
        guard let text = try file.contents(limit: 8_192) else { throw BackupError.badCertificateKey(path: path) }
        do {
            return CertificateKey(
                key: try P256.Signing.PrivateKey(pemRepresentation: String(decoding: text, as: UTF8.self)))
        } catch {
            throw BackupError.badCertificateKey(path: path)
        }
    }

    /// Puts the public half into the directory of the backups, where it is not there yet.
    package func publish(in directory: String) throws {
        let place = try SafeDirectory(directory)
        let name = try FileName(publicName)
        guard try place.status(of: name) == nil else { return }
        try place.write(name, Array(key.publicKey.pemRepresentation.utf8) + [UInt8(ascii: "\n")], mode: 0o644)
    }
}
