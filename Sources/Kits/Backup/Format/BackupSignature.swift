import Crypto
import Foundation
import Glibc
import Maintenance
import Outside

/// The secret that signs manifests and certificates, so that whoever changes a backup together with its checksums is
/// found out. 32 random bytes; who has them can sign.
package struct BackupKey: Sendable {
    private let key: SymmetricKey
    /// Keys that signed before it: what they signed is believed, and nothing new is signed with them.
    package var former: [BackupKey] = []

    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// Sixteen digits that say which key it is and nothing about it.
    package var name: String {
        let hash = key.withUnsafeBytes { SHA256.hash(data: Array("mainstay key name".utf8) + Array($0)) }
        return String(Array(hash).hexadecimal.prefix(16))
    }

    /// HMAC-SHA256 (RFC 2104), 64 hexadecimal digits.
    package func sign(_ bytes: [UInt8]) -> BackupSignature {
        BackupSignature(
            key: name, value: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key)).hexadecimal)
    }

    /// Whether it, or one before it, has this name.
    func knows(_ name: String) -> Bool { ([self] + former).contains { $0.name == name } }

    /// In constant time.
    package func isSigned(_ bytes: [UInt8], by signature: BackupSignature) -> Bool {
        guard let code = [UInt8](hexadecimal: signature.value),
            let signer = ([self] + former).first(where: { $0.name == signature.key })
        else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: bytes, using: signer.key)
    }

    /// Reads the key file, and those of the keys before it, to believe what they signed; nil where there is none.
    ///
    /// - Throws: `FileError`, `BackupError.badKey`, `BackupError.noKey` where a former one is not there.
    package static func read(_ path: String, former: [String]) throws -> BackupKey? {
        // Between moving a key away and the next signature there are only former ones.
        guard var key = try read(path) ?? former.first.flatMap(read) else { return nil }
        try key.know(former)
        return key
    }

    /// The same, with a new key where there is none.
    package static func readOrMake(_ path: String, former: [String]) throws -> BackupKey {
        var key = try readOrMake(path)
        try key.know(former)
        return key
    }

    private mutating func know(_ paths: [String]) throws {
        former = try paths.map { path in
            guard let key = try Self.read(path) else { throw BackupError.noKey(path: path) }
            return key
        }
    }

    /// Reads a key file, 64 hexadecimal digits; nil where there is none.
    ///
    /// - Throws: `FileError`, `BackupError.badKey`.
    static func read(_ path: String) throws -> BackupKey? {
        let file: Descriptor
        do { file = try Descriptor.open(path) } catch  where error.isMissing { return nil }
        guard let text = try file.contents(limit: 1_024),
            let bytes = [UInt8](hexadecimal: String(decoding: text, as: UTF8.self).trimmingWhitespace()),
            let key = BackupKey(bytes)
        else { throw BackupError.badKey(path: path) }
        return key
    }

    /// Reads the key file, or makes one that only its owner can read.
    static func readOrMake(_ path: String) throws -> BackupKey {
        if let key = try read(path) { return key }
        let url = URL(fileURLWithPath: path)
        let parent = url.deletingLastPathComponent().path
        try SafeDirectory.make(parent, mode: 0o755)
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        try SafeDirectory(parent).writeOnce(
            try FileName(url.lastPathComponent), Array("\(bytes.hexadecimal)\n".utf8))
        guard let key = try read(path) else { throw BackupError.badKey(path: path) }
        return key
    }
}

/// A signature as it stands in `signature.json` beside a manifest.
package struct BackupSignature: Codable, Sendable, Hashable {
    package var algorithm = "HMAC-SHA256"
    /// `BackupKey.name`.
    package var key: String
    package var value: String
}

extension [UInt8] {
    /// Nil for anything but pairs of hexadecimal digits.
    init?(hexadecimal text: String) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ $0 != nil }) else { return nil }
        let values = digits.compactMap { $0 }
        self = stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}
