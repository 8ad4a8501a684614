import Calendar
import Alert
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@testable import Engine

/// Real changes in a real database, at hours that a test chooses.
@Suite("windows", .temporaryDirectory, .cluster)
struct WindowTests {
    @Test("outside of its window a step waits, says when that opens, and starts in it")
    func waits() async throws {
        let estate = try await WindowEstate([.test("daily 03:00-04:00")])
        let run = try await estate.harness.run("test ledger")
        #expect(run.step.state == .waiting && run.run.state == .waiting)
        #expect(run.exitStatus(failOn: nil) == .waiting)
        #expect(run.step.error?.code == "window.closed")
        #expect(run.step.error?.problem.hasSuffix("which opens 2026-11-21 03:00 UTC") == true)
        #expect(run.step.plan?.packing?.nextWindow?.description == "2026-11-21 03:00 UTC")
        #expect(try await estate.harness.resume().step.state == .waiting)
        let attention = try #require(try await estate.attentions().first)
        #expect(
            attention.reason == "3 changes of run \(run.run.id) wait for the window that opens 2026-11-21 03:00 UTC")
        #expect(attention.kind == .waiting && attention.resolve == "mainstay resume \(run.run.id)")
        try estate.set("2026-11-21T02:59:59Z")
        #expect(try await estate.harness.resume().step.state == .waiting)
        #expect(try await estate.rows().isEmpty)
        try estate.set("2026-11-21T03:00:00Z")
        #expect(try await estate.harness.resume().run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b", "c"])
        #expect(try await estate.attentions().isEmpty)
    }

    @Test("a window that closes in the middle lets the running change end and starts no other")
    func closesInTheMiddle() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:30")], minutes: 45)
        let run = try await estate.harness.run("test ledger")
        #expect(try await estate.rows() == ["a"])
        #expect(run.changes.map(\.state) == [.proved, .planned, .planned])
        #expect(run.step.state == .waiting && run.step.error?.code == "window.left")
        #expect(estate.harness.events.told.last == "2 changes are left out: no window will do")
        #expect(try await estate.harness.log.handedOn("test.ledger", at: run.step.target) == ["add b": 1, "add c": 1])
        // Its first run took longer than the window is: nobody knows that of the others but by their kind.
        let left = try #require(try await estate.harness.log.steps(of: run.run.id).first?.plan?.packing?.left)
        #expect(left.allSatisfy { $0.isTooLong && $0.nextWindow == nil })
    }

    @Test("what a step has just seen of its own changes counts for the rest of them")
    func learns() async throws {
        // Ten minutes are assumed of what nobody knows; after the first, twelve are known, and only one more fits.
        let estate = try await WindowEstate([.test("daily 02:00-02:35")])
        let run = try await estate.harness.run("test ledger")
        #expect(run.changes.map(\.state) == [.proved, .proved, .planned])
    }

    @Test("what does not fit is left to the next window, which it then starts in")
    func handsOn() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:30")])
        let run = try await estate.harness.run("test ledger")
        #expect(run.changes.map(\.state) == [.proved, .proved, .planned])
        #expect(run.step.error?.code == "window.left")
        #expect(
            run.step.error?.problem
                == "1 change of production/main waits for the window that opens 2026-11-22 02:00 UTC: "
                + "'add c': it is expected to take 12 min, and 6 min are left")
        // Going on in the same window finds the same, and counts it once.
        for _ in 0..<2 {
            #expect(try await estate.harness.resume().step.state == .waiting)
            #expect(try await estate.harness.log.handedOn("test.ledger", at: run.step.target) == ["add c": 1])
        }
        try estate.set("2026-11-22T02:10:00Z")
        let done = try await estate.harness.resume()
        #expect(done.run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b", "c"])
        #expect(try await estate.harness.log.handedOn("test.ledger", at: run.step.target).isEmpty)
    }

    @Test("a window that passed without anybody going on counts as one it was left out of, once")
    func countsMissedWindows() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:30")])
        let target = try await estate.harness.run("test ledger").step.target
        // The window of the 22nd passes, and so does that of the 23rd, of which nobody says anything.
        try estate.set("2026-11-22T12:00:00Z")
        for _ in 0..<2 {
            #expect(try await estate.harness.resume().step.state == .waiting)
            #expect(try await estate.harness.log.handedOn("test.ledger", at: target) == ["add c": 2])
        }
    }

    @Test("waiting counts: a small thing comes before new warnings after four windows")
    func raisesPriority() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:15")])
        for night in 1...6 {
            try estate.set("2026-11-\(20 + night)T02:00:00Z")
            let harness = estate.proposing(["small", "new \(night)"]) { ledger in
                ledger.adapting = { if $0.object != "small" { $0.priority = .warning } }
            }
            _ = try await harness.run("test ledger")
        }
        #expect(try await estate.rows() == ["new 1", "new 2", "new 3", "new 4", "small", "new 6"])
    }

    @Test("a dry run shows the packing, writes nothing, and its digest is the same at every hour")
    func showsPacking() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:15")])
        let inside = try #require(try await estate.harness.run("test ledger", isDryRun: true).plans.first)
        let packing = try #require(inside.packing)
        #expect(packing.starting.map(\.change) == ["add a"])
        #expect(packing.entries.map(\.expected.source) == Array(repeating: "nothing is known of it", count: 3))
        #expect(packing["add b"]?.nextWindow?.description == "2026-11-22 02:00 UTC")
        #expect(packing["add b"]?.reason == "what comes before it takes the 15 min that are left")
        try estate.set("2026-11-21T12:00:00Z")
        let outside = try #require(try await estate.harness.run("test ledger", isDryRun: true).plans.first)
        #expect(outside.packing?.starting.isEmpty == true && outside.digest == inside.digest)
        #expect(try await estate.harness.log.handedOn("test.ledger", at: inside.target).isEmpty)
        #expect(try await estate.attentions().isEmpty)
    }

    @Test("outside of a window a dry run packs into those that come, each filled before the one after it")
    func packsAhead() async throws {
        let estate = try await WindowEstate([.test("daily 03:00-03:20")])
        let plans = try await estate.harness.run("test ledger", "test ledger", isDryRun: true).plans
        let entries = plans.flatMap { $0.packing?.entries ?? [] }
        #expect(entries.map(\.change) == ["add a", "add b", "add c", "add a", "add b", "add c"])
        let places = [(21, "00"), (21, "10"), (22, "00"), (22, "10"), (23, "00"), (23, "10")]
        for (entry, (day, minute)) in zip(entries, places) {
            #expect(entry.nextWindow?.description == "2026-11-\(day) 03:00 UTC")
            let reason = entry.reason ?? ""
            #expect(reason.hasSuffix("it is expected to start at 2026-11-\(day) 03:\(minute) UTC"), "\(reason)")
        }
        #expect(
            entries[2].reason?.hasPrefix("what comes before it fills the window that opens 2026-11-21 03:00 UTC")
                == true)
        #expect(plans.allSatisfy { $0.packing?.starting.isEmpty == true }, "none of it starts now")
    }

    @Test("a dry run of several steps gives each what those before it leave")
    func sharesWindowInDryRuns() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:25")], keys: ["a"])
        let plans = try await estate.harness.run("test ledger", "test ledger", "test ledger", isDryRun: true).plans
        #expect(
            plans.map { $0.packing?.entries.first?.startsAt?.description } == [
                "2026-11-21 02:00 UTC", "2026-11-21 02:10 UTC", nil,
            ])
    }

    @Test("a newer run of the same takes the place of one that waits, but not of one that was approved or has begun")
    func supersedes() async throws {
        let estate = try await WindowEstate([.test("daily 03:00-03:15"), .test(nil, .emergency)])
        let first = try await estate.harness.run("test ledger", by: .ann).run.id
        let second = try await estate.harness.run("test ledger", by: .ann).run.id
        #expect(try await estate.harness.log.run(first).state == .cancelled)
        let id = try #require(try await estate.request())
        try await estate.harness.approvals(by: .bob).approve(id, reason: "now", isEmergency: true)
        let third = try await estate.harness.run("test ledger", by: .ann).run.id
        #expect(try await estate.harness.log.run(second).state == .waiting)
        try estate.set("2026-11-21T03:00:00Z")
        #expect(try await estate.harness.resume(third, by: .ann).changes.map(\.state) == [.proved, .planned, .planned])
        try estate.set("2026-11-21T12:00:00Z")
        _ = try await estate.harness.run("test ledger", by: .ann)
        #expect(try await estate.harness.log.run(third).state == .waiting)
        #expect(try await estate.harness.log.verifyAudit().isSound)
    }

    @Test("what was confirmed by hand outside of its window needs no second word in it", arguments: [true, false])
    func isConfirmed(answer: Bool) async throws {
        let estate = try await WindowEstate([.test("daily 03:00-04:00")], isProtected: true, keys: ["a"]) {
            $0.effect = .destroys
            $0.authority = "mainstay.yaml:12"
        }
        let run = try await estate.harness.run("test ledger", confirm: { _ in answer })
        #expect(run.step.state == (answer ? .waiting : .refused))
        guard answer else { return }
        try estate.set("2026-11-21T03:00:00Z")
        #expect(try await estate.harness.resume().run.state == .succeeded)
        let other = try await estate.harness.run("test ledger")
        #expect(other.step.error?.code == "policy.needs-confirmation")
    }

    @Test("what no window speaks of is not restricted: other effects, other tasks, other environments")
    func leavesOthersAlone() async throws {
        for rule in [
            try WindowRule.test("daily 03:00-04:00", effects: [.destroys]),
            try WindowRule.test("daily 03:00-04:00", tasks: ["logs.rotate"]),
        ] {
            let estate = try await WindowEstate([rule], keys: ["a"])
            let run = try await estate.harness.run("test ledger")
            #expect(run.run.state == .succeeded && run.plans.first?.packing == nil)
        }
        let estate = try await WindowEstate([], keys: ["a"])
        #expect(try await estate.harness.run("test ledger").run.state == .succeeded)
        var harness = estate.harness
        harness.inventory.windows = [try .test("daily 03:00-04:00")]
        #expect(try await harness.run("test ledger").step.state == .waiting)
    }

    @Test("a window whose calendar cannot be read stays closed, and says so")
    func failsClosed() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-04:00 except freeze")])
        var harness = estate.harness
        harness.inventory.calendars = [
            CalendarSettings(source: CalendarSource(name: "freeze", file: "/none.ics"), location: .test)
        ]
        let run = try await harness.run("test ledger")
        #expect(run.step.state == .waiting)
        #expect(run.step.error?.problem.contains("the calendar 'freeze' cannot be read") == true)
        #expect(try await estate.rows().isEmpty)
    }

    @Test(
        "on the days the clock changes a window is as long as it really is",
        arguments: [("2026-10-25", 4), ("2027-03-21", 3), ("2027-03-28", 2)])
    func clockChanges(day: String, hours: Int) async throws {
        let estate = try await WindowEstate([.test("Sundays 01:00-04:00 Europe/Berlin")], keys: ["a"], minutes: 1) {
            $0.adapting = { $0.estimate = Change.Estimate(seconds: 9_000, source: "a test") }
        }
        // 01:00 in Berlin: an hour before in summer time, and at the beginning of both changes.
        try estate.set(day == "2026-10-25" ? "2026-10-24T23:00:00Z" : "\(day)T00:00:00Z")
        let run = try await estate.harness.run("test ledger")
        let window = run.plans.first?.packing?.entries.first?.window
        #expect(window.flatMap { window in window.closes.map { $0 - window.opened } } == .seconds(hours * 3_600))
        #expect(run.step.state == (hours == 2 ? .waiting : .succeeded))
    }

    @Test("what no window is long enough for waits for people, and says so")
    func isTooLong() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:05"), .test("Sundays 05:00-05:09")], keys: ["a"])
        let run = try await estate.harness.run("test ledger")
        #expect(
            run.step.error?.problem == "1 change of production/main fits into no window: "
                + "'add a': it is expected to take 10 min, and no window is longer than 9 min")
        let attention = try #require(try await estate.attentions().first)
        #expect(attention.reason.hasSuffix("no window is longer than 9 min"))
    }

    @Test("windows of several rules that touch are one")
    func joins() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-02:06"), .test("daily 02:06-02:12")], keys: ["a"])
        #expect(try await estate.harness.run("test ledger").run.state == .succeeded)
    }

    @Test("with a notice everything starts at once, and the trail and whoever watches hear of it")
    func notices() async throws {
        let estate = try await WindowEstate([.test("Sundays 02:00-04:00"), .test(nil, .anytime)])
        let run = try await estate.harness.run("test ledger")
        #expect(run.run.state == .succeeded)
        let notices = try await estate.harness.log.audit(AuditFilter(kinds: [.noticed], most: 10))
        // Whoever wants to know by a channel is told: for an hour it is open.
        let troubles = try await estate.harness.log.troubles(estate.harness.inventory, []).troubles
        #expect(troubles.map { "\($0.labels["alert"]) \($0.labels["severity"])" } == ["notice info"])
        #expect(notices.first?.detail["notice"] == troubles.first?.annotations["summary"].map(Scalar.text))
        estate.clock.advance(by: .seconds(3_601))
        #expect(try await estate.harness.log.troubles(estate.harness.inventory, []).troubles.isEmpty)
        let words = "'add a' and 2 more at production/main start outside of a primary window, with this notice"
        #expect(notices.map { $0.detail["notice"] } == [.text(words)] && estate.harness.events.told == [words])
        try estate.set("2026-11-22T02:00:00Z")
        #expect(try await estate.harness.run("test ledger").run.state == .succeeded)
        #expect(try await estate.harness.log.audit(AuditFilter(kinds: [.noticed], most: 10)).count == 1)
    }
}
