import Engine
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
    let throttle = LoginThrottle()

    /// Nil where nobody has proved anything; a key that is over proves nothing.
    func visitor(_ request: WebRequest) async throws -> Visitor? {
        if let field = request[header: "authorization"] {
            let words = field.split(separator: " ", maxSplits: 1)
            guard words.count == 2, words.first?.lowercased() == "bearer", let key = words.last,
                let (account, _) = try await log.bearer(Keys.digest(String(key)))
            else { return nil }
            return Visitor(account: account, formToken: nil, peer: request.peer)
        }
        guard let key = request.cookie(Self.cookie(request)),
            let session = try await log.session(Keys.digest(key), idle: Self.idle)
        else { return nil }
        return Visitor(account: session.account, formToken: session.formToken, peer: request.peer)
    }

    /// Throws where a request that changes something did not come from a page of ours: the browser says where it comes
    /// from (Fetch Metadata, `Sec-Fetch-Site`; RFC 6454, `Origin`), and a form of somebody who is signed in has the
    /// session's own word with it. A token is no cookie, nobody can make a browser send it.
    func holdToOwnForms(_ request: WebRequest, _ visitor: Visitor?) throws(Refusal) {
        if visitor != nil, visitor?.formToken == nil { return }
        if let site = request[header: "sec-fetch-site"], site != "same-origin", site != "none" { throw .forged }
        if let origin = request[header: "origin"] {
            let host = request[header: "host"] ?? ""
            guard !host.isEmpty, origin == "http://\(host)" || origin == "https://\(host)" else { throw .forged }
        }
        guard let visitor else { return }
        guard let token = visitor.formToken, let sent = request.form["form-token"], Keys.areEqual(sent, token) else {
            throw .forged
        }
    }

    /// The cookie's name: over TLS one that a browser takes only from this very host (RFC 6265bis, 4.1.3.2).
    static func cookie(_ request: WebRequest) -> String { request.isSecure ? "__Host-mainstay" : "mainstay" }

    /// Lets somebody in who knows the password. Nil where they do not.
    func signIn(account name: String, password: String, _ request: WebRequest) async throws -> WebResponse? {
        let name = Account.isValid(name: name) ? name : ""
        if let wait = throttle.wait(account: name, peer: request.peer, at: clock.now()) { throw Refusal.tooOften(wait) }
        let account = try await log.account(name)
        let secret = account?.isOpen == true ? account?.secret : nil
        let isRight = try await Password.verify(String(password.prefix(Password.longest)), against: secret)
        guard isRight, let account else {
            let attempts = throttle.failed(account: name, peer: request.peer, at: clock.now())
            // Once for each time that it becomes slower, so that nobody fills the trail by guessing.
            if attempts == LoginThrottle.free || (attempts > LoginThrottle.free && attempts % 50 == 0) {
                try await log.noteTurnedAway(name.isEmpty ? "?" : name, peer: request.peer, attempts: attempts)
            }
            return nil
        }
        throttle.succeeded(account: name, peer: request.peer)
        return try await admit(account, request, to: Self.destination(request.form["to"]))
    }

    /// A new session, never one that somebody brought along.
    func admit(_ account: Account, _ request: WebRequest, to location: String) async throws -> WebResponse {
        if let old = request.cookie(Self.cookie(request)) { try await log.signOut(Keys.digest(old)) }
        let key = Keys.make()
        let speaking = log.acting(
            for: Requester(user: account.name, host: request.peer, processID: getpid()))
        try await speaking.signIn(
            account.name, digest: Keys.digest(key), formToken: Keys.make(), until: clock.now() + Self.longest,
            idle: Self.idle, peer: request.peer)
        var response = WebResponse.see(location)
        response.add("Set-Cookie", Self.set(Self.cookie(request), key, age: Self.longest, request))
        return response
    }

    func signOut(_ request: WebRequest) async throws -> WebResponse {
        if let key = request.cookie(Self.cookie(request)) { try await log.signOut(Keys.digest(key)) }
        var response = WebResponse.see("/sign-in")
        response.add("Set-Cookie", Self.set(Self.cookie(request), "", age: .zero, request))
        response.set("Clear-Site-Data", "\"cache\", \"storage\"")
        return response
    }

    private static func set(_ name: String, _ value: String, age: Duration, _ request: WebRequest) -> String {
        let secure = request.isSecure ? "; Secure" : ""
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
