import Crypto
import Foundation
import Maintenance

/// Keys that nobody can guess: of links, sessions, forms and tokens.
enum Keys {
    /// 256 random bits, 43 characters that need no escaping anywhere (RFC 4648, 5).
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Data(bytes).base64EncodedString().replacingBytes(of: "+", with: "-").replacingBytes(of: "/", with: "_")
            .replacingBytes(of: "=", with: "")
    }

    /// What is stored of a key. A plain digest is enough where the key cannot be guessed; passwords can, and have
    /// `Password`.
    static func digest(_ key: String) -> String { digest(Array(key.utf8)) }

    /// 64 hexadecimal digits.
    static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { Int($0).hexadecimal }.joined()
    }

    /// In a time that tells nothing about where they differ.
    static func areEqual(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
    }
}

extension Int {
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
    }
}
