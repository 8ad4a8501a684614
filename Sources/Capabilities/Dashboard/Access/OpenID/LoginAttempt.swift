import Crypto
import Foundation
import Maintenance

/// A login that is under way, kept by nobody but the browser that began it: all that has to come back is derived from one
/// key in its cookie. Whoever has not that cookie can end no login, and has nothing of what would be needed to.
struct LoginAttempt: Sendable, Hashable {
    static let time: Duration = .seconds(600)

    private let key: String
    private let began: Timestamp
    /// Who was asked: another provider's words end no login that was begun at this one, also where the configuration
    /// changed in between (RFC 9700, 2.1: mix-up).
    private let issuer: String
    /// A path of ours.
    let destination: String

    init(to destination: String, by issuer: String, at now: Timestamp) {
        key = Keys.make()
        self.issuer = issuer
        began = now
        self.destination = destination.utf8.count <= 1_000 ? destination : "/"
    }

    /// Nil for what is no cookie of ours, or of a login that is over: what a browser keeps longer than it was told to
    /// counts no longer.
    init?(cookie: String, by issuer: String, at now: Timestamp) {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0].utf8.count == 43, Base64URL.decode(parts[0])?.count == 32,
            let time = Int64(parts[1]).map(Timestamp.init(microseconds:)), String(time.microseconds) == parts[1],
            time <= now + ProvedPerson.skew, time > now - Self.time,
            let bytes = Base64URL.decode(parts[2]), let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        key = parts[0]
        self.issuer = issuer
        began = time
        destination = Gatekeeper.destination(text)
    }

    var cookie: String { "\(key).\(began.microseconds).\(Base64URL.encode(destination.utf8))" }

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
            HMAC<SHA256>.authenticationCode(
                for: Data("\(purpose) \(began.microseconds) \(issuer)".utf8), using: SymmetricKey(data: Data(key.utf8)))
        )
    }
}
