import Command
import Foundation
import Maintenance
import Outside
import Settings

/// What a provider says of itself (OpenID Connect Discovery 1.0, 3), as far as it is needed.
struct ProviderMetadata: Sendable, Hashable {
    var authorization: HTTPTarget
    var token: HTTPTarget
    var keys: HTTPTarget
    /// Where one signs out there, if it says so (OpenID Connect RP-Initiated Logout 1.0).
    var endSession: HTTPTarget?
    /// Whether the client's secret goes into the body and not into a header.
    var takesSecretInBody: Bool
    /// Whether it names itself in the address that leads back (RFC 9207).
    var namesItself: Bool

    init(_ json: JSONValue, of settings: OpenIDSettings) throws(OpenIDError) {
        guard json["issuer"] == .text(settings.issuer) else {
            let other = json["issuer"]?.text.map { " but '\(String($0.prefix(200)).printable)'" } ?? ""
            throw .unusable("it does not call itself '\(settings.issuer.printable)'\(other)")
        }
        authorization = try Self.target("authorization_endpoint", json, settings)
        token = try Self.target("token_endpoint", json, settings)
        keys = try Self.target("jwks_uri", json, settings)
        endSession = json["end_session_endpoint"] == nil ? nil : try Self.target("end_session_endpoint", json, settings)
        // Without a word it is the header (Discovery 1.0, 3).
        let methods = json["token_endpoint_auth_methods_supported"]?.array ?? ["client_secret_basic"]
        takesSecretInBody = !methods.contains("client_secret_basic") && methods.contains("client_secret_post")
        if settings.clientSecret != nil, !takesSecretInBody, !methods.contains("client_secret_basic") {
            throw .unusable("it takes a client's secret neither in a header nor in the body")
        }
        if let known = json["code_challenge_methods_supported"]?.array, !known.contains("S256") {
            throw .unusable("it does not know PKCE by S256")
        }
        namesItself = json["authorization_response_iss_parameter_supported"] == true
    }

    private static func target(
        _ name: String, _ json: JSONValue, _ settings: OpenIDSettings
    ) throws(OpenIDError) -> HTTPTarget {
        guard let text = json[name]?.text else { throw .unusable("it has no '\(name)'") }
        // By plain HTTP only on this machine, and only for a provider that is there.
        guard
            text.lowercased().hasPrefix("https://")
                || (WayThere.isSafe(text) && !settings.issuer.lowercased().hasPrefix("https"))
        else { throw .unusable("its '\(name)' is not reached by https") }
        do { return try HTTPTarget(text) } catch { throw .unusable("its '\(name)' is no address: \(error.problem)") }
    }
}

