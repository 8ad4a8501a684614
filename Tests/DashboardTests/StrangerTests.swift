import Alert
import Command
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing
import Web

@testable import Dashboard
@testable import Engine

/// What strangers, small rights and large numbers come to.
@Suite("what is held against the network", .temporaryDirectory)
struct StrangerTests {
    private static let files = """
        environments:
          staging: {resources: {tmp: {kind: files, path: /var/tmp/nothing-here, older-than: 1d}}}
          other: {}
        server: {listen: "127.0.0.1:0"}

        """

    @Test("who looks cannot end what changes something, and who ends it is written down, though it had not begun")
    func cancels() async throws {
        let test = try await TestSite(Self.files)
        let olga = try await test.program("olga", Grants(environments: ["staging": .operator]))
        let lena = try await test.program("lena", Grants(everywhere: .operator), scopes: [.read, .look])
        let body = #"{"dryRun": false, "environments": ["staging"]}"#
        let answer = await olga.post("/api/v1/tasks/data.cleanup-temp/runs", body)
        let place = try #require(answer[header: "location"], "\(answer.text)")
        #expect(await lena.post("\(place)/cancel").status == 403)
        #expect(try await test.log.audit(AuditFilter(kinds: [.cancelled])).isEmpty)
        #expect(await olga.post("\(place)/cancel").status == 202)
        #expect(await olga.get(place).json["error"]?["code"] == "cancelled")
        #expect(await olga.post("\(place)/cancel").status == 409)
        let entries = try await test.log.audit(AuditFilter(kinds: [.cancelled]))
        #expect(entries.count == 1 && entries.first?.actor.user == "olga")
        #expect(entries.first?.target.environment == "staging" && entries.first?.detail["state"] == "had not begun")
        // A dry run may be ended by whoever may start one.
        let dry = await lena.post(
            "/api/v1/tasks/data.cleanup-temp/runs", #"{"dryRun": true, "environments": ["staging"]}"#)
        #expect(await lena.post("\(try #require(dry[header: "location"]))/cancel").status == 202)
    }

    @Test(
        "what a task reads in another environment needs the role there too",
        arguments: [(nil, 404), (.viewer, 403), (.operator, 202)] as [(Role?, Int)])
    func holdsReads(role: Role?, status: Int) async throws {
        let test = try await TestSite(
            """
            environments:
              staging: {resources: {main: {kind: postgresql, url: "postgresql://127.0.0.1:1/none"}}}
              secret: {resources: {main: {kind: postgresql, url: "postgresql://127.0.0.1:1/none"}}}
            server: {listen: "127.0.0.1:0"}

            """)
        var grants = Grants(environments: ["staging": .operator])
        grants.environments["secret"] = role
        let program = try await test.program("olga", grants)
        let body = #"{"dryRun": true, "environments": ["staging"], "options": {"from": "secret/main"}}"#
        let answer = await program.post("/api/v1/tasks/backup.restore/runs", body)
        #expect(answer.status == status, "\(answer.text)")
        let own = #"{"dryRun": true, "environments": ["staging"]}"#
        #expect(await program.post("/api/v1/tasks/backup.restore/runs", own).status == 202)
    }

    @Test("the key of a request is its token's, counts with its rights alone, and is free where its process died")
    func holdsKeys() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        let target = "/api/v1/alerts/\(estate.alert)/acknowledge"
        let key = [(name: "idempotency-key", value: "one")]
        #expect(await olga.post(target, "{}", headers: key).status == 200)
        #expect(await olga.post(target, "{}", headers: key)[header: "idempotency-replayed"] == "true")
        let second = try await test.program("olga", Grants(everywhere: .operator))
        #expect(await second.post(target, "{}", headers: key)[header: "idempotency-replayed"] == nil)
        let link = Keys.digest(Keys.make())
        let now = test.clock.clock.now()
        try await test.log.invite(
            "olga", Grants(environments: ["production": .operator]), link: link, until: now + .seconds(60))
        #expect(await olga.post(target, "{}", headers: key).status == 422)

        var mark = ProcessMark.own().split(separator: " ").map(String.init)
        #expect(mark.count == 4 && !ProcessMark.isOver(mark.joined(separator: " ")))
        mark[3] = "1"
        let dead = mark.joined(separator: " ")
        let request = RequestKey(account: "olga", token: "t", key: "two")
        #expect(try await test.log.begin(request, digest: "d", process: dead) == .new)
        #expect(try await test.log.begin(request, digest: "other") == .other)
        #expect(try await test.log.begin(request, digest: "d") == .new)
        #expect(try await test.log.begin(request, digest: "d") == .running)
    }

