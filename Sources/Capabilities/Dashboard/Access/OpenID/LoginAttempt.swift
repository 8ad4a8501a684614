import Crypto
import Foundation

/// A login that is under way, kept by nobody but the browser that began it: all that has to come back is derived from one
/// key in its cookie. Whoever has not that cookie can end no login, and has nothing of what would be needed to.
struct LoginAttempt: Sendable, Hashable {
    static let time: Duration = .seconds(600)

    private let key: String
    /// A path of ours.
    let destination: String

    init(to destination: String) {
        key = Keys.make()
        self.destination = destination.utf8.count <= 1_000 ? destination : "/"
    }

    /// Nil for what is no cookie of ours.
    init?(cookie: String) {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0].utf8.count == 43, Base64URL.decode(parts[0])?.count == 32,
            let bytes = Base64URL.decode(parts[1]), let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        key = parts[0]
        destination = Gatekeeper.destination(text)
    }

    var cookie: String { "\(key).\(Base64URL.encode(destination.utf8))" }

    /// What comes back in the address (RFC 6749, 10.12).
    var state: String { derived("state") }
    /// What comes back in the token (OpenID Connect Core 1.0, 15.5.2).
    var nonce: String { derived("nonce") }
    /// What only whoever began the login has (RFC 7636, 4.1).
    var verifier: String { derived("verifier") }
    /// RFC 7636, 4.2, by the method `S256`.
    var challenge: String { Base64URL.encode(SHA256.hash(data: Data(verifier.utf8))) }

    private func derived(_ purpose: String) -> String {
        Base64URL.encode(
            HMAC<SHA256>.authenticationCode(for: Data(purpose.utf8), using: SymmetricKey(data: Data(key.utf8))))
    }
}