/// Asks a provider of OpenID Connect, and keeps what it says of itself for a while.
actor OpenIDProvider {
    /// How long its settings and keys count before they are read again.
    static let fresh: Duration = .seconds(3_600)
    /// Between two looks for a key that is not known: whoever sends tokens with made-up names makes nobody ask.
    static let pause: Duration = .seconds(30)
    /// After it could not be asked for its settings.
    static let rest: Duration = .seconds(5)
    private static let timeLimit: Duration = .seconds(10)
    /// Logins that ask it at once: whoever waits for it proves nothing yet, and a slow provider takes no more than that.
    static let atOnce = 20
    /// Logins that are remembered as ended.
    private static let most = 10_000

    private struct Kept<Value: Sendable>: Sendable {
        var settings: OpenIDSettings
        var at: Timestamp
        var value: Value
    }

    private let clock: WallClock
    private let programs: Programs
    private let prober: HTTPProber
    private var metadata: Kept<ProviderMetadata>?
    private var keys: Kept<[TokenKey]>?
    private var ended: [String: Timestamp] = [:]
    private var trouble: Kept<OpenIDError>?
    /// How many ask it now.
    private(set) var asking = 0

    init(clock: WallClock, programs: Programs) {
        self.clock = clock
        self.programs = programs
        prober = HTTPProber(clock: clock)
    }

    /// Whether a login ends now for the first time.
    func end(_ attempt: LoginAttempt) -> Bool {
        let now = clock.now()
        ended = ended.filter { now - $0.value < LoginAttempt.time }
        // Whoever forgot one would still find its code used up at the provider.
        if ended.count >= Self.most, let oldest = ended.min(by: { $0.value < $1.value }) { ended[oldest.key] = nil }
        return ended.updateValue(now, forKey: attempt.state) == nil
    }

    func describe(_ settings: OpenIDSettings) async throws -> ProviderMetadata {
        let now = clock.now()
        if let metadata, metadata.settings == settings, now - metadata.at < Self.fresh { return metadata.value }
        // Not anew for each who comes while it is down.
        if let trouble, trouble.settings == settings, now - trouble.at < Self.rest { throw trouble.value }
        try begin()
        defer { asking -= 1 }
        do {
            let value = try await read(settings)
            metadata = Kept(settings: settings, at: now, value: value)
            trouble = nil
            return value
        } catch let error as OpenIDError {
            trouble = Kept(settings: settings, at: clock.now(), value: error)
            throw error
        }
    }

    /// Takes one of the places of those who ask.
    private func begin() throws(OpenIDError) {
        guard asking < Self.atOnce else {
            throw .unreachable("\(asking) logins wait for its answer already")
        }
        asking += 1
    }

    private func read(_ settings: OpenIDSettings) async throws -> ProviderMetadata {
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let place: HTTPTarget
        do { place = try HTTPTarget("\(base)/.well-known/openid-configuration") } catch {
            throw OpenIDError.unreachable(error.problem)
        }
        let answer = try await ask(HTTPProbe(place, timeLimit: Self.timeLimit), settings)
        guard answer.status == 200, let json = JSONValue(answer.body) else {
            throw OpenIDError.unusable("its settings have the status \(answer.status) and are not what is needed")
        }
        return try ProviderMetadata(json, of: settings)
    }

    /// Changes a code for the claims of its ID token, whose signature is checked.
    func exchange(
        _ code: String, _ attempt: LoginAttempt, back: String, _ settings: OpenIDSettings
    ) async throws -> JSONValue {
        let known = try await describe(settings)
        try begin()
        defer { asking -= 1 }
        var fields = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back),
            ("client_id", settings.clientID), ("code_verifier", attempt.verifier),
        ]
        var probe = HTTPProbe(known.token, method: .post, timeLimit: Self.timeLimit)
        probe.headers = [
            try HTTPProbe.Header(name: "Content-Type", value: Secret("application/x-www-form-urlencoded")),
            try HTTPProbe.Header(name: "Accept", value: Secret("application/json")),
        ]
        if let secret = try await secret(settings) {
            if known.takesSecretInBody {
                fields.append(("client_secret", secret))
            } else {
                // RFC 6749, 2.3.1: both are written as in a form first.
                let pair = "\(settings.clientID.urlComponent):\(secret.urlComponent)"
                probe.headers.append(
                    try HTTPProbe.Header(
                        name: "Authorization", value: Secret("Basic \(Data(pair.utf8).base64EncodedString())")))
            }
        }
        probe.content = Array(fields.map { "\($0.0)=\($0.1.urlComponent)" }.joined(separator: "&").utf8)
        let answer = try await ask(probe, settings)
        let json = JSONValue(answer.body)
        guard answer.status == 200 else {
            throw OpenIDError.codeRefused(Self.word(json?["error"]?.text) ?? "status \(answer.status)")
        }
        guard let text = json?["id_token"]?.text else { throw OpenIDError.unusable("it gave no ID token") }
        return try await believed(SignedToken(text), known, settings)
    }

    private func secret(_ settings: OpenIDSettings) async throws -> String? {
        do { return try await settings.clientSecret?.resolve(with: programs).reveal() } catch let error
            where !(error is CancellationError)
        {
            throw OpenIDError.unreachable("the client's secret cannot be had: \(ErrorReport(error).problem)")
        }
    }

    private func believed(
        _ token: SignedToken, _ known: ProviderMetadata, _ settings: OpenIDSettings
    ) async throws -> JSONValue {
        let candidates = try await candidates(token, known, settings)
        guard !candidates.isEmpty else { throw OpenIDError.unbelieved("it is signed with a key that is not known") }
        guard candidates.contains(where: { token.isSigned(by: $0) }) else {
            throw OpenIDError.unbelieved("its signature is not the provider's")
        }
        return token.claims
    }

    /// The keys that may have signed it; they are read again where none of those that are known may, since providers change
    /// them.
    private func candidates(
        _ token: SignedToken, _ known: ProviderMetadata, _ settings: OpenIDSettings
    ) async throws -> [TokenKey] {
        let now = clock.now()
        if let keys, keys.settings == settings, now - keys.at < Self.fresh {
            let fitting = token.candidates(keys.value)
            if !fitting.isEmpty || now - keys.at < Self.pause { return fitting }
        }
        let answer = try await ask(HTTPProbe(known.keys, timeLimit: Self.timeLimit), settings)
        guard answer.status == 200, let list = JSONValue(answer.body)?["keys"]?.array else {
            throw OpenIDError.unusable("its keys have the status \(answer.status) and are not what is needed")
        }
        let value = list.prefix(100).compactMap(TokenKey.init)
        keys = Kept(settings: settings, at: now, value: value)
        return token.candidates(value)
    }

    private func ask(_ probe: HTTPProbe, _ settings: OpenIDSettings) async throws -> HTTPObservation.Response {
        var probe = probe
        // Never where clouds hand out credentials, whatever the provider says of itself.
        probe.reach = .notLinkLocal
        if let path = settings.authorities { probe.trust = .file(path: path) }
        let observation: HTTPObservation
        do {
            observation = try await prober.observe(probe)
        } catch let error as HTTPError {
            throw OpenIDError.unreachable(error.problem)
        }
        guard let response = observation.response else {
            var reason = "its certificate is not trusted"
            if case .failed(let words)? = observation.tls?.verification { reason += ": \(words)" }
            throw OpenIDError.unreachable(reason)
        }
        guard !response.isBodyCut else { throw OpenIDError.unusable("its answer is too long") }
        return response
    }

    /// An error's name as the standards write them (RFC 6749, 5.2); nil for anything else.
    static func word(_ text: String?) -> String? {
        guard let text, (1...60).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") })
        else { return nil }
        return text
    }
}
