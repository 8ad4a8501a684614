import Command
import Crypto
import CryptoExtras
import Foundation
import Maintenance

/// How a token is signed (RFC 7518, 3.1): with a private key whose public half anybody may have. `none` is not among them,
/// and neither is HMAC: whoever has a public key could sign with it as if it were a password.
enum SignatureAlgorithm: String, CaseIterable, Sendable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
}

/// A public key of a provider (RFC 7517), as far as it signs.
struct TokenKey: Sendable {
    /// Nil where the provider does not name it.
    var id: String?
    /// The only way it is used, where the provider says so.
    var algorithm: SignatureAlgorithm?
    private var material: Material

    private enum Material: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
    }

    /// Nil for a key of another kind, for another use, too short, or that is none.
    init?(_ json: JSONValue) {
        if let use = json["use"], use != "sig" { return nil }
        if let uses = json["key_ops"], uses.array?.contains("verify") != true { return nil }
        id = json["kid"]?.text
        if let name = json["alg"] {
            guard let known = name.text.flatMap(SignatureAlgorithm.init(rawValue:)) else { return nil }
            algorithm = known
        }
        func number(_ name: String) -> Data? { json[name]?.text.flatMap(Base64URL.decode) }
        do {
            switch (json["kty"], json["crv"]) {
            case ("RSA", _):
                guard let modulus = number("n"), let exponent = number("e"), exponent.count <= 8,
                    modulus.count <= 1_024
                else { return nil }
                // Fewer than 2,048 bits are refused there (RFC 7518, 3.3).
                material = .rsa(try _RSA.Signing.PublicKey(n: modulus, e: exponent))
            case ("EC", "P-256"):
                guard let point = Self.point(number("x"), number("y"), 32) else { return nil }
                material = .p256(try P256.Signing.PublicKey(x963Representation: point))
            case ("EC", "P-384"):
                guard let point = Self.point(number("x"), number("y"), 48) else { return nil }
                material = .p384(try P384.Signing.PublicKey(x963Representation: point))
            case ("EC", "P-521"):
                guard let point = Self.point(number("x"), number("y"), 66) else { return nil }
                material = .p521(try P521.Signing.PublicKey(x963Representation: point))
            default: return nil
            }
        } catch {
            return nil
        }
    }

    /// Uncompressed (SEC 1, 2.3.3).
    private static func point(_ x: Data?, _ y: Data?, _ length: Int) -> Data? {
        guard let x, let y, x.count == length, y.count == length else { return nil }
        return Data([4]) + x + y
    }

    /// Whether it may have signed that way.
    func fits(_ wanted: SignatureAlgorithm) -> Bool {
        guard algorithm == nil || algorithm == wanted else { return false }
        switch (material, wanted) {
        case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512),
            (.p256, .es256), (.p384, .es384), (.p521, .es512):
            return true
        default: return false
        }
    }

    /// Whether the signature is this key's, of these bytes, made that way and no other.
    func isValid(_ signature: Data, of bytes: Data, by wanted: SignatureAlgorithm) -> Bool {
        guard fits(wanted) else { return false }
        switch material {
        case .rsa(let key):
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            func holds(_ digest: some Digest, _ padding: _RSA.Signing.Padding) -> Bool {
                key.isValidSignature(signature, for: digest, padding: padding)
            }
            switch wanted {
            case .rs256: return holds(SHA256.hash(data: bytes), .insecurePKCS1v1_5)
            case .rs384: return holds(SHA384.hash(data: bytes), .insecurePKCS1v1_5)
            case .rs512: return holds(SHA512.hash(data: bytes), .insecurePKCS1v1_5)
            case .ps256: return holds(SHA256.hash(data: bytes), .PSS)
            case .ps384: return holds(SHA384.hash(data: bytes), .PSS)
            case .ps512: return holds(SHA512.hash(data: bytes), .PSS)
            case .es256, .es384, .es512: return false
            }
        // r and s one after the other, of fixed length (RFC 7518, 3.4): another length is no signature.
        case .p256(let key):
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            return signature.map { key.isValidSignature($0, for: SHA256.hash(data: bytes)) } ?? false
        case .p384(let key):
            let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature)
            return signature.map { key.isValidSignature($0, for: SHA384.hash(data: bytes)) } ?? false
        case .p521(let key):
            let signature = try? P521.Signing.ECDSASignature(rawRepresentation: signature)
            return signature.map { key.isValidSignature($0, for: SHA512.hash(data: bytes)) } ?? false
        }
    }
}

/// RFC 4648, 5, without padding.
enum Base64URL {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacingBytes(of: "+", with: "-").replacingBytes(of: "/", with: "_")
            .replacingBytes(of: "=", with: "")
    }

    /// Nil for any character that is not of it.
    static func decode(_ text: String) -> Data? {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): bytes.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: bytes.append(byte)
            }
        }
        while !bytes.count.isMultiple(of: 4) { bytes.append(UInt8(ascii: "=")) }
        return Data(base64Encoded: Data(bytes))
    }
}
