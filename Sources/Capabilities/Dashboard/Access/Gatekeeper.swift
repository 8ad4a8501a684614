import Engine
import Foundation
import Glibc
import Maintenance
import Outside
import Settings
import Synchronization
import Web

/// Knows who is behind a request, lets people in and out, and refuses forms that are not ours.
struct Gatekeeper: Sendable {
    /// However busy somebody is, after that they sign in again.
    static let longest: Duration = .seconds(12 * 3_600)
    /// Without a request for that long they sign in again.
    static let idle: Duration = .seconds(2 * 3_600)
    /// How long a link may wait.
    static let linkTime: Duration = .seconds(24 * 3_600)

    let log: RunLog
    let clock: WallClock
    /// What the configuration says now.
    let settings: @Sendable () -> DashboardSettings
    let throttle = LoginThrottle()
    private let deriving = Deriving()

    init(log: RunLog, clock: WallClock, settings: @escaping @Sendable () -> DashboardSettings) {
        self.log = log
        self.clock = clock
        self.settings = settings
    }

    /// Nil where nobody has proved anything; a key that is over proves nothing.
    func visitor(_ request: WebRequest) async throws -> Visitor? {
        if let key = Self.bearer(request) {
            guard let (account, token) = try await log.bearer(Keys.digest(key)) else { return nil }
            return Visitor(account: account, formToken: nil, peer: request.peer, scopes: token.scopes, token: token.id)
        }
        guard let key = request.cookie(cookie(request)),
            let session = try await log.session(
                Keys.digest(key), idle: Self.idle,
                isActivity: request[header: "x-mainstay-live"] == nil && request.path != ["live"]
                    && !(request.path.first == "api" && request.path.last == "events"))
        else { return nil }
        return Visitor(account: session.account, formToken: session.formToken, peer: request.peer)
    }

    /// Whether anything was sent that could prove who asks.
    func hasKey(_ request: WebRequest) -> Bool {
        Self.bearer(request) != nil || request.cookie(cookie(request)) != nil
    }

    /// The token a program sends: as `Authorization: Bearer`; where scripts of others are used, in `apikey`, or as the
    /// password of `Authorization: Basic`, which `https://x:TOKEN@host/` makes of an address. Other schemes are somebody
    /// else's, such as a proxy's.
    private static func bearer(_ request: WebRequest) -> String? {
        let words = request[header: "authorization"]?.split(separator: " ", maxSplits: 1) ?? []
        if words.count == 2, words.first?.lowercased() == "bearer" { return words.last.map(String.init) }
        guard ["api", "functions", "rest"].contains(request.path.first) else { return nil }
        if words.count == 2, words.first?.lowercased() == "basic", let last = words.last,
            let text = Data(base64Encoded: String(last)),
            let colon = text.firstIndex(of: UInt8(ascii: ":"))
        {
            return String(decoding: text[text.index(after: colon)...], as: UTF8.self)
        }
        return request[header: "apikey"]
    }

    /// Throws where a request that changes something did not come from a page of ours: the browser says where it comes
    /// from (Fetch Metadata, `Sec-Fetch-Site`; RFC 6454, `Origin`), and a form of somebody who is signed in has the
    /// session's own word with it. A token is no cookie, nobody can make a browser send it; but where it is a password of
    /// `Authorization: Basic`, which browsers keep and send by themselves (RFC 7617, 2.2).
    func holdToOwnForms(_ request: WebRequest, _ visitor: Visitor?) throws(Refusal) {
        let isBasic = request[header: "authorization"]?.lowercased().hasPrefix("basic ") == true
        if let visitor, visitor.formToken == nil, !isBasic { return }
        if let site = request[header: "sec-fetch-site"], site != "same-origin", site != "none" { throw .forged }
        if let origin = request[header: "origin"] {
            let host = request[header: "host"] ?? ""
            let own = ["http://\(host)", "https://\(host)", settings().url].compactMap(\.self)
            guard !host.isEmpty, own.contains(origin) else { throw .forged }
        }
        guard let token = visitor?.formToken else { return }
        guard let sent = request.form["form-token"], Keys.areEqual(sent, token) else {
            throw .forged
        }
    }

