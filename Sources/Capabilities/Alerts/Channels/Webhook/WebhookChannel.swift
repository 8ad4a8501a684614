import Alert
import Crypto
import Maintenance
import Outside
import Settings

/// A POST of Alertmanager's own payload, signed where there is a key.
///
/// `Mainstay-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 of the seconds, a full stop and the body: a receiver
/// that also looks at the seconds is safe from what somebody recorded earlier. `Idempotency-Key` is the same at every
/// attempt.
struct WebhookChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools
    let mostAtOnce = 16

    func send(_ message: AlertMessage) async throws -> String {
        let body = wireJSON(WebhookPayload(message))
        var post = Post(url: try await access.url.resolve(with: tools.programs).reveal(), body: body, of: access)
        post.headers.append(("Idempotency-Key", Secret(message.id)))
        if let token = access.token {
            post.headers.append(
                ("Authorization", Secret("Bearer \(try await token.resolve(with: tools.programs).reveal())")))
        }
        if let key = access.signingKey {
            let signature = Self.signature(
                of: body, at: tools.clock.now(), key: try await key.resolve(with: tools.programs))
            post.headers.append(("Mainstay-Signature", Secret(signature)))
        }
        return try await post.send(with: tools)
    }

    static func signature(of body: [UInt8], at now: Timestamp, key: Secret) -> String {
        let seconds = now.microseconds / 1_000_000
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(seconds).".utf8) + body, using: SymmetricKey(data: Array(key.reveal().utf8)))
        return "t=\(seconds),v1=\(Array(code).hexadecimal)"
    }
}
