import Command
import Crypto
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing
import Web

@testable import Dashboard

/// Who gets in by a provider of OpenID Connect, and who does not.
@Suite("signing in by OpenID Connect", .temporaryDirectory)
struct OpenIDTests {
    private static func site(_ provider: TestProvider, _ more: String = "") async throws -> TestSite {
        let test = try await TestSite(
            """
            environments: {production: {}, staging: {}}
            server:
              listen: "127.0.0.1:0"
              url: https://mainstay.example
              openid:
                issuer: "\(provider.issuer)"
                client-id: "\(TestProvider.client)"
                client-secret: "\(TestProvider.secret)"
                name: Example
            \(more.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))

            """)
        provider.follow(test.clock)
        return test
    }

    private static let roles = """
        create: true
        roles:
          - {group: /ops, role: operator, environments: [staging]}
          - {group: all, role: viewer}
        """

    @Test("whoever the provider lets in has the roles of their groups, and no more the next time than then")
    func admits() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            var browser = TestBrowser(test.site)
            let page = await browser.get("/sign-in", ["to": "/findings"])
            #expect(page.text.contains("Sign in with Example") && page.text.contains("/sign-in/openid?to=%2Ffindings"))
            let answer = try await browser.signIn(
                .named("ann", groups: ["/ops", "all", "other"]), by: provider, test.clock)
            #expect(answer.status == 303 && answer[header: "location"] == "/runs", "\(answer.text)")
            #expect(browser.cookies.keys.sorted() == ["__Host-mainstay"])
            #expect(await browser.get("/runs").status == 200)
            var account = try #require(try await test.log.account("ann"))
            #expect(account.grants == Grants(everywhere: .viewer, environments: ["staging": .operator]))
            #expect(account.secret == nil)
            let kinds = try await test.log.audit(AuditFilter()).map(\.kind)
            #expect(kinds == [.admitted, .granted])
            let entry = try #require(try await test.log.audit(AuditFilter(kinds: [.admitted])).first)
            #expect(entry.actor.user == "ann" && entry.detail["issuer"] == .text(provider.issuer))

            // The same person under another name, with less: the same account.
            var person = TestProvider.Person.named("ann", groups: ["all"])
            person.claims["preferred_username"] = "somebody-else"
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            account = try #require(try await test.log.account("ann"))
            #expect(account.grants == Grants(everywhere: .viewer))
            #expect(try await test.log.accounts().count == 1)

