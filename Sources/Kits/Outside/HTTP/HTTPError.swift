import Maintenance

/// A probe that got no answer. An answer that was not wanted is an `HTTPObservation`.
package enum HTTPError: MaintenanceError, Equatable {
    case malformedURL(String, reason: String)
    /// The URL is not shown: it holds a password.
    case credentialsInURL
    case malformedHeader(name: String)
    case malformedPattern(String)
    case unusableAuthorities(path: String, reason: String)
    case noSuchHost(String, reason: String)
    /// Its address is none that may be spoken to.
    case forbidden(HTTPTarget)
    case refused(HTTPTarget)
    case unreachable(HTTPTarget, reason: String)
    case timedOut(HTTPTarget, phase: Phase, after: Duration)
    case handshakeFailed(HTTPTarget, reason: String)
    case malformedAnswer(HTTPTarget, reason: String)
    /// Closed by the other side before the answer was whole.
    case closed(HTTPTarget, phase: Phase)
    case redirectLoop(HTTPTarget)
    case tooManyRedirects(limit: Int, last: HTTPTarget)

    /// What a connection was busy with.
    package enum Phase: String, Sendable {
        case resolving = "looking up the name"
        case connecting = "connecting"
        case handshake = "the TLS handshake"
        case waiting = "waiting for the first byte"
        case reading = "reading the answer"
    }

    package var code: String {
        switch self {
        case .malformedURL, .credentialsInURL: "http.malformed-url"
        case .malformedHeader: "http.malformed-header"
        case .malformedPattern: "http.malformed-pattern"
        case .unusableAuthorities: "http.unusable-authorities"
        case .noSuchHost: "http.no-such-host"
        case .forbidden: "http.forbidden"
        case .refused: "http.refused"
        case .unreachable: "http.unreachable"
        case .timedOut: "http.timed-out"
        case .handshakeFailed: "http.handshake-failed"
        case .malformedAnswer: "http.malformed-answer"
        case .closed: "http.closed"
        case .redirectLoop, .tooManyRedirects: "http.redirects"
        }
    }

    package var problem: String {
        switch self {
        case .malformedURL(let text, let reason): "'\(text.printable)' cannot be probed: \(reason.printable)"
        case .credentialsInURL: "a URL with a user or a password cannot be probed"
        case .malformedHeader(let name): "the header '\(name.printable)' has a name or a value that HTTP cannot carry"
        case .malformedPattern(let pattern): "'\(pattern.printable)' is not a regular expression"
        case .unusableAuthorities(let path, let reason):
            "the certificate authorities in '\(path.printable)' cannot be used: \(reason)"
        case .noSuchHost(let host, let reason): "the host '\(host)' cannot be found: \(reason)"
        case .forbidden(let target): "the host '\(target.host)' has an address that may not be spoken to from here"
        case .refused(let target): "'\(target)' refuses connections"
        case .unreachable(let target, let reason): "'\(target)' cannot be reached: \(reason)"
        case .timedOut(let target, let phase, let limit):
            "'\(target)' did not answer within \(limit.short) (it took too long at: \(phase.rawValue))"
        case .handshakeFailed(let target, let reason): "the TLS handshake with '\(target)' failed: \(reason)"
        case .malformedAnswer(let target, let reason): "'\(target)' does not answer with HTTP: \(reason)"
        case .closed(let target, let phase): "'\(target)' closed the connection while \(Self.clause(phase))"
        case .redirectLoop(let target): "'\(target)' is redirected to itself"
        case .tooManyRedirects(let limit, let last): "there are more than \(limit) redirects (the last to '\(last)')"
        }
    }

    private static func clause(_ phase: Phase) -> String {
        phase == .handshake ? "shaking hands for TLS" : phase.rawValue
    }

    package var hint: String? {
        switch self {
        case .malformedURL: "Write it like https://shop.example/health"
        case .credentialsInURL: "Put the credentials into a header whose value comes from a secret."
        case .malformedPattern: "Write a regular expression as Swift and PCRE read it, or 'contains' with plain text."
        case .unusableAuthorities: "Name a PEM file of certificates that Mainstay may read."
        case .forbidden: "Say 'private: true' where it is meant; addresses of one link (169.254.0.0/16) never are."
        case .redirectLoop, .tooManyRedirects: "Probe the final URL, or take the redirect as the answer."
        default: nil
        }
    }

    package var isRetryable: Bool {
        switch self {
        case .noSuchHost, .refused, .unreachable, .timedOut, .closed: true
        default: false
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .malformedURL, .credentialsInURL, .malformedHeader, .malformedPattern, .unusableAuthorities, .forbidden:
            .configuration
        case .noSuchHost, .refused, .unreachable, .timedOut, .handshakeFailed, .closed: .unreachable
        case .malformedAnswer, .redirectLoop, .tooManyRedirects: .failure
        }
    }
}
