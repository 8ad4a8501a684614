import Command
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing
import Web

@testable import Dashboard
@testable import Engine

/// Runs that were asked for over the network: beside each other where they may be, and known after a restart.
@Suite("runs that wait for their turn", .temporaryDirectory)
struct RunDeskTests {
    private static func site() async throws -> TestSite {
        let directory = TemporaryDirectory.current
        for name in ["one", "two"] {
            try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
            let path = "\(directory)/\(name)/file.tmp"
            try "old".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: path)
        }
        return try await TestSite(
            """
            environments:
              one: {resources: {tmp: {kind: files, path: \(directory)/one, older-than: 1d}}}
              two: {resources: {tmp: {kind: files, path: \(directory)/two, older-than: 1d}}}
            server: {listen: "127.0.0.1:0", requests-per-minute: 100000}

            """)
    }

    private static func clean(_ program: TestProgram, _ environment: String, isDryRun: Bool = false) async throws
        -> String
    {
        let answer = await program.post(
            "/api/v1/tasks/data.cleanup-temp/runs", #"{"dryRun": \#(isDryRun), "environments": ["\#(environment)"]}"#)
        return try #require(answer[header: "location"], "\(answer.text)")
    }

    private static func state(_ program: TestProgram, _ place: String) async -> String? {
        let json = await program.get(place).json
        return json["run"]?["state"]?.text ?? json["state"]?.text
    }

    private static func id(_ place: String) -> String { String(place.split(separator: "/").last ?? "") }

    /// Of a process that has ended: this one's, begun at another time.
    private static var dead: String {
        var mark = ProcessMark.own().split(separator: " ").map(String.init)
        mark[3] = "1"
        return mark.joined(separator: " ")
    }

    /// As after a crash: what was accepted is in the store, and its process is gone.
    private static func orphan(_ place: String, _ test: TestSite) async throws -> Site {
        let kept = try #require(try await test.log.order(id(place)))
        try await test.log.keep(kept.order, process: dead)
        return Site(session: test.site.session, current: test.site.current, live: LiveVersion(), gate: test.site.gate)
    }

    @Test("runs of one account go on beside each other, but for those that change the same")
    func runsBeside() async throws {
        let test = try await Self.site()
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        // A run of somebody else, on the command line, works on it.
        let locks = "\(test.site.session.stateDirectory)/locks"
        try FileManager.default.createDirectory(atPath: locks, withIntermediateDirectories: true)
        var lock = try LockFile("\(locks)/target-one-tmp")
        #expect(lock != nil)
        let first = try await Self.clean(olga, "one")
        let second = try await Self.clean(olga, "one")
        let third = try await Self.clean(olga, "two")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            try await eventually("the one that nobody hinders ends") { await Self.state(olga, third) == "succeeded" }
            try await eventually("the one before it waits for the lock") {
                await Self.state(olga, first) == "running"
            }
            // It is not begun and refused: it has not had its turn.
            #expect(await Self.state(olga, second) == "accepted")
            try await eventually("one goes on before it") {
                test.site.desk.standing(of: Self.id(second))?.standing == .waits(before: 1)
            }
            lock = nil
            try await eventually("the others follow") {
                test.clock.advance(by: .seconds(1))
                let states = [await Self.state(olga, first), await Self.state(olga, second)]
                return states == ["succeeded", "succeeded"]
            }
            #expect(lock == nil)
            try await eventually("nothing is left to be done") { try await test.log.openOrders().isEmpty }
            group.cancelAll()
        }
        #expect(!FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/one/file.tmp"))
    }

    @Test("what was accepted and not begun is begun by the next process, as whoever asked, by its id")
    func takesUp() async throws {
        let test = try await Self.site()
        let olga = try await test.program("olga", Grants(environments: ["one": .operator]))
        let place = try await Self.clean(olga, "one")
        let later = try await Self.orphan(place, test)
        let program = TestProgram(site: later, key: olga.key)
        try await later.desk.takeUp(test.site.session)
        #expect(later.desk.standing(of: Self.id(place))?.standing == .waits(before: 0))
        // Once: another process that looks finds nothing left.
        let third = Site(
            session: test.site.session, current: test.site.current, live: LiveVersion(), gate: test.site.gate)
        try await third.desk.takeUp(test.site.session)
        #expect(third.desk.standing(of: Self.id(place)) == nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await later.desk.run(test.site.session) }
            try await eventually("it ends") { await Self.state(program, place) == "succeeded" }
            group.cancelAll()
        }
        let run = try await test.log.run(Self.id(place))
        #expect(run.requester.user == "olga" && !run.isDryRun)
        #expect(!FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/one/file.tmp"))
    }

    enum Hindrance: String, CaseIterable { case age, closed, roles, token }

    @Test("what may not be done any more comes to nothing, and its reason is told", arguments: Hindrance.allCases)
    func givesUp(hindrance: Hindrance) async throws {
        let test = try await Self.site()
        _ = try await test.visitor("root-of-all", Grants(everywhere: .admin))
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        let vera = try await test.program("vera", Grants(everywhere: .viewer))
        let place = try await Self.clean(olga, "one")
        let later = try await Self.orphan(place, test)
        switch hindrance {
        case .age: test.clock.advance(by: TakenUp.longest + .seconds(1))
        case .closed: try await test.log.close(account: "olga")
        case .roles:
            try await test.log.invite(
                "olga", Grants(environments: ["two": .operator]), link: Keys.digest(Keys.make()),
                until: test.clock.clock.now() + .seconds(60))
        case .token:
            let token = try #require(try await test.log.tokens().first { $0.account == "olga" })
            try await test.log.revoke(token: token.id)
        }
        try await later.desk.takeUp(test.site.session)
        let program = TestProgram(site: later, key: vera.key)
        let answer = await program.get(place)
        #expect(answer.json["state"] == "refused", "\(answer.text)")
        let code = hindrance == .age ? "order.too-old" : "order.not-allowed"
        #expect(answer.json["error"]?["code"] == .text(code))
        let application = test.site.session.application
        let scheduled = try application.book(test.site.inventory).scheduled(application.zones)
        func attentions() async throws -> [ScheduleStanding.Attention] {
            try await ScheduleStanding(test.log, test.site.inventory, scheduled, application.zones).attentions
                .filter { $0.kind == .cancelled }
        }
        let told = try #require(try await attentions().first)
        #expect(told.subject == "data.cleanup-temp" && told.reason.contains("olga"))
        #expect(told.reason.contains(Self.id(place)))
        #expect(FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/one/file.tmp"))
        // Nobody has to know for ever.
        test.clock.advance(by: RunLog.ordersCountFor + .seconds(1))
        #expect(try await attentions().isEmpty)
    }

    @Test("what waits for its turn is not begun where whoever asked may not do it any more", arguments: [true, false])
    func judgesAgain(isClosed: Bool) async throws {
        let test = try await Self.site()
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        let vera = try await test.program("vera", Grants(everywhere: .viewer))
        let place = try await Self.clean(olga, "one")
        if isClosed {
            try await test.log.close(account: "olga")
        } else {
            let token = try #require(try await test.log.tokens().first { $0.account == "olga" })
            try await test.log.revoke(token: token.id)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            try await eventually("it comes to nothing") { await Self.state(vera, place) == "refused" }
            try await eventually("it is written down") { try await test.log.openOrders().isEmpty }
            group.cancelAll()
        }
        #expect(await vera.get(place).json["error"]?["code"] == "access.withdrawn")
        #expect(FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/one/file.tmp"))
    }

    @Test("what had begun is left to the run log, and what waits when the server stops is kept")
    func leavesBegun() async throws {
        let test = try await Self.site()
        let olga = try await test.program("olga", Grants(everywhere: .operator))
        let place = try await Self.clean(olga, "one")
        let later = try await Self.orphan(place, test)
        let kept = try #require(try await test.log.order(Self.id(place)))
        try await test.log.begin(
            RunRecord(
                id: kept.order.id, name: "data.cleanup-temp", isRoutine: false, isDryRun: false, environments: ["one"],
                state: .running, requester: kept.order.requester, startedAt: test.clock.clock.now()), steps: [])
        try await later.desk.takeUp(test.site.session)
        #expect(try await test.log.order(kept.order.id) == nil)
        #expect(later.desk.standing(of: kept.order.id) == nil)
        // To go on with a run: as long as nobody had begun to.
        var order = kept.order
        order.work = .resume(decision: "done", change: nil)
        try await test.log.keep(order, process: Self.dead)
        try await later.desk.takeUp(test.site.session)
        #expect(later.desk.standing(of: order.id)?.standing == .waits(before: 0))
        try await test.log.keep(order, process: Self.dead)
        try await test.log.beginOrder(order.id)
        let third = Site(
            session: test.site.session, current: test.site.current, live: LiveVersion(), gate: test.site.gate)
        try await third.desk.takeUp(test.site.session)
        #expect(third.desk.standing(of: order.id) == nil)
        // A process that lives keeps what is its own.
        let own = try await Self.clean(olga, "two", isDryRun: true)
        try await third.desk.takeUp(test.site.session)
        #expect(third.desk.standing(of: Self.id(own)) == nil)
        #expect(try await test.log.openOrders().map(\.order.id) == [Self.id(own)])
    }
}
