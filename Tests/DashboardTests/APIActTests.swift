import Alert
import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing
import Web

@testable import Dashboard

/// What programs start, follow and answer.
@Suite("runs, answers and events by the API", .temporaryDirectory)
struct APIActTests {
    @Test("a dry run is accepted with its id at once, followed to its end, and its plan is found by its digest")
    func runs() async throws {
        let directory = TemporaryDirectory.current
        try FileManager.default.createDirectory(atPath: "\(directory)/old", withIntermediateDirectories: true)
        try "old".write(toFile: "\(directory)/old/file.tmp", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: "\(directory)/old/file.tmp")
        let test = try await TestSite(
            """
            environments:
              staging: {resources: {tmp: {kind: files, path: \(directory)/old, older-than: 1d}}}
            server: {listen: "127.0.0.1:0", requests-per-minute: 100000}

            """)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let program = try await test.program("olga", Grants(environments: ["staging": .operator]))
            let body = #"{"dryRun": true, "environments": ["staging"]}"#
            let answer = await program.post("/api/v1/tasks/data.cleanup-temp/runs", body)
            #expect(answer.status == 202, "\(answer.text)")
            let location = try #require(answer[header: "location"])
            // Nobody carries anything out yet, and it is said so.
            let waits = await program.get(location)
            #expect(waits.status == 202 && waits.json["state"] == "accepted")
            group.addTask { await test.site.desk.run(test.site.session) }
            try await eventually("the run ends") {
                test.site.live.tell()
                return await program.get(location).json["run"]?["state"] == "succeeded"
            }
            let run = await program.get(location)
            #expect(run.json["run"]?["isDryRun"] == true && run.json["run"]?["requester"]?["user"] == "olga")
            let digest = try #require(run.json["planDigest"]?.text)
            let plan = await program.get("/api/v1/plans/\(digest)")
            #expect(plan.status == 200 && plan.text.contains("\"changes\":[{"))
            #expect(FileManager.default.fileExists(atPath: "\(directory)/old/file.tmp"))
            // Exactly this plan, for good; a token for looking does not.
            let real = #"{"dryRun": false, "environments": ["staging"], "plan": "\#(digest)"}"#
            let looking = try await test.program("lena", Grants(everywhere: .operator), scopes: [.read, .look])
            #expect(await looking.post("/api/v1/tasks/data.cleanup-temp/runs", real).status == 403)
            let done = await program.post("/api/v1/tasks/data.cleanup-temp/runs", real)
            let place = try #require(done[header: "location"])
            try await eventually("the change is made") {
                await program.get(place).json["run"]?["state"] == "succeeded"
            }
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/old/file.tmp"))
            #expect(try await test.log.audit(AuditFilter(kinds: [.asked])).first?.actor.user == "olga")
            // The same plan again is not what would be done now.
            let third = await program.post("/api/v1/tasks/data.cleanup-temp/runs", real)
            let refused = try #require(third[header: "location"])
            try await eventually("it is refused") { await program.get(refused).json["state"] == "refused" }
            #expect(await program.get(refused).json["error"]?["code"] == "plan.changed")
            #expect(await program.post("\(place)/resume", "{}").status == 409)
            group.cancelAll()
        }
    }

    @Test("what waits for its turn is bounded, and one that waits is cancelled before it begins")
    func bounds() async throws {
        let test = try await TestSite(
            TestSite.configuration.replacingOccurrences(
                of: "listen: \"127.0.0.1:0\"", with: "listen: \"127.0.0.1:0\", requests-per-minute: 100000"))
        let body = #"{"dryRun": true, "environments": ["production"]}"#
        var programs: [TestProgram] = []
        var places: [String] = []
        for number in 1...(RunDesk.waiting / RunDesk.waitingOfOne) {
            let program = try await test.program("olga\(number)", Grants(everywhere: .operator))
            programs.append(program)
            for _ in 1...RunDesk.waitingOfOne {
                let answer = await program.post("/api/v1/tasks/health.check/runs", body)
                places.append(try #require(answer[header: "location"]))
            }
            // Nobody keeps the others from theirs.
            #expect(await program.post("/api/v1/tasks/health.check/runs", body).status == 429)
        }
        let program = programs[0]
        let last = try await test.program("late", Grants(everywhere: .operator))
        let more = await last.post("/api/v1/tasks/health.check/runs", body)
        #expect(more.status == 429 && more[header: "retry-after"] != nil)
        // A form says so too, and does not hang.
        let olga = try await test.visitor("olga", Grants(everywhere: .operator))
        #expect(await olga.post("/environments/production/dry-run", ["task": "health.check"]).status == 429)
        let page = try await olga.get("/runs/\(#require(places.last?.split(separator: "/").last))")
        #expect(page.status == 200 && page.text.contains("\(RunDesk.waiting - 1) before it"))
        #expect(await program.post("\(places[0])/cancel", "{}").status == 202)
        let eve = try await test.program("eve", Grants(environments: ["staging": .operator]))
        #expect(await eve.get(places[1]).status == 404)
        #expect(await eve.get("\(places[1])/events").status == 404)
        #expect(await eve.post("\(places[1])/cancel", "{}").status == 404)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            try await eventually("the first is over") { await program.get(places[0]).json["state"] == "refused" }
            #expect(await program.get(places[0]).json["error"]?["code"] == "cancelled")
            #expect(
                try await !test.log.recentRuns(most: 50).map(\.id).contains(
                    String(places[0].split(separator: "/").last ?? "")))
            group.cancelAll()
        }
    }

    @Test("an approval by a program is its account's, for exactly the plan that was looked at")
    func approves() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let bob = try await test.program("bob", Grants(environments: ["production": .approver]))
        let target = "/api/v1/approvals/\(estate.approval)"
        #expect(await bob.get(target).json["planDigest"]?.text == estate.plan)
        // By its whole id and nothing shorter.
        #expect(await bob.get("/api/v1/approvals/\(estate.approval.dropLast())").status == 404)
        #expect(await bob.post("\(target)/approve", #"{"plan": "other"}"#).status == 422)
        #expect(await bob.post("\(target)/approve", "{}").status == 422)
        let answer = await bob.post("\(target)/approve", #"{"plan": "\#(estate.plan)", "reason": "seen"}"#)
        #expect(answer.status == 200 && answer.json["state"] == "approved", "\(answer.text)")
        let entry = try #require(try await test.log.audit(AuditFilter(kinds: [.approved])).first)
        #expect(entry.actor.user == "bob" && entry.detail["reason"] == "seen")
        #expect(await bob.post("\(target)/approve", #"{"plan": "\#(estate.plan)"}"#).status == 409)
        #expect(await bob.post("\(target)/reject", "{}").status == 422)
    }

    @Test("alerts are taken on and silenced by name, silences end, and each is in the audit trail")
    func answersAlerts() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let olga = try await test.program("olga", Grants(environments: ["production": .operator]))
        let before = try await test.log.auditHead()?.number ?? 0
        let taken = await olga.post("/api/v1/alerts/\(estate.alert)/acknowledge", #"{"comment": "mine"}"#)
        #expect(taken.status == 200 && taken.json["acknowledgement"]?["by"] == "olga")
        let silence = await olga.post("/api/v1/alerts/\(estate.alert)/silence", #"{"for": "4h", "comment": "known"}"#)
        let id = try #require(silence.json["id"]?.text)
        #expect(
            await olga.get("/api/v1/alerts").json["items"]?.array?.first?["silencedBy"]?.array?.contains(.text(id))
                == true)
        #expect(await olga.post("/api/v1/silences/\(id)/end").status == 204)
        #expect(await olga.post("/api/v1/silences/\(id)/end").status == 404)
        let entries = try await test.log.audit(after: before, most: 50)
        #expect(entries.map(\.kind) == [.acknowledged, .silenced, .unsilenced])
        #expect(entries.allSatisfy { $0.actor.user == "olga" && $0.target.environment == "production" })
        for wrong in [#"{"for": "91d", "comment": "x"}"#, #"{"for": "x", "comment": "x"}"#, #"{"for": "1h"}"#] {
            #expect(await olga.post("/api/v1/alerts/\(estate.alert)/silence", wrong).status == 422, "\(wrong)")
        }
    }

    @Test("signing out is in the audit trail, once")
    func notesSigningOut() async throws {
        let test = try await TestSite()
        let ann = try await test.visitor("ann", Grants(everywhere: .viewer))
        _ = await ann.post("/sign-out")
        _ = await ann.post("/sign-out")
        #expect(try await test.log.audit(AuditFilter(kinds: [.signedOut])).map(\.subject) == ["account ann"])
    }

    @Test(
        "a report is given as it was written, and nothing that is none",
        arguments: ["..", ".hidden.html", "link.html", "x.sh"])
    func holdsReports(name: String) async throws {
        let test = try await TestSite()
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let some = try await test.program("bob", Grants(environments: ["production": .viewer]))
        #expect(await program.get("/api/v1/reports").json["items"] == .array([]))
        let directory = "\(test.log.directory)/reports"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for file in ["daily.html", ".hidden.html", "x.sh"] {
            try "<p>x</p>".write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
        }
        try FileManager.default.createSymbolicLink(atPath: "\(directory)/link.html", withDestinationPath: "/etc/passwd")
        #expect(
            await program.get("/api/v1/reports").json["items"]?.array?.compactMap { $0["name"]?.text } == ["daily.html"]
        )
        let report = await program.get("/api/v1/reports/daily.html")
        #expect(report.status == 200 && report.text == "<p>x</p>")
        #expect(report[header: "content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(await program.get("/api/v1/reports/\(name)").status == 404)
        #expect(await some.get("/api/v1/reports").status == 404)
        #expect(await some.get("/api/v1/reports/daily.html").status == 404)
    }

    @Test("events of the trail come with numbers, and whoever comes back gets what they missed and no more")
    func resumesEvents() async throws {
        let test = try await TestSite()
        _ = try await Estate(test)
        let all = try await test.log.audit(after: 0, most: 500).map(\.number)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let text = try await Self.listen(program, "/api/v1/events", after: "\(all[1])", until: "id: \(all.last ?? 0)\n")
        let ids = text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int64($0.dropFirst(4)) }
        #expect(Array(ids.prefix(all.count - 2)) == Array(all.dropFirst(2)))
        let eve = try await test.program("eve", Grants(environments: ["staging": .viewer]))
        let nothing = try await Self.listen(eve, "/api/v1/events", after: "0", until: "event: change")
        #expect(!nothing.contains("production"))
        #expect(await program.get("/api/v1/events", headers: [(name: "last-event-id", value: "x")]).status == 400)
    }

    @Test("a run is followed to its end, and what was seen of it is not sent again")
    func followsRun() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let text = try await Self.listen(program, "/api/v1/runs/\(estate.run)/events", after: nil, until: nil)
        #expect(text.contains("event: run\n") && text.contains("\"succeeded\""))
        let id = try #require(text.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4))
        let again = try await Self.listen(program, "/api/v1/runs/\(estate.run)/events", after: String(id), until: nil)
        #expect(!again.contains("event:"))
        #expect(await program.get("/api/v1/runs/none/events").status == 404)
    }

    /// What a stream says until it ends, or until a text has come.
    private static func listen(
        _ program: TestProgram, _ target: String, after id: String?, until text: String?
    ) async throws -> String {
        let answer = await program.get(target, headers: id.map { [(name: "last-event-id", value: $0)] } ?? [])
        guard case .stream(let body) = answer.body else { return answer.text }
        let heard = Heard()
        do {
            try await body(
                WebStream { bytes in
                    if await heard.add(bytes, until: text) { throw CancellationError() }
                })
        } catch is CancellationError {}
        return await heard.text
    }
}

private actor Heard {
    private(set) var text = ""

    func add(_ bytes: [UInt8], until wanted: String?) -> Bool {
        text += String(decoding: bytes, as: UTF8.self)
        return wanted.map { text.contains($0) } ?? false
    }
}