    /// The cookie's name: over TLS one that a browser takes only from this very host (RFC 6265bis, 4.1.3.2).
    private func cookie(_ request: WebRequest) -> String { isSecure(request) ? "__Host-mainstay" : "mainstay" }

    /// Whether the browser speaks TLS, to us or to the proxy before us.
    func isSecure(_ request: WebRequest) -> Bool {
        request.isSecure || settings().url?.hasPrefix("https://") == true
    }

    /// Lets somebody in who knows the password. Nil where they do not.
    func signIn(account name: String, password: String, _ request: WebRequest) async throws -> WebResponse? {
        let name = Account.isValid(name: name) ? name : ""
        let peer = settings().isBehindProxy ? nil : RequestRates.place(request.peer)
        let attempt: Int
        switch throttle.begin(account: name, peer: peer, at: clock.now()) {
        case .wait(let wait): throw Refusal.tooOften(wait)
        case .goOn(let number): attempt = number
        }
        let account = try await log.account(name)
        let secret = account?.isOpen == true ? account?.secret : nil
        let isRight = try await deriving.run {
            try await Password.verify(String(password.prefix(Password.longest)), against: secret)
        }
        guard isRight, let account else {
            // Once when it becomes slower, and now and then: nobody fills the trail by guessing.
            if attempt == LoginThrottle.free || (attempt > LoginThrottle.free && attempt.isMultiple(of: 50)) {
                try await log.noteTurnedAway(name.isEmpty ? "?" : name, peer: request.peer, attempts: attempt)
            }
            return nil
        }
        throttle.succeeded(account: name, peer: peer)
        return try await admit(account, request, to: Self.destination(request.form["to"]))
    }

    /// A new session, never one that somebody brought along.
    ///
    /// - Parameter issuer: who proved it; nil where a password did.
    func admit(
        _ account: Account, _ request: WebRequest, to location: String, issuer: String? = nil
    ) async throws -> WebResponse {
        if let old = request.cookie(cookie(request)) { try await log.signOut(Keys.digest(old)) }
        let key = Keys.make()
        let speaking = log.acting(
            for: Requester(user: account.name, host: request.peer, processID: getpid()))
        try await speaking.signIn(
            account.name, digest: Keys.digest(key), formToken: Keys.make(), until: clock.now() + Self.longest,
            idle: Self.idle, peer: request.peer, issuer: issuer)
        var response = WebResponse.see(location)
        response.add("Set-Cookie", set(cookie(request), key, age: Self.longest, request))
        return response
    }

    func signOut(_ request: WebRequest) async throws -> WebResponse {
        if let key = request.cookie(cookie(request)) { try await log.signOut(Keys.digest(key)) }
        var response = WebResponse.see(settings().openid == nil ? "/sign-in" : "/sign-in?left=yes")
        response.add("Set-Cookie", set(cookie(request), "", age: .zero, request))
        response.set("Clear-Site-Data", "\"cache\", \"storage\"")
        return response
    }

    func set(_ name: String, _ value: String, age: Duration, _ request: WebRequest) -> String {
        let secure = isSecure(request) ? "; Secure" : ""
        return "\(name)=\(value); Path=/; Max-Age=\(Int(age.inSeconds)); HttpOnly; SameSite=Lax\(secure)"
    }

    /// Only a path of ours: nobody is led elsewhere after having typed a password.
    static func destination(_ wanted: String?) -> String {
        guard let wanted, wanted.utf8.first == UInt8(ascii: "/"),
            wanted.utf8.dropFirst().first.map({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }) ?? true,
            wanted.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return "/" }
        return wanted
    }
}

/// Deriving keys takes memory and time on purpose: a few at once, a few that wait, and whoever comes then is told to come
/// again.
private final class Deriving: Sendable {
    /// 32 MiB each.
    private static let most = 3
    private let count = Mutex(0)

    func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let isFree = count.withLock { count in
            guard count < Self.most else { return false }
            count += 1
            return true
        }
        guard isFree else { throw Refusal.tooOften(.seconds(2)) }
        defer { count.withLock { $0 -= 1 } }
        return try await body()
    }
}
