import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Engine

@Suite("checklists", .temporaryDirectory)
struct ChecklistTests {
    let estate: ChecklistEstate

    init() throws { estate = try ChecklistEstate() }

    @Test("where nobody did anything, nothing is known")
    func beginsUnknown() async throws {
        let standing = try await estate.answers().standing(ChecklistEstate.list, in: ChecklistEstate.place)
        #expect(standing.items.map(\.state) == Array(repeating: .unknown, count: 6))
        #expect(standing.items.allSatisfy { !$0.reason.isEmpty && $0.countsUntil == nil && $0.at == nil })
        #expect(!standing.isComplete)
        #expect(standing.items[0].reason == "no run of 'db care' at production/main (and 1 more)")
        #expect(standing.items[0].resolve == "mainstay db care --environment production")
        #expect(standing.items[2].resolve == "mainstay health check --environment production")
        #expect(
            standing.items[4].resolve == "mainstay checklist sign house keys --environment production --result done")
    }

    @Test("runs and signatures make it green until the first of them counts no more, to the microsecond")
    func becomesGreenAndExpires() async throws {
        _ = try await estate.harness.run("db care")
        _ = try await estate.harness.run("health check")
        try await estate.sign("keys")
        try await estate.sign("meters")
        let begin = estate.clock.clock.now()
        let standing = try await estate.answers().standing(ChecklistEstate.list, in: ChecklistEstate.place)
        #expect(standing.isComplete, "\(standing.items.map(\.reason))")
        #expect(standing.countsUntil == begin + .seconds(3_600))
        estate.clock.advance(by: .seconds(3_600) - .microseconds(1))
        #expect(try await estate.standing("meters").state == .green)
        estate.clock.advance(by: .microseconds(1))
        let over = try await estate.standing("meters")
        #expect(over.state == .unknown && over.reason.contains("counted until 2026-11-21 03:00 UTC"), "\(over.reason)")
        #expect(over.signOff?.result == .done)
        estate.clock.advance(by: .seconds(82_800) - .microseconds(1))
        for item in ["care", "calm", "answering", "quiet", "keys"] {
            #expect(try await estate.standing(item).state == .green)
        }
        estate.clock.advance(by: .microseconds(1))
        for item in ["care", "calm", "answering", "quiet", "keys"] {
            let standing = try await estate.standing(item)
            #expect(standing.state == .unknown && standing.reason.contains("counted until"), "\(standing.reason)")
        }
    }

    @Test(
        "what the newest run says decides, and never an older one",
        arguments: [
            (Script.Answer.finding(.info), ItemState.green, "succeeded"), (.finding(.warning), .red, "T001"),
            (.gap, .unknown, "unproven"), (.fails, .red, "no light"),
        ])
    func newestDecides(answer: Script.Answer, state: ItemState, words: String) async throws {
        _ = try await estate.harness.run("db care")
        estate.clock.advance(by: .seconds(60))
        estate.script.set(ChecklistEstate.replica, answer)
        _ = try await estate.harness.run("db care")
        let standing = try await estate.standing("care")
        #expect(standing.state == state && standing.reason.contains(words), "\(standing.reason)")
        #expect(try await estate.standing("calm").state == (answer == .finding(.warning) ? .green : state))
        estate.script.clear()
        estate.clock.advance(by: .seconds(60))
        _ = try await estate.harness.run("db care")
        #expect(try await estate.standing("care").state == .green)
    }

    @Test("a run with other options, a dry run, and one of another environment are no evidence")
    func otherRuns() async throws {
        _ = try await estate.harness.run("db care --part")
        let other = try await estate.standing("care")
        #expect(other.state == .unknown && other.reason.contains("1 with other options"), "\(other.reason)")
        _ = try await estate.harness.run("db care", isDryRun: true)
        #expect(try await estate.standing("care").state == .unknown)
        _ = try await estate.harness.run("db care")
        #expect(try await estate.standing("care").state == .green)
        // It looked at less, and still found something wrong.
        estate.script.set(ChecklistEstate.main, .fails)
        estate.clock.advance(by: .seconds(1))
        _ = try await estate.harness.run("db care --part")
        #expect(try await estate.standing("care").state == .red)
    }

    @Test("a database that came later has not been looked at")
    func newTarget() async throws {
        _ = try await estate.harness.run("db care")
        _ = try await estate.harness.run("health check")
        var grown = estate
        var resource = grown.harness.inventory.environments[0].resources[0]
        resource.name = "third"
        grown.harness.inventory.environments[0].resources.append(resource)
        for item in ["care", "answering"] {
            let standing = try await grown.standing(item)
            #expect(standing.state == .unknown && standing.reason.contains("production/third"), "\(standing.reason)")
        }
        grown.harness.inventory.environments[0].resources = []
        for item in ["care", "answering"] {
            let standing = try await grown.standing(item)
            #expect(standing.state == .unknown && standing.reason.contains("has nothing"), "\(standing.reason)")
        }
    }

    @Test(
        "a check is answered by its own newest outcome, and by nothing that is not there",
        arguments: [
            (["answers replica": CheckOutcome.State.unknown], ItemState.unknown), (["page site": .warning], .red),
            (["page site": .critical], .red), ([:], .green),
        ])
    func checks(states: [String: CheckOutcome.State], wanted: ItemState) async throws {
        _ = try await estate.harness.run("health check")
        estate.clock.advance(by: .seconds(1))
        estate.script.set(ChecklistEstate.whole, .checks(states))
        _ = try await estate.harness.run("health check")
        #expect(try await estate.standing("answering").state == wanted)
        // What one check says does not unsay what the others need.
        let quiet = try await estate.standing("quiet").state
        #expect(quiet == (states.values.contains(.unknown) ? .unknown : .green))
    }

    @Test("a check that is switched off, or that a run left out, is not green")
    func checksNotAsked() async throws {
        _ = try await estate.harness.run("health check --skip=page")
        let skipped = try await estate.standing("answering")
        #expect(skipped.state == .unknown && skipped.reason.contains("nobody asked page"), "\(skipped.reason)")
        _ = try await estate.harness.run("health check")
        #expect(try await estate.standing("answering").state == .green)
        var off = estate
        var setting = CheckSetting()
        setting.isEnabled = Written(false, at: .test)
        off.harness.inventory.checks["page"] = setting
        let standing = try await off.standing("answering")
        #expect(standing.state == .unknown && standing.reason.contains("switched off"), "\(standing.reason)")
    }

    @Test(
        "'nothing was found' needs somebody who looked at everything, and a finding of the night counts though it is over"
    )
    func findings() async throws {
        estate.script.set(ChecklistEstate.main, .finding(.critical))
        _ = try await estate.harness.run("db care")
        #expect(try await estate.standing("quiet").state == .red, "without any health check")
        estate.script.clear()
        estate.clock.advance(by: .seconds(3_600))
        _ = try await estate.harness.run("db care")
        _ = try await estate.harness.run("health check")
        let over = try await estate.standing("quiet")
        #expect(over.state == .red && over.reason.contains("over since"), "\(over.reason)")
        estate.clock.advance(by: .seconds(82_801))
        #expect(try await estate.standing("quiet").state == .green)
        estate.script.set(ChecklistEstate.whole, .gap)
        _ = try await estate.harness.run("health check")
        #expect(try await estate.standing("quiet").state == .unknown)
    }

    @Test("what was critical in the night counts also where it is only a warning by now")
    func becameMilder() async throws {
        estate.script.set(ChecklistEstate.main, .finding(.critical))
        _ = try await estate.harness.run("db care")
        estate.clock.advance(by: .seconds(60))
        estate.script.set(ChecklistEstate.main, .finding(.warning))
        _ = try await estate.harness.run("db care")
        let milder = try await estate.standing("quiet")
        #expect(milder.state == .red && milder.reason.contains("and it was critical at"), "\(milder.reason)")
        estate.clock.advance(by: .seconds(86_400 - 60) + .microseconds(1))
        _ = try await estate.harness.run("health check")
        #expect(try await estate.standing("quiet").state == .green)
    }

    @Test("evidence from a time that is still to come is none")
    func clockSetBack() async throws {
        _ = try await estate.harness.run("db care")
        try await estate.sign("keys")
        estate.clock.set(estate.clock.clock.now() - .seconds(60))
        for item in ["care", "keys"] {
            let standing = try await estate.standing(item)
            #expect(standing.state == .unknown && standing.reason.contains("set back"), "\(standing.reason)")
        }
    }

    @Test("a run that died in its middle hides what was green before; one that is at work does not")
    func cutOff() async throws {
        _ = try await estate.harness.run("db care")
        estate.clock.advance(by: .seconds(1))
        let steps = try await estate.harness.log.begunSteps(of: "db.care", at: ChecklistEstate.main)
        var newer = try #require(steps.first)
        newer.runID = "20261121-020001-aaaaa"
        newer.state = .running
        newer.endedAt = nil
        func judge(dead: Set<String>, _ first: StepRecord) -> Evidence {
            RunEvidence(now: estate.clock.clock.now(), countsFor: .seconds(60), severity: .warning, dead: dead)
                .judge([first] + steps, arguments: [], at: ChecklistEstate.main, command: "x")
        }
        #expect(judge(dead: [], newer).state == .green)
        #expect(judge(dead: [newer.runID], newer).state == .unknown)
        for state in [StepState.cancelled, .uncertain, .unproven, .skipped] {
            newer.state = state
            #expect(judge(dead: [], newer).state == .unknown, "\(state)")
        }
        newer.state = .succeeded
        newer.endedAt = estate.clock.clock.now()
        newer.observation = nil
        #expect(judge(dead: [], newer).state == .unknown, "it left no record")
    }
}
