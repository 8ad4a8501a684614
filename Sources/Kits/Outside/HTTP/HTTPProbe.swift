import Maintenance

/// One question to an HTTP(S) endpoint, asked over a connection of its own.
package struct HTTPProbe: Sendable {
    package var target: HTTPTarget
    package var method: Method
    /// Beside `Host`, `User-Agent`, `Accept` and `Connection: close`. Not sent on to another origin.
    package var headers: [Header]
    /// Over everything: name, connection, handshake, redirects, the whole body.
    package var timeLimit: Duration
    /// How many redirects are followed; nil takes a redirect as the answer.
    package var redirects: Int?
    /// What is read of the body at most; the rest stays unread, and the observation says so.
    package var bodyLimit: ByteCount
    package var trust: Trust
    /// Which addresses may be spoken to, decided after every look-up of a name.
    package var reach = Reach.anywhere
    /// What is sent with the request.
    package var content: [UInt8] = []
    /// Whether HTTP/2 is offered over TLS (ALPN, RFC 9113 section 3.2): the server chooses it or HTTP/1.1.
    package var offersHTTP2 = false

    package init(
        _ target: HTTPTarget, method: Method = .get, headers: [Header] = [], timeLimit: Duration = .seconds(10),
        redirects: Int? = nil, bodyLimit: ByteCount = ByteCount(1_048_576), trust: Trust = .system
    ) {
        self.target = target
        self.method = method
        self.headers = headers
        self.timeLimit = timeLimit
        self.redirects = redirects
        self.bodyLimit = bodyLimit
        self.trust = trust
    }

    /// What is offered to be spoken over TLS, best first.
    var protocols: [String] { offersHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"] }

    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    package struct Header: Sendable {
        package var name: String
        /// A secret, because it is often a token.
        package var value: Secret

        /// Refuses what would end the header early.
        package init(name: String, value: Secret) throws(HTTPError) {
            let isName = !name.isEmpty && name.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: ":") }
            guard isName, !value.reveal().utf8.contains(where: { $0 < 0x20 && $0 != 9 || $0 == 0x7F }) else {
                throw .malformedHeader(name: name)
            }
            self.name = name
            self.value = value
        }
    }

    /// Whose signature on a certificate counts.
    package enum Trust: Sendable, Hashable {
        /// The certificates of the Debian package ca-certificates.
        case system
        /// The certificates of a PEM file, and no others.
        case file(path: String)
    }
}

/// What a probe saw.
package struct HTTPObservation: Sendable {
    /// Where the answer came from: the last of the redirects.
    package var target: HTTPTarget
    /// The targets that sent us on, in order.
    package var redirects: [HTTPTarget]
    /// Of the last exchange, but `total` is over all of them.
    package var times: Times
    /// Nil over plain HTTP.
    package var tls: TLSFacts?
    /// Nil when the certificate was not trusted: then no request was sent, and `tls` says why.
    package var response: Response?

    package struct Times: Sendable, Hashable {
        package var resolve: Duration = .zero
        package var connect: Duration = .zero
        /// Nil over plain HTTP.
        package var handshake: Duration?
        /// From the request to the first byte of the answer.
        package var firstByte: Duration?
        package var total: Duration = .zero
    }

    package struct Response: Sendable {
        package var status: Int
        /// `1.1` or `2`, as it was spoken.
        package var version = "1.1"
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]
        /// True when the limit was reached and the connection closed with more to come.
        package var isBodyCut: Bool

        /// The first of that name, whatever its case.
        package func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }
}

/// What a connection's handshake said.
package struct TLSFacts: Sendable, Hashable {
    /// `TLSv1.3`.
    package var version: String
    /// The common names; empty where there is none. Hostile text.
    package var subject: String
    package var issuer: String
    package var notBefore: Timestamp
    package var notAfter: Timestamp
    package var verification: Verification

    package enum Verification: Sendable, Hashable {
        /// Signed by a trusted authority, in its time, for this host.
        case verified
        /// With the reason as a clause: `the certificate expired on 2026-11-20`.
        case failed(reason: String)
    }

    /// Whole days until it expires; negative when it has.
    package func daysLeft(at now: Timestamp) -> Int {
        Int(((notAfter - now).inSeconds / 86_400).rounded(.down))
    }
}

/// What a body has to show.
package enum BodyExpectation: Sendable, Hashable {
    case contains(String)
    /// A Swift regular expression, which may match anywhere.
    case matches(String)

    /// Refuses an expression that does not parse.
    package func checked() throws(HTTPError) -> BodyExpectation {
        if case .matches(let pattern) = self {
            do { _ = try Regex(pattern) } catch { throw .malformedPattern(pattern) }
        }
        return self
    }

    /// `body` may be cut: then what comes after is not looked at.
    package func isMet(by body: [UInt8]) throws(HTTPError) -> Bool {
        switch self {
        case .contains(let text):
            return text.isEmpty || body.firstRange(of: Array(text.utf8)) != nil
        case .matches(let pattern):
            do {
                return try Regex(pattern).firstMatch(in: String(decoding: body, as: UTF8.self)) != nil
            } catch { throw .malformedPattern(pattern) }
        }
    }
}