    @Test("what went wrong after it was done is not done again, and what was refused may be asked again")
    func keepsTroubles() async throws {
        let test = try await TestSite()
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        var request = test.request(
            .post, "/api/v1/anything",
            headers: [
                (name: "authorization", value: "Bearer \(olga.key)"), (name: "idempotency-key", value: "one"),
            ])
        var visit = Visit(
            site: test.site, request: request, values: [], visitor: try await test.site.gate.visitor(request))
        var times = 0
        await #expect(throws: FileError.self) {
            _ = try await RepeatedRequests.answer(visit) { _ in
                times += 1
                _ = try Descriptor.open("/somewhere/secret")
                return WebResponse(200)
            }
        }
        let again = try await RepeatedRequests.answer(visit) { _ in
            times += 1
            return WebResponse(200)
        }
        #expect(times == 1 && again.status >= 400 && again[header: "idempotency-replayed"] == "true")
        #expect(again.json["hint"]?.text?.contains("may have been done") == true && !again.text.contains("secret"))
        request.headers.removeAll { $0.name == "idempotency-key" }
        request.headers.append((name: "idempotency-key", value: "two"))
        visit.request = request
        await #expect(throws: Refusal.self) {
            _ = try await RepeatedRequests.answer(visit) { _ in throw Refusal.conflict("not now") }
        }
        #expect(try await RepeatedRequests.answer(visit) { _ in WebResponse(200) }.status == 200)
    }

    @Test("whoever goes on with a run comes before whoever begins one")
    func ordersTurns() async throws {
        let test = try await TestSite()
        let desk = RunDesk(test.log)
        let now = test.clock.clock.now()
        func begin(_ name: String) async throws -> String {
            let requester = Requester(user: name, host: "here", processID: 1)
            return try await desk.accept(
                .begin(RunRequest(name: "data.test", steps: [], requester: requester)), of: ["production"],
                isChanging: true, test.site.inventory, at: now)
        }
        func goOn(_ run: String, _ name: String) async throws -> String {
            try await desk.accept(
                .resume(run, nil, nil, Requester(user: name, host: "here", processID: 1)), of: ["production"],
                isChanging: true, test.site.inventory, at: now)
        }
        let order = [
            try await begin("ann"), try await begin("bob"), try await goOn("r1", "eve"), try await goOn("r2", "ann"),
        ]
        let places = order.map { desk.standing(of: $0)?.standing }
        #expect(places == [.waits(before: 2), .waits(before: 3), .waits(before: 0), .waits(before: 1)])
        for _ in 3...RunDesk.waitingOfOne { _ = try await begin("ann") }
        await #expect(throws: Refusal.self) { try await begin("ann") }
        await #expect(throws: Refusal.self) { try await goOn("r1", "bob") }
        #expect(try await desk.cancel("r1"))
        #expect(try await !desk.cancel("r1"))
        #expect(try await !desk.cancel("r9"))
        #expect(desk.standing(of: order[0])?.standing == .waits(before: 1))
    }

    @Test("a window is at most a month, as elsewhere", arguments: [("31d", 200), ("32d", 422)])
    func holdsWindows(window: String, status: Int) async throws {
        let test = try await TestSite(
            TestSite.configuration.replacingOccurrences(
                of: "server: {listen: \"127.0.0.1:0\"}",
                with: "server: {listen: \"127.0.0.1:0\", functions: {environment: production}}"))
        _ = try await Estate(test)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let body = #"{"action": "performance_report", "time_window": "\#(window)"}"#
        #expect(await program.post("/functions/v1/production-monitoring", body).status == status)
    }

    @Test("a run that was promised is promised still after its process died, and asked for again it is not done twice")
    func keepsPromises() async throws {
        let test = try await TestSite(Self.files)
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        let key = [(name: "idempotency-key", value: "one")]
        let body = #"{"dryRun": true, "environments": ["staging"]}"#
        let target = "/api/v1/tasks/data.cleanup-temp/runs"
        let first = await olga.post(target, body, headers: key)
        let again = await olga.post(target, body, headers: key)
        #expect(again.status == 202 && again[header: "location"] == first[header: "location"])
        #expect(again[header: "idempotency-replayed"] == "true")
        // As after a crash: the store is the same, and nobody has the order in hand.
        let later = Site(
            session: test.site.session, current: test.site.current, live: LiveVersion(), gate: test.site.gate)
        let program = TestProgram(site: later, key: olga.key)
        let third = await program.post(target, body, headers: key)
        #expect(
            third[header: "idempotency-replayed"] == "true" && third[header: "location"] == first[header: "location"])
        let place = try #require(first[header: "location"])
        #expect(await program.get(place).json["state"] == "accepted")
        // Where the store has it no more, nobody has promised anything.
        try await test.log.forgetOrder(String(place.split(separator: "/").last ?? ""))
        let fourth = await program.post(target, body, headers: key)
        #expect(fourth.status == 202 && fourth[header: "idempotency-replayed"] == nil)
        #expect(fourth[header: "location"] != first[header: "location"])
    }

    @Test("nobody is told of paths and secrets of the server before they have proved who they are")
    func hidesTheHouse() async throws {
        let test = try await TestSite(
            TestSite.configuration.replacingOccurrences(
                of: "server: {listen: \"127.0.0.1:0\"}",
                with: "server: {listen: \"127.0.0.1:0\", url: \"https://mainstay.example\", answer-links: 4h}"))
        let path = "\(test.log.directory)/alert-links.key"
        // Looking makes no key.
        #expect(await test.site.answer(test.request(.get, "/answer/x.y")).status == 404)
        #expect(!FileManager.default.fileExists(atPath: path))
        try "nonsense".write(toFile: path, atomically: true, encoding: .utf8)
        let answer = await test.site.answer(test.request(.get, "/answer/x.y"))
        #expect(answer.status == 503 && answer.text.contains("something went wrong here"))
        #expect(!answer.text.contains(test.log.directory) && !answer.text.contains("alert-links"))
    }

    @Test("a key's command is started once, however many ask, and never for what can be no key")
    func asksKeysOnce() async throws {
        let directory = TemporaryDirectory.current
        let key = "nightly-import-4f1c8e2a9b"
        let test = try await TestSite(
            """
            environments:
              production:
                resources:
                  import: {kind: heartbeat, key: "command:echo x >> \(directory)/asked; echo \(key)", every: 1d}
            server: {listen: "127.0.0.1:0"}

            """)
        func asked() -> Int {
            ((try? String(contentsOfFile: "\(directory)/asked", encoding: .utf8)) ?? "").split(separator: "\n").count
        }
        for short in ["guess", String(repeating: "x", count: 201), "nightly-import-4f1c8e2a9%"] {
            #expect(await test.site.answer(test.request(.get, "/ping/\(short)")).status == 404)
        }
        #expect(asked() == 0)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 1...12 {
                let place = number.isMultiple(of: 2) ? "/ping/\(key)" : "/ping/\(key)-\(number)"
                group.addTask { await test.site.answer(test.request(.get, place)).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 200 } == 6 && statuses.count { $0 == 404 } == 6, "\(statuses)")
        #expect(asked() == 1)
    }

    @Test("a cursor names no run that whoever asks may not see")
    func hidesRuns() async throws {
        let test = try await TestSite()
        for number in 1...14 {
            try await test.log.begin(
                RunRecord(
                    id: "20261121-0200\(number + 10)-hidden", name: "data.test", isRoutine: false, isDryRun: false,
                    environments: ["production"], state: .running,
                    requester: Requester(user: "ann", host: "db1", processID: 1), startedAt: test.clock.clock.now()),
                steps: [])
            test.clock.advance(by: .seconds(1))
        }
        let eve = try await test.program("eve", Grants(environments: ["staging": .viewer]))
        let first = await eve.get("/api/v1/runs?limit=1")
        let next = try #require(first.json["next"]?.text, "\(first.text)")
        #expect(try Visit.place(of: next).hasPrefix("at:"))
        let second = await eve.get("/api/v1/runs?limit=1&cursor=\(next)")
        #expect(second.status == 200 && second.json["items"] == .array([]) && second.json["next"]?.text == nil)
        let wrong = Visit.cursor(of: "at:soon")
        #expect(await eve.get("/api/v1/runs?limit=1&cursor=\(wrong)").status == 422)
    }

    @Test("a large report comes in pieces, whole, and not again to whoever has it")
    func streamsReports() async throws {
        let test = try await TestSite()
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let directory = "\(test.log.directory)/reports"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try Data(content).write(to: URL(fileURLWithPath: "\(directory)/year.pdf"))
        let answer = await program.get("/api/v1/reports/year.pdf")
        guard case .stream(let body) = answer.body else {
            Issue.record("it came at once: \(answer.status)")
            return
        }
        let gathered = Pieces()
        try await body(WebStream { await gathered.add($0) })
        #expect(await gathered.bytes == content)
        #expect(await gathered.largest <= 65_536)
        let tag = try #require(answer[header: "etag"])
        let headers = [(name: "if-none-match", value: tag)]
        #expect(await program.get("/api/v1/reports/year.pdf", headers: headers).status == 304)
        try Data(content + [1]).write(to: URL(fileURLWithPath: "\(directory)/year.pdf"))
        #expect(await program.get("/api/v1/reports/year.pdf", headers: headers).status == 200)
    }
}

private actor Pieces {
    private(set) var bytes: [UInt8] = []
    private(set) var largest = 0

    func add(_ piece: [UInt8]) {
        bytes += piece
        largest = max(largest, piece.count)
    }
}
