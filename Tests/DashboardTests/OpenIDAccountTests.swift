import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Synchronization
import Testing
import Web

@testable import Dashboard

/// Whose account somebody at a provider gets, and what is told of trouble.
@Suite("accounts and OpenID Connect", .temporaryDirectory)
struct OpenIDAccountTests {
    private static func site(
        _ provider: TestProvider, _ more: String = "", issuer: String? = nil,
        complain: @escaping @Sendable (String, ErrorReport) -> Void = { _, _ in }
    ) async throws -> TestSite {
        let test = try await TestSite(
            """
            environments: {production: {}, staging: {}}
            server:
              listen: "127.0.0.1:0"
              url: https://mainstay.example
              openid:
                issuer: "\(issuer ?? provider.issuer)"
                client-id: "\(TestProvider.client)"
                client-secret: "\(TestProvider.secret)"
            \(more.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))

            """, complain: complain)
        provider.follow(test.clock)
        return test
    }

    private static func account(_ name: String, _ grants: Grants, _ test: TestSite) async throws {
        try await test.log.invite(
            name, grants, link: Keys.digest(Keys.make()), until: test.clock.clock.now() + .seconds(60))
    }

    @Test("without 'create' only accounts that exist are signed in to, once an admin says whose they are")
    func linksAccounts() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider)
            try await Self.account("ann", Grants(environments: ["staging": .approver]), test)
            var browser = TestBrowser(test.site)
            let unknown = try await browser.signIn(.named("ann"), by: provider, test.clock)
            #expect(unknown.status == 403 && unknown.text.contains("mainstay access link NAME --subject=ann"))
            #expect(try await test.log.accounts().map(\.name) == ["ann"])
            let identity = ForeignIdentity(issuer: provider.issuer, subject: "ann")
            try await test.log.link("ann", to: identity)
            #expect(try await test.log.linkedAccounts() == ["ann"])
            #expect(try await browser.signIn(.named("ann"), by: provider, test.clock).status == 303)
            // Its own roles count where groups decide nothing.
            #expect(try await test.log.account("ann")?.grants == Grants(environments: ["staging": .approver]))
            // Of another issuer, the same subject is somebody else.
            let other = ForeignLogin(
                ForeignIdentity(issuer: "https://other.example", subject: "ann"), peer: "192.0.2.7")
            #expect(try await test.log.enter(other) == .refused(.unknown))
            try await Self.account("bob", Grants(everywhere: .viewer), test)
            await #expect(throws: AccessError.self) { try await test.log.link("bob", to: identity) }
            await #expect(throws: AccessError.self) { try await test.log.link("eve", to: identity) }
            try await test.log.unlink("ann")
            #expect(await browser.get("/runs").status == 303)
            #expect(try await browser.signIn(.named("ann"), by: provider, test.clock).status == 403)
            await #expect(throws: AccessError.self) { try await test.log.unlink("ann") }
        }
    }

    @Test("an account that is there already is nobody's because of a name, and one that was closed stays closed")
    func takesNoAccounts() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, "create: true\nroles: [{group: all, role: viewer}]")
            try await Self.account("ann", Grants(everywhere: .admin), test)
            var browser = TestBrowser(test.site)
            let taken = try await browser.signIn(.named("ann", groups: ["all"]), by: provider, test.clock)
            #expect(taken.status == 403 && taken.text.contains("belongs to somebody already"))
            #expect(try await test.log.account("ann")?.grants.everywhere == .admin)
            #expect(try await browser.signIn(.named("bob", groups: ["all"]), by: provider, test.clock).status == 303)
            try await test.log.close(account: "bob")
            #expect(await browser.get("/runs").status == 303)
            // Not by another name at the provider either.
            var renamed = TestProvider.Person.named("bob", groups: ["all"])
            renamed.claims["preferred_username"] = "robert"
            let closed = try await browser.signIn(renamed, by: provider, test.clock)
            #expect(closed.status == 403 && closed.text.contains("was closed"))
            #expect(try await test.log.accounts().map(\.name) == ["ann", "bob"])
            for name: JSONValue in ["../x", "", 7, "ann mary"] {
                var person = TestProvider.Person.named("carl", groups: ["all"])
                person.claims["preferred_username"] = name
                let answer = try await browser.signIn(person, by: provider, test.clock)
                #expect(answer.status == 403 && answer.text.contains("cannot be the name"), "\(name)")
            }
            #expect(try await browser.signIn(.named("dora"), by: provider, test.clock).status == 403)
            #expect(try await test.log.accounts().count == 2)
            // Opened again, it may be for somebody else of that name: an admin says whose it is.
            let late = Keys.digest(Keys.make())
            try await test.log.signIn(
                "bob", digest: late, formToken: Keys.make(), until: test.clock.clock.now() + Gatekeeper.longest,
                idle: Gatekeeper.idle, peer: "192.0.2.7")
            try await Self.account("bob", Grants(everywhere: .viewer), test)
            #expect(try await test.log.linkedAccounts().isEmpty)
            #expect(try await test.log.session(late, idle: Gatekeeper.idle) == nil)
            let former = try await browser.signIn(.named("bob", groups: ["all"]), by: provider, test.clock)
            #expect(former.status == 403 && former.text.contains("belongs to somebody already"))
            try await test.log.link("bob", to: ForeignIdentity(issuer: provider.issuer, subject: "bob"))
            #expect(try await browser.signIn(.named("bob", groups: ["all"]), by: provider, test.clock).status == 303)
            // A new link for one that is open takes it from nobody.
            try await Self.account("bob", Grants(everywhere: .viewer), test)
            #expect(try await test.log.linkedAccounts() == ["bob"])
        }
    }

    @Test("an address gives an account only where the configuration promises it and the provider has verified it")
    func promisesByMail() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider, "mails: {ann: Ann@Example.org}")
            try await Self.account("ann", Grants(everywhere: .viewer), test)
            var browser = TestBrowser(test.site)
            var person = TestProvider.Person.named("x-17")
            for (mail, verified) in [
                ("ann@example.org", false), ("ann@example.org", "true"), ("ann@example.org", nil),
                ("eve@example.org", true),
            ] as [(String, JSONValue?)] {
                person.claims["email"] = .text(mail)
                person.claims["email_verified"] = verified
                #expect(try await browser.signIn(person, by: provider, test.clock).status == 403, "\(mail)")
            }
            person.claims["email"] = "ann@example.org"
            person.claims["email_verified"] = true
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            // From then on they are known by their subject alone.
            person.claims["email"] = nil
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            #expect(try await test.log.linkedAccounts() == ["ann"])
            // Whoever has the address later is somebody else.
            var heir = TestProvider.Person.named("y-18")
            heir.claims["email"] = "ann@example.org"
            heir.claims["email_verified"] = true
            let taken = try await browser.signIn(heir, by: provider, test.clock)
            #expect(taken.status == 403 && taken.text.contains("belongs to somebody already"))
        }
    }

    @Test("letters that only look like others are no others: of an address, a name and a group")
    func tellsLettersApart() async throws {
        // The Kelvin sign, which is a small k in small letters, and equal to a capital one.
        let kelvin = "\u{212A}"
        try await withProvider { provider in
            let test = try await Self.site(provider, "mails: {kim: KIM@example.org}")
            try await Self.account("kim", Grants(everywhere: .viewer), test)
            var browser = TestBrowser(test.site)
            var person = TestProvider.Person.named("x-17")
            person.claims["email_verified"] = true
            person.claims["email"] = .text("\(kelvin)im@example.org")
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 403)
            #expect(try await test.log.linkedAccounts().isEmpty)
            person.claims["email"] = "Kim@Example.org"
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
        }
        try await withProvider { provider in
            let test = try await Self.site(
                provider, "create: true\nroles: [{group: K-admins, role: admin}, {group: all, role: viewer}]")
            var browser = TestBrowser(test.site)
            var person = TestProvider.Person.named("eve", groups: [.text("\(kelvin)-admins"), "all"])
            person.claims["preferred_username"] = .text("\(kelvin)im")
            let nameless = try await browser.signIn(person, by: provider, test.clock)
            #expect(nameless.status == 403 && nameless.text.contains("cannot be the name"))
            person.claims["preferred_username"] = "Eve"
            #expect(try await browser.signIn(person, by: provider, test.clock).status == 303)
            #expect(try await test.log.account("eve")?.grants == Grants(everywhere: .viewer))
        }
    }

    @Test("whoever makes codes up fills no log, and a provider that is down is not asked for each who comes")
    func asksSeldom() async throws {
        let told = Mutex<[String]>([])
        try await withProvider { provider in
            let test = try await Self.site(provider) { _, report in told.withLock { $0.append(report.code) } }
            var browser = TestBrowser(test.site)
            for _ in 1...7 {
                let asked = try await browser.begin()
                let answer = await browser.comeBack(["code": "made-up", "state": asked["state"] ?? ""])
                #expect(answer.status == 502)
            }
            #expect(told.withLock { $0 } == Array(repeating: "openid.code-refused", count: 5))
        }
        try await withProvider { provider in
            provider.describe(["issuer": "https://evil.example"])
            let test = try await Self.site(provider)
            var browser = TestBrowser(test.site)
            for _ in 1...3 { #expect(await browser.get("/sign-in/openid").status == 502) }
            #expect(provider.readings == 1)
            provider.describe([:])
            test.clock.advance(by: OpenIDProvider.rest)
            #expect(await browser.get("/sign-in/openid").status == 303)
            #expect(await browser.get("/sign-in/openid").status == 303)
            #expect(provider.readings == 2)
        }
    }

    @Test("whoever is turned away again and again is not in the trail each time")
    func notesSeldom() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider)
            var browser = TestBrowser(test.site)
            for _ in 1...7 {
                #expect(try await browser.signIn(.named("eve"), by: provider, test.clock).status == 403)
            }
            #expect(try await test.log.audit(AuditFilter(kinds: [.turnedAway])).count == 5)
            #expect(try await browser.signIn(.named("bob"), by: provider, test.clock).status == 403)
            #expect(try await test.log.audit(AuditFilter(kinds: [.turnedAway])).count == 6)
        }
    }

    @Test("a provider that is down, or not what it says, is told to whoever reads the log and not to strangers")
    func tellsOfTrouble() async throws {
        let told = Mutex<[ErrorReport]>([])
        try await withProvider { provider in
            let port = try freePort()
            let down = try await Self.site(provider, issuer: "http://127.0.0.1:\(port)") { _, report in
                told.withLock { $0.append(report) }
            }
            var browser = TestBrowser(down.site)
            let answer = await browser.get("/sign-in/openid")
            #expect(answer.status == 502 && !answer.text.contains("127.0.0.1") && browser.cookies.isEmpty)
            #expect(told.withLock { $0.map(\.code) } == ["openid.unreachable"])
            // Whoever has a password gets in all the same.
            #expect(await browser.get("/sign-in").text.contains("name=\"password\""))
        }
        for (members, words) in [
            (["issuer": "https://evil.example"], "does not call itself"),
            (["token_endpoint": "http://login.example/token"], "'token_endpoint' is not reached by https"),
            (["jwks_uri": .null], "has no 'jwks_uri'"),
            (["code_challenge_methods_supported": ["plain"]], "PKCE"),
            (["token_endpoint_auth_methods_supported": ["private_key_jwt"]], "secret"),
        ] as [([String: JSONValue], String)] {
            told.withLock { $0 = [] }
            try await withProvider { provider in
                provider.describe(members)
                let test = try await Self.site(provider) { _, report in told.withLock { $0.append(report) } }
                var browser = TestBrowser(test.site)
                #expect(await browser.get("/sign-in/openid").status == 502)
                #expect(told.withLock { $0.map(\.code) } == ["openid.unusable"])
                #expect(told.withLock { $0.first?.problem.contains(words) } == true, "\(words)")
            }
        }
    }

    @Test("one address begins so many logins and no more, and signing out leads to the provider's own way out")
    func throttlesAndLeaves() async throws {
        try await withProvider { provider in
            let test = try await Self.site(provider)
            var browser = TestBrowser(test.site)
            var statuses: [Int] = []
            for _ in 1...40 { statuses.append(await browser.get("/sign-in/openid").status) }
            #expect(Set(statuses) == [303, 429] && statuses.first == 303 && statuses.last == 429)
            test.clock.advance(by: .seconds(60))
            let out = await browser.get("/sign-out/openid")
            #expect(
                out[header: "location"]?.hasPrefix("\(provider.issuer)/leave?client_id=mainstay%20test&post_logout")
                    == true)
            #expect(await browser.get("/sign-in", ["left": "yes"]).text.contains("/sign-out/openid"))
            #expect(await !browser.get("/sign-in").text.contains("/sign-out/openid"))
        }
    }

    @Test("where no provider is configured there is no such way in")
    func isOptional() async throws {
        let test = try await TestSite()
        for target in ["/sign-in/openid", "/sign-in/openid/callback", "/sign-out/openid"] {
            #expect(await test.site.answer(test.request(.get, target)).status == 404)
        }
        #expect(!(await test.site.answer(test.request(.get, "/sign-in")).text.contains("openid")))
    }

    @Test("the roles of a configuration are those of the dashboard")
    func knowsRoles() {
        #expect(OpenIDSettings.Role.allCases.map(\.rawValue) == Role.allCases.map(\.rawValue))
    }
}
