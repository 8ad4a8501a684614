import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing
import Web

@testable import Dashboard

/// Who gets in, and what nobody gets without.
@Suite("access to the dashboard", .temporaryDirectory)
struct AccessTests {
    /// Each route with something in the place of its variables.
    private static var addresses: [(route: Route, target: String)] {
        Site.routes.map { route in
            (route, "/" + route.pattern.map { $0 == "*" ? "production" : $0 }.joined(separator: "/"))
        }
    }

    @Test("without signing in nothing is seen and nothing is done but the way in")
    func needsSignIn() async throws {
        let test = try await TestSite()
        var open: [String] = []
        for (route, target) in Self.addresses {
            // Nobody is held up for what the test asked before.
            test.clock.advance(by: .seconds(2))
            let answer = await test.site.answer(test.request(route.method, target, form: [:]))
            if route.access == .everybody {
                open.append("\(route.method.rawValue) \(route.pattern.joined(separator: "/"))")
            } else {
                // A program is told so, a browser is shown the way.
                let isForPrograms = ["metrics", "api", "functions", "rest"].contains(route.pattern.first)
                #expect(
                    answer.status == (isForPrograms ? 401 : 303), "\(route.method) \(target) answered \(answer.status)")
                #expect(isForPrograms || answer[header: "location"]?.hasPrefix("/sign-in") == true)
            }
        }
        // Whoever opens another address to everybody has to say so here.
        #expect(
            open == [
                "GET healthz", "GET readyz", "GET assets/*", "GET sign-in", "POST sign-in", "GET sign-in/openid",
                "GET sign-in/openid/callback", "GET sign-out/openid", "GET set-up/*", "POST set-up/*", "GET answer/*",
                "POST answer/*", "GET status", "GET status/feed.atom", "GET ping/*", "POST ping/*", "GET ping/*/*",
                "POST ping/*/*", "GET api/v1/openapi.json",
            ])
        #expect(try await test.log.auditHead() == nil)
    }

    @Test("whatever changes something is a POST, and every POST but the way in needs a form of the session's own")
    func needsForm() async throws {
        let test = try await TestSite()
        let admin = try await test.visitor("ann", Grants(everywhere: .admin))
        let before = try await test.log.auditHead()
        for (route, target) in Self.addresses where route.method == .post && route.access != .everybody {
            let forms: [[String: String]] = [[:], ["form-token": ""], ["form-token": Keys.make()]]
            for form in forms {
                let answer = await test.site.answer(
                    test.request(
                        .post, target, form: form,
                        headers: [(name: "cookie", value: "mainstay=\(admin.cookie)")]))
                #expect(answer.status == 403, "\(target) answered \(answer.status)")
            }
            for foreign in [
                (name: "origin", value: "https://evil.example"), (name: "origin", value: "null"),
                (name: "sec-fetch-site", value: "cross-site"), (name: "sec-fetch-site", value: "same-site"),
            ] {
                #expect(await admin.post(target, headers: [foreign]).status == 403, "\(target) from \(foreign)")
            }
        }
        #expect(try await test.log.auditHead() == before)
        // The one DELETE is for tokens: a browser that is signed in would have to send a form, and a body is refused.
        let others = Site.routes.filter { $0.method != .get && $0.method != .post }
        #expect(others.map(\.pattern) == [["rest", "v1", "*"]] && others.map(\.method) == [.delete])
        let forms: [[String: String]?] = [nil, ["form-token": admin.formToken]]
        for form in forms {
            let request = test.request(
                .delete, "/rest/v1/events?at=lt.2020-01-01", form: form,
                headers: [(name: "cookie", value: "mainstay=\(admin.cookie)")])
            let answer = await test.site.answer(request)
            #expect(answer.status == (form == nil ? 403 : 404), "\(answer.status)")
        }
        #expect(try await test.log.auditHead() == before)
    }

    @Test("a role does what it may and no more", arguments: Role.allCases)
    func holdsRoles(role: Role) async throws {
        let test = try await TestSite()
        let visitor = try await test.visitor("bob", Grants(everywhere: role))
        for (route, target) in Self.addresses {
            guard case .role(let needed) = route.access, target != "/sign-out", target != "/live",
                // Programs have tests of their own.
                !["api", "functions", "rest"].contains(route.pattern.first)
            else { continue }
            let answer = route.method == .get ? await visitor.get(target) : await visitor.post(target)
            if role < needed {
                #expect(answer.status == 403, "\(target) answered \(answer.status)")
            } else {
                // There is no such run, request or alert; but nobody is kept from asking.
                #expect([200, 404, 422].contains(answer.status), "\(target) answered \(answer.status): \(answer.text)")
            }
        }
    }

    @Test("of an environment that somebody has no role in they see nothing, and it does not exist for them")
    func holdsEnvironments() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let visitor = try await test.visitor("eve", Grants(environments: ["staging": .approver]))
        for (route, target) in Self.addresses where route.method == .get && route.access == .role(.viewer) {
            guard target != "/live", target != "/api/v1/events" else { continue }
            let answer = await visitor.get(target)
            #expect(!answer.text.contains("production secret"), "\(target) shows it")
        }
        for target in ["/environments/production", "/runs/\(estate.run)", "/approvals/\(estate.approval)"] {
            #expect(await visitor.get(target).status == 404, "\(target)")
        }
        #expect(await visitor.get("/configuration").status == 403)
        for target in ["/approvals/\(estate.approval)/approve", "/approvals/\(estate.approval)/reject"] {
            #expect(await visitor.post(target, ["plan": estate.plan, "reason": "x"]).status == 404)
        }
        #expect(
            await visitor.post("/checklists/environments-daily/production/security-alerts", ["result": "done"]).status
                == 404)
        let viewer = try await test.visitor("vic", Grants(environments: ["production": .viewer]))
        #expect(await viewer.get("/runs/\(estate.run)").text.contains("production secret"))
        #expect(await viewer.post("/approvals/\(estate.approval)/approve", ["plan": estate.plan]).status == 403)
    }

    @Test("the first link makes one admin, works once, and not when it is too old")
    func setsUpOnce() async throws {
        let test = try await TestSite()
        let key = Keys.make()
        let until = test.clock.clock.now() + Gatekeeper.linkTime
        #expect(try await test.log.inviteFirst(link: Keys.digest(key), until: until))
        #expect(await test.site.answer(test.request(.get, "/set-up/\(key)")).text.contains("The first account"))
        #expect(await test.site.answer(test.request(.get, "/set-up/\(Keys.make())")).status == 409)
        let password = "four words make one"
        let wrong: [[String: String]] = [
            ["account": "ann", "password": "short", "again": "short"],
            ["account": "ann", "password": password, "again": "another"],
            ["account": "ann", "password": "my name is ann ok", "again": "my name is ann ok"],
            ["account": "../x", "password": password, "again": password],
        ]
        for form in wrong {
            #expect(await test.site.answer(test.request(.post, "/set-up/\(key)", form: form)).status == 422)
        }
        #expect(try await test.log.accounts().isEmpty)
        let form = ["account": "ann", "password": password, "again": password]
        let made = await test.site.answer(test.request(.post, "/set-up/\(key)", form: form))
        #expect(made.status == 303)
        let cookie = try #require(made[header: "set-cookie"])
        #expect(cookie.hasSuffix("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"))
        #expect(await test.site.answer(test.request(.post, "/set-up/\(key)", form: form)).status == 409)
        let account = try #require(try await test.log.account("ann"))
        #expect(account.grants.everywhere == .admin)
        #expect(try await !test.log.inviteFirst(link: Keys.digest(Keys.make()), until: until))
        // Nothing that lets anybody in is stored.
        let stored = try String(
            decoding: Data(contentsOf: URL(fileURLWithPath: "\(test.log.directory)/mainstay.sqlite-wal")), as: UTF8.self
        )
        let value = try #require(cookie.split(separator: "=").dropFirst().first?.split(separator: ";").first)
        for secret in [key, password, String(value)] { #expect(!stored.contains(secret)) }
        #expect(try await test.log.audit(AuditFilter()).map(\.kind) == [.admitted, .granted])
    }

    @Test("the password lets in, a wrong one does not, and guessing gets slower and is written down")
    func signsIn() async throws {
        let test = try await TestSite()
        let key = Keys.make()
        try await test.log.invite(
            "ann", Grants(everywhere: .viewer), link: Keys.digest(key), until: test.clock.clock.now() + .seconds(60))
        let secret = try await Password.derive("four words make one", cost: Password.Cost(rounds: 16))
        _ = try await test.log.redeem(Keys.digest(key), name: "", secret: secret)
        func attempt(_ account: String, _ password: String) async -> WebResponse {
            await test.site.answer(
                test.request(
                    .post, "/sign-in",
                    form: ["account": account, "password": password, "to": "//evil.example/"]))
        }
        let good = await attempt("ann", "four words make one")
        #expect(good.status == 303 && good[header: "location"] == "/")
        for _ in 1...LoginThrottle.free { #expect(await attempt("ann", "wrong").status == 401) }
        let slowed = await attempt("ann", "four words make one")
        #expect(slowed.status == 429)
        #expect(slowed[header: "retry-after"] == "1")
        #expect(try await test.log.audit(AuditFilter(kinds: [.turnedAway])).count == 1)
        test.clock.advance(by: .seconds(2))
        #expect(await attempt("ann", "four words make one").status == 303)
    }

    @Test("many guesses at once are not more than one after the other")
    func slowsParallelGuesses() async throws {
        let test = try await TestSite()
        let key = Keys.make()
        try await test.log.invite(
            "ann", Grants(everywhere: .viewer), link: Keys.digest(key), until: test.clock.clock.now() + .seconds(60))
        let secret = try await Password.derive("four words make one", cost: Password.Cost(rounds: 16))
        _ = try await test.log.redeem(Keys.digest(key), name: "", secret: secret)
        let answers = await withTaskGroup(of: Int.self) { group in
            for number in 1...40 {
                group.addTask {
                    await test.site.answer(
                        test.request(.post, "/sign-in", form: ["account": "ann", "password": "guess \(number)"])
                    ).status
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(answers.count { $0 == 401 } <= LoginThrottle.free)
        #expect(answers.allSatisfy { $0 == 401 || $0 == 429 })
    }

    @Test("whoever guesses at an account from elsewhere keeps its owner out for seconds at most")
    func keepsNoOwnerOut() {
        let throttle = LoginThrottle()
        var now = ManualClock().clock.now()
        var own: Duration = .zero
        for _ in 1...100 where own <= .seconds(60) {
            guard case .wait(let wait) = throttle.begin(account: "ann", peer: "192.0.2.1", at: now) else { continue }
            own = wait
            if own <= .seconds(60) { now = now + wait }
        }
        #expect(own > .seconds(60))
        if case .wait(let wait) = throttle.begin(account: "ann", peer: "198.51.100.7", at: now) {
            #expect(wait <= LoginThrottle.longestForAccount)
        }
        #expect(throttle.begin(account: "bob", peer: "198.51.100.7", at: now) == .goOn(attempt: 1))
    }

    @Test("an account that was closed and is opened again has neither its old password nor its old tokens")
    func closesForGood() async throws {
        let test = try await TestSite()
        _ = try await test.visitor("root-of-all", Grants(everywhere: .admin))
        let link = Keys.make()
        let now = test.clock.clock.now()
        try await test.log.invite(
            "ann", Grants(everywhere: .viewer), link: Keys.digest(link), until: now + .seconds(60))
        let secret = try await Password.derive("four words make one", cost: Password.Cost(rounds: 16))
        _ = try await test.log.redeem(Keys.digest(link), name: "", secret: secret)
        let key = Keys.make()
        try await test.log.make(
            AccessToken(
                id: "t1", account: "ann", purpose: "tests", grants: Grants(everywhere: .viewer), createdAt: now,
                endsAt: now + .seconds(600)),
            digest: Keys.digest(key))
        #expect(try await test.log.bearer(Keys.digest(key)) != nil)
        try await test.log.close(account: "ann")
        try await test.log.invite(
            "ann", Grants(everywhere: .viewer), link: Keys.digest(Keys.make()), until: now + .seconds(60))
        #expect(try await test.log.bearer(Keys.digest(key)) == nil)
        let answer = await test.site.answer(
            test.request(.post, "/sign-in", form: ["account": "ann", "password": "four words make one"]))
        #expect(answer.status == 401)
    }

    @Test("a page that gets itself again keeps nobody signed in")
    func idlesOut() async throws {
        let test = try await TestSite()
        let ann = try await test.visitor("ann", Grants(everywhere: .viewer))
        for _ in 1...4 {
            test.clock.advance(by: Gatekeeper.idle / 4 + .seconds(1))
            _ = await ann.get("/", headers: [(name: "x-mainstay-live", value: "1")])
        }
        #expect(await ann.get("/").status == 303)
    }

    @Test("a session ends by itself, by signing out, and when the account is closed or gets another password")
    func endsSessions() async throws {
        let test = try await TestSite()
        _ = try await test.visitor("root-of-all", Grants(everywhere: .admin))
        let idle = try await test.visitor("ann", Grants(everywhere: .viewer))
        #expect(await idle.get("/").status == 200)
        test.clock.advance(by: Gatekeeper.idle + .seconds(1))
        #expect(await idle.get("/").status == 303)
        let left = try await test.visitor("ann", Grants(everywhere: .viewer))
        let out = await left.post("/sign-out")
        #expect(out[header: "set-cookie"]?.contains("Max-Age=0") == true)
        #expect(await left.get("/").status == 303)
        let closed = try await test.visitor("ann", Grants(everywhere: .viewer))
        try await test.log.close(account: "ann")
        #expect(await closed.get("/").status == 303)
        await #expect(throws: AccessError.self) { try await test.log.close(account: "root-of-all") }
    }

    @Test("a token asks for its account, never for more than both allow, until it is over")
    func takesTokens() async throws {
        let test = try await TestSite()
        _ = try await test.visitor("ann", Grants(environments: ["staging": .operator]))
        let key = Keys.make()
        let now = test.clock.clock.now()
        let token = AccessToken(
            id: "t1", account: "ann", purpose: "tests", grants: Grants(everywhere: .admin), createdAt: now,
            endsAt: now + .seconds(60))
        try await test.log.make(token, digest: Keys.digest(key))
        func ask(_ target: String, _ key: String) async -> WebResponse {
            await test.site.answer(
                test.request(.get, target, headers: [(name: "authorization", value: "Bearer \(key)")]))
        }
        #expect(await ask("/environments/staging", key).status == 200)
        #expect(await ask("/environments/production", key).status == 404)
        #expect(await ask("/environments/staging", "t1").status == 303)
        #expect(await ask("/metrics", Keys.make()).status == 401)
        #expect(await ask("/metrics", key).text.contains("mainstay_scheduler_up 0.0\n"))
        test.clock.advance(by: .seconds(61))
        #expect(await ask("/environments/staging", key).status == 303)
        await #expect(throws: AccessError.self) { try await test.log.revoke(token: "t2") }
    }
}

@Suite("passwords")
struct PasswordTests {
    @Test("what was derived from a password proves it and nothing else does")
    func proves() async throws {
        let cost = Password.Cost(rounds: 16, blockSize: 8, parallelism: 1)
        let stored = try await Password.derive("correct horse battery", cost: cost)
        #expect(stored.hasPrefix("scrypt:16:8:1:"))
        #expect(try await Password.verify("correct horse battery", against: stored))
        #expect(try await !Password.verify("correct horse batterz", against: stored))
        #expect(try await !Password.verify("", against: stored))
        #expect(try await Password.derive("correct horse battery", cost: cost) != stored)
    }

    @Test(
        "a stored text that is none of ours proves nothing",
        arguments: [
            "", "scrypt", "scrypt:16:8:1::", "scrypt:0:8:1:AAAA:AAAA", "scrypt:99999999999:8:1:AAAA:AAAA",
            "plain:16:8:1:AAAA:AAAA", "scrypt:16:8:1:****:AAAA",
        ])
    func refusesForeign(stored: String) async throws {
        #expect(try await !Password.verify("x", against: stored))
    }

    @Test("RFC 7914's own example comes out")
    func agreesWithTheStandard() async throws {
        // Section 12: P="password", S="NaCl", N=1024, r=8, p=16; the first 32 of its 64 bytes are those of a shorter key.
        let salt = Data("NaCl".utf8).base64EncodedString()
        let key = Data([
            0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00, 0x78, 0x56, 0xe7, 0x19, 0x0d, 0x01, 0xe9, 0xfe, 0x7c, 0x6a,
            0xd7, 0xcb, 0xc8, 0x23, 0x78, 0x30, 0xe7, 0x73, 0x76, 0x63, 0x4b, 0x37, 0x31, 0x62,
        ]).base64EncodedString()
        #expect(try await Password.verify("password", against: "scrypt:1024:8:16:\(salt):\(key)"))
    }
}
