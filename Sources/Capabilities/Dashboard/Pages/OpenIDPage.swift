import Engine
import Maintenance
import Outside
import Page
import Settings
import Web

/// The way in by OpenID Connect (Core 1.0, 3.1): the authorization code flow with PKCE, its state and nonce bound to the
/// browser that began it.
enum OpenIDPage {
    /// Of one address; a proxy's is that of everybody behind it.
    private static let perMinute = 60
    private static let perMinuteOfProxy = 600
    /// Of one kind, in the log.
    private static let complaintsPerMinute = 6
    /// Of one subject, in the audit trail.
    private static let refusalsPerMinute = 1

    /// What the page where one signs in says of it; nothing where there is no provider.
    static func way(_ visit: Visit, to destination: String) -> HTML {
        guard let settings = visit.site.settings.openid, let own = visit.site.settings.url else { return HTML() }
        let left: HTML? =
            visit.request.query["left"] == nil
            ? nil
            : """
            <p class="hint">You are signed out here, and at \(settings.name) you still are signed in. \
            <a href="\(url: "\(own)/sign-out/openid")">Sign out there too</a></p>

            """
        // By the address that codes come back to: the cookie of a login is that address's.
        return """
            <p><a class="button" href="\(url: "\(own)/sign-in/openid?to=\(destination.urlComponent)")">Sign in with \
            \(settings.name)</a></p>
            \(left)
            """
    }

    static func begin(_ visit: Visit) async throws -> WebResponse {
        let (settings, own) = try provider(visit)
        return try await readable(visit) {
            let known = try await visit.site.openid.describe(settings)
            let attempt = LoginAttempt(
                to: Gatekeeper.destination(visit.request.query["to"]), by: settings.issuer, at: visit.now)
            let scopes = ["openid"] + settings.scopes.filter { $0 != "openid" }
            var response = WebResponse.see(
                known.authorization.with([
                    ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", back(own)),
                    ("scope", scopes.joined(separator: " ")), ("state", attempt.state), ("nonce", attempt.nonce),
                    ("code_challenge", attempt.challenge), ("code_challenge_method", "S256"),
                ]))
            response.add(
                "Set-Cookie",
                visit.site.gate.set(cookie(visit), attempt.cookie, age: LoginAttempt.time, visit.request))
            return response
        }
    }

    /// Where the provider sends the browser back to.
    static func back(_ visit: Visit) async throws -> WebResponse {
        let (settings, own) = try provider(visit)
        let query = visit.request.query
        guard let kept = visit.request.cookie(cookie(visit)),
            let attempt = LoginAttempt(cookie: kept, by: settings.issuer, at: visit.now),
            let state = query["state"], Keys.areEqual(state, attempt.state),
            await visit.site.openid.end(attempt)
        else { return said(OpenIDError.noAttempt) }
        var response = try await readable(visit) {
            let known = try await visit.site.openid.describe(settings)
            // Another provider's answer, sent on to us, a refusal too (RFC 9207, 2.4).
            guard query["iss"] == nil ? !known.namesItself : query["iss"] == settings.issuer else {
                throw OpenIDError.unbelieved("another issuer answered this login")
            }
            if let word = query["error"] { throw OpenIDError.denied(OpenIDProvider.word(word) ?? "unknown") }
            guard let code = query["code"], !code.isEmpty else {
                throw OpenIDError.unusable("it sent neither a code nor an error")
            }
            return try await admit(visit, attempt, code, back(own), settings)
        }
        response.add("Set-Cookie", visit.site.gate.set(cookie(visit), "", age: .zero, visit.request))
        return response
    }

    /// Whether the trail tells that somebody was turned away: nobody fills it, and the log, by coming again and again.
    ///
    /// - Parameter subject: empty where it is not known.
    private static func isNoted(_ subject: String, _ visit: Visit) -> Bool {
        visit.site.rates.take("login of \(subject)", perMinute: refusalsPerMinute, at: visit.now) == nil
    }