            // Without a group nothing is left, of what is open either.
            var other = TestBrowser(test.site)
            let refused = try await other.signIn(.named("ann"), by: provider, test.clock)
            #expect(refused.status == 403 && refused.text.contains("you may do nothing here"))
            #expect(await browser.get("/runs").status == 303)
            #expect(try await test.log.account("ann")?.grants.isEmpty == true)
            #expect(try await test.log.audit(AuditFilter(kinds: [.turnedAway])).count == 1)
        }
    }

    /// What a provider, or whoever stands between, could say.
    enum Lie: String, CaseIterable {
        case nonce, noNonce, audience, secondAudience, party, issuer, expired, early, old, timeless, nobody
        case unsigned, password, anotherKey, anotherSignature, anotherHead, extensions, noToken
        case twice, anotherKind, namelessKey

        func tell(_ provider: TestProvider) {
            switch self {
            case .nonce: provider.bend { $0["nonce"] = .text(Keys.make()) }
            case .noNonce: provider.bend { $0["nonce"] = nil }
            case .audience: provider.bend { $0["aud"] = "another" }
            case .secondAudience: provider.bend { $0["aud"] = [.text(TestProvider.client), "another"] }
            case .party: provider.bend { $0["azp"] = "another" }
            case .issuer: provider.bend { $0["iss"] = "https://evil.example" }
            case .expired: provider.bend { $0["exp"] = Self.moved($0["exp"], by: -400) }
            case .early: provider.bend { $0["iat"] = Self.moved($0["iat"], by: 120) }
            case .old: provider.bend { $0["iat"] = Self.moved($0["iat"], by: -3_600) }
            case .timeless: provider.bend { $0["exp"] = nil }
            case .nobody: provider.bend { $0["sub"] = nil }
            case .unsigned:
                provider.forge { _, claims in TestKey.token(["alg": "none"], claims) { _ in Data() } }
            case .password:
                // As a password the key that everybody may read.
                provider.forge { key, claims in
                    TestKey.token(["alg": "HS256", "kid": .text(key.id)], claims) {
                        Data(
                            HMAC<SHA256>.authenticationCode(
                                for: $0, using: SymmetricKey(data: Data(key.json.bytes))))
                    }
                }
            case .anotherKey: provider.sign(with: .elliptic("not published"), isPublished: false)
            case .anotherSignature: provider.sign(with: .elliptic("first"), isPublished: false)
            case .anotherHead:
                provider.forge { key, claims in
                    TestKey.token(["alg": "RS256", "kid": .text(key.id)], claims, key.sign)
                }
            case .extensions:
                provider.forge { key, claims in
                    TestKey.token(
                        ["alg": "ES256", "kid": .text(key.id), "crit": ["b64"], "b64": true], claims, key.sign)
                }
            case .noToken: provider.forge { _, _ in "a.b" }
            case .twice:
                provider.forge { key, claims in
                    TestKey.token(
                        (["alg": "ES256", "kid": .text(key.id)] as JSONValue).bytes,
                        Array(#"{"\u0073ub": "eve", "#.utf8) + claims.bytes.dropFirst(), key.sign)
                }
            case .anotherKind:
                provider.forge { key, claims in
                    TestKey.token(["alg": "ES256", "kid": .text(key.id), "typ": "logout+jwt"], claims, key.sign)
                }
            case .namelessKey:
                provider.forge { key, claims in TestKey.token(["alg": "ES256", "kid": 7], claims, key.sign) }
            }
        }

        private static func moved(_ time: JSONValue?, by seconds: Int64) -> JSONValue? {
            if case .integer(let time)? = time { .integer(time + seconds) } else { nil }
        }
    }

    @Test("what a token says is believed only where everything in it is right", arguments: Lie.allCases)
    func refusesLies(lie: Lie) async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            lie.tell(provider)
            var browser = TestBrowser(test.site)
            let answer = try await browser.signIn(.named("ann", groups: ["all"]), by: provider, test.clock)
            #expect(answer.status == 403 && answer.text.contains("cannot be believed"), "\(answer.text)")
            #expect(browser.cookies.isEmpty)
            #expect(try await test.log.accounts().isEmpty)
            let entries = try await test.log.audit(AuditFilter())
            #expect(entries.map(\.kind) == [.turnedAway] && entries.first?.detail["issuer"] == .text(provider.issuer))
            // Nothing of the token or of why stands on the page.
            let reason = try #require(entries.first?.detail["reason"]?.description)
            #expect(!answer.text.contains(reason) && !answer.text.contains("ann@"))
        }
    }

    @Test("clocks may differ by a minute")
    func toleratesSkew() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            provider.bend { claims in
                for name in ["iat", "exp"] {
                    if case .integer(let time)? = claims[name] { claims[name] = .integer(time + 55) }
                }
            }
            var browser = TestBrowser(test.site)
            #expect(
                try await browser.signIn(.named("ann", groups: ["all"]), by: provider, test.clock).status == 303)
        }
    }

    @Test("a login ends in the browser that began it, once, and with the code that was given for it")
    func bindsBrowsers() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            let person = TestProvider.Person.named("ann", groups: ["all"])
            var ann = TestBrowser(test.site)
            var eve = TestBrowser(test.site)
            let asked = try await ann.begin()
            let answered = try provider.admit(person, asked)
            // Without the cookie, with another's, with another state.
            #expect(await eve.comeBack(answered).status == 400)
            _ = try await eve.begin()
            #expect(await eve.comeBack(answered).status == 400)
            #expect(await ann.comeBack(answered.merging(["state": Keys.make()]) { $1 }).status == 400)
            #expect(await ann.comeBack(["code": answered["code"] ?? ""]).status == 400)
            // A code of another login, in a browser with a login of its own: PKCE does not fit.
            let own = try await eve.begin()
            let stolen = await eve.comeBack(["code": answered["code"] ?? "", "state": own["state"] ?? ""])
            #expect(stolen.status == 502 && eve.cookies.isEmpty)
            test.clock.advance(by: .seconds(30))
            let again = try provider.admit(person, try await ann.begin())
            let before = ann.cookies
            #expect(await ann.comeBack(again).status == 303)
            // What the provider took is used up, here and there.
            var replay = TestBrowser(test.site)
            replay.cookies = before
            #expect(await replay.comeBack(again).status == 400)
            let fresh = try await replay.begin()
            #expect(
                await replay.comeBack(["code": again["code"] ?? "", "state": fresh["state"] ?? ""]).status == 502)
            #expect(!replay.cookies.keys.contains("__Host-mainstay"))
        }
    }

    @Test("the provider's no is told, and another issuer's answer is none")
    func tellsOfNo() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            var browser = TestBrowser(test.site)
            var asked = try await browser.begin()
            let denied = await browser.comeBack([
                "error": "access_denied", "error_description": "<script>alert(1)</script>",
                "state": asked["state"] ?? "",
            ])
            #expect(denied.status == 403 && denied.text.contains("did not let you in"))
            #expect(!denied.text.contains("alert(1)") && browser.cookies.isEmpty)
            asked = try await browser.begin()
            var answered = try provider.admit(.named("ann", groups: ["all"]), asked)
            answered["iss"] = "https://evil.example"
            #expect(await browser.comeBack(answered).status == 403)
            #expect(try await test.log.accounts().isEmpty)
            // Its refusal is not believed either.
            asked = try await browser.begin()
            let other = await browser.comeBack([
                "error": "access_denied", "state": asked["state"] ?? "", "iss": "https://evil.example",
            ])
            #expect(other.status == 403 && other.text.contains("cannot be believed"))
        }
        // One that says that it names itself always does.
        try await withProvider { provider in
            provider.describe(["authorization_response_iss_parameter_supported": true])
            let test = try await Self.site(provider, Self.roles)
            let person = TestProvider.Person.named("ann", groups: ["all"])
            var browser = TestBrowser(test.site)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 403)
            #expect(try await test.log.accounts().isEmpty)
            var answered = try provider.admit(person, try await browser.begin())
            answered["iss"] = provider.issuer
            #expect(await browser.comeBack(answered).status == 303)
        }
    }

    @Test("a login that a browser keeps for longer than ten minutes is over")
    func endsAttempts() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            var browser = TestBrowser(test.site)
            let answered = try provider.admit(.named("ann", groups: ["all"]), try await browser.begin())
            test.clock.advance(by: LoginAttempt.time)
            #expect(await browser.comeBack(answered).status == 400)
            #expect(try await test.log.accounts().isEmpty)
        }
    }

    @Test(
        "whoever signs in is led nowhere but to a page of ours",
        arguments: [
            "//evil.example/", "https://evil.example/", #"/\evil.example"#, "javascript:alert(1)", "evil.example",
            "/\u{9}/evil.example", "",
        ])
    func leadsNowhereElse(destination: String) async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            var browser = TestBrowser(test.site)
            let answer = try await browser.signIn(
                .named("ann", groups: ["all"]), by: provider, test.clock, to: destination)
            #expect(answer.status == 303 && answer[header: "location"] == "/")
            // What the browser keeps is not believed either.
            var other = TestBrowser(test.site)
            let asked = try await other.begin()
            let name = try #require(other.cookies.keys.first)
            let parts = try #require(other.cookies[name]?.split(separator: ".").prefix(2).joined(separator: "."))
            other.cookies[name] = "\(parts).\(Base64URL.encode(destination.utf8))"
            let second = await other.comeBack(try provider.admit(.named("ann", groups: ["all"]), asked))
            #expect(second.status == 303 && second[header: "location"] == "/")
        }
    }

    @Test("a key that the provider has changed is found, and whoever makes keys up makes nobody ask")
    func followsKeys() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, Self.roles)
            let person = TestProvider.Person.named("ann", groups: ["all"])
            var browser = TestBrowser(test.site)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            #expect(provider.looks == 1)
            let second = try TestKey.rsa("second")
            provider.sign(with: second, isPublished: false)
            test.clock.advance(by: OpenIDProvider.pause)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 403)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 403)
            #expect(provider.looks == 2)
            provider.publish([second])
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 403)
            #expect(provider.looks == 2)
            test.clock.advance(by: OpenIDProvider.pause)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            #expect(provider.looks == 3)
            // What is no longer published counts no more, once the hour is over.
            provider.publish([.elliptic("third")])
            test.clock.advance(by: OpenIDProvider.fresh)
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 403)
        }
    }
}