    private static func admit(
        _ visit: Visit, _ attempt: LoginAttempt, _ code: String, _ back: String, _ settings: OpenIDSettings
    ) async throws -> WebResponse {
        let peer = visit.request.peer
        let person: ProvedPerson
        do {
            let claims = try await visit.site.openid.exchange(code, attempt, back: back, settings)
            person = try ProvedPerson(claims, by: settings, nonce: attempt.nonce, at: visit.now)
        } catch OpenIDError.unbelieved(let reason) {
            // The provider took the code, but whoever has an account there can ask for a token that answers nothing.
            if isNoted("", visit) {
                try await visit.site.log.noteUnbelieved(issuer: settings.issuer, reason: reason, peer: peer)
            }
            throw OpenIDError.unbelieved(reason)
        }
        let entry = try await visit.site.log.enter(
            ForeignLogin(
                ForeignIdentity(issuer: settings.issuer, subject: person.subject),
                promised: person.promisedAccount(settings),
                wanted: settings.createsAccounts ? person.accountName(settings) : nil,
                grants: person.grants(settings), peer: peer)
        ) { isNoted(person.subject, visit) }
        switch entry {
        case .admitted(let account):
            return try await visit.site.gate.admit(
                account, visit.request, to: attempt.destination, issuer: settings.issuer)
        case .refused(let reason): throw OpenIDError.refused(reason, subject: person.subject)
        }
    }

    /// To the provider's own way out; the session here has ended already.
    static func leave(_ visit: Visit) async throws -> WebResponse {
        let (settings, own) = try provider(visit)
        return try await readable(visit) {
            guard let place = try await visit.site.openid.describe(settings).endSession else {
                throw Refusal.unusable("\(settings.name.printable) does not say how one signs out there")
            }
            return .see(
                place.with([("client_id", settings.clientID), ("post_logout_redirect_uri", "\(own)/sign-in")]))
        }
    }

    /// Throws where there is no provider, and where an address asks too often: each of these asks the provider.
    private static func provider(_ visit: Visit) throws -> (OpenIDSettings, String) {
        let settings = visit.site.settings
        guard let provider = settings.openid, let own = settings.url else { throw Refusal.notFound }
        let place = settings.isBehindProxy ? "proxy" : RequestRates.place(visit.request.peer)
        let most = settings.isBehindProxy ? perMinuteOfProxy : perMinute
        if let wait = visit.site.rates.take("login \(place)", perMinute: most, at: visit.now) {
            throw Refusal.tooOften(wait)
        }
        return (provider, own)
    }

    /// As the provider has to know it, to the letter.
    private static func back(_ own: String) -> String { "\(own)/sign-in/openid/callback" }

    /// Over TLS one that a browser takes only from this very host.
    private static func cookie(_ visit: Visit) -> String {
        visit.site.gate.isSecure(visit.request) ? "__Host-mainstay-login" : "mainstay-login"
    }

    /// Trouble with the provider as a page that tells whoever reads it what to do, and the house why.
    private static func readable(
        _ visit: Visit, _ answer: () async throws -> WebResponse
    ) async throws -> WebResponse {
        do {
            return try await answer()
        } catch let error as OpenIDError {
            switch error {
            // The trail tells of them, or there is nothing to tell.
            case .noAttempt, .denied, .refused: break
            case .unreachable, .unusable, .codeRefused, .unbelieved:
                // Anybody may come with a code that is none: nobody fills the log with them.
                if visit.site.rates.take("login \(error.code)", perMinute: complaintsPerMinute, at: visit.now) == nil {
                    visit.site.complain("somebody cannot sign in by OpenID Connect", ErrorReport(error))
                }
            }
            return said(error)
        }
    }

    private static func said(_ error: OpenIDError) -> WebResponse {
        let (status, problem, hint) = error.said
        return WebResponse(
            status,
            html: Frame(
                title: "Sign in", visit: nil,
                body: """
                    <h1>Not signed in</h1>
                    <div class="verdict warning" role="alert">\(Standing.warning.mark)<div><p>\(problem)</p>\
                    <p class="why">\(hint)</p></div></div>
                    <p><a href="/sign-in">Sign in</a></p>

                    """
            ).html)
    }
}

extension HTTPTarget {
    /// The address with more in its query.
    fileprivate func with(_ fields: [(name: String, value: String)]) -> String {
        let pairs = fields.map { "\($0.name)=\($0.value.urlComponent)" }.joined(separator: "&")
        return description + (path.contains("?") ? "&" : "?") + pairs
    }
}
