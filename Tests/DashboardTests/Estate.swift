import Alert
import Command
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store

@testable import Dashboard
@testable import Engine

/// What happened in an estate, with a text of the test's choice wherever text comes from outside: a health check that
/// found something, a run with a proved change, a run that waits for an approval, an alert, a silence, a remark.
struct Estate: Sendable {
    let run: String
    let approval: String
    let plan: String
    let alert: String

    private static let target = Target(environment: "production", resource: "web")

    init(_ test: TestSite, text: String = "production secret") async throws {
        let ann = Requester(user: "ann\(text)", host: "db1\(text)", processID: 1)
        let log = test.log.acting(for: ann)
        run = "20261121-020000-aaaaa"
        let change = Self.change(text)
        let target = Self.target

        let looking = Self.step("20261121-015900-bbbbb", "health.check", Target(environment: "production"))
        try await Self.begin(log, looking, ann, test)
        var observation = Observation()
        observation.findings = [
            Finding(
                code: "DB006", severity: .critical, target: target, object: "object \(text)",
                summary: "found \(text)", evidence: ["fact \(text)": .text("value \(text)")],
                mend: "mainstay mend \(text)")
        ]
        observation.checks = [
            CheckOutcome(
                check: "endpoint.answer", code: "EP001", title: "Answer \(text)", target: target, state: .critical,
                summary: "it says \(text)", seconds: 1)
        ]
        observation.measurements = [
            Measurement("measured \(text)", target, object: "series \(text)", unit: .count, value: 3)
        ]
        observation.gaps = [
            Observation.Gap("gap \(text)", ErrorReport(code: "x", problem: "why \(text)", hint: "do \(text)"))
        ]
        observation.listings = [Listing("List \(text)", [.init("column \(text)")], [[.text("cell \(text)")]])]
        try await log.observed(looking, observation)
        try await log.end(
            looking, .unproven, error: ErrorReport(code: "x", problem: "problem \(text)", hint: "hint \(text)"))
        try await log.end(try await log.run(looking.runID), .failed)

        let step = Self.step(run, "data.test", target, arguments: ["--name=\(text)"])
        try await Self.begin(log, step, ann, test)
        let records = try await log.planned(step, Self.plan(change), approval: nil)
        for record in records {
            let started = try await log.move(
                record, at: target, to: .started, witness: ["rows \(text)": .text("12 \(text)")])
            let applied = try await log.move(started, at: target, to: .applied)
            _ = try await log.move(applied, at: target, to: .proved, evidence: ["proof \(text)": .text("13 \(text)")])
        }
        try await log.end(step, .succeeded, error: nil)
        try await log.end(try await log.run(run), .succeeded)

        let waiting = Self.step("20261121-020100-ccccc", "data.test", target)
        try await Self.begin(log, waiting, ann, test)
        let now = test.clock.clock.now()
        let request = ApprovalRequest(
            id: "apr0000001", runID: waiting.runID, runName: "data.test", isRoutine: false, routines: nil, step: 1,
            plan: Self.plan(change),
            needs: [ApprovalNeed(count: 1, approvers: [], reason: "because \(text)", expires: .seconds(86_400))],
            requesters: [ann], isProtected: true, askedAt: now, expiresAt: now + .seconds(86_400))
        try await log.wait(waiting, request, error: ErrorReport(code: "approval.waits", problem: "waits \(text)"))
        try await log.end(try await log.run(waiting.runID), .waiting)
        approval = request.id
        plan = request.plan.digest

        let desk = AlertDesk(
            log: log,
            rules: AlertRules(
                route: RouteDraft(receiver: "people").tree(receiver: "people"),
                receivers: [Receiver(name: "people", deliveries: [])]), rulesDigest: "x")
        let troubles = try await log.openFindings().map { AlertTrouble($0.finding, in: test.site.inventory) }
        let taken = try await desk.decide(open: troubles, at: now)
        alert = taken.state.book.alerts.keys.sorted().first ?? ""
        _ = try await log.note([
            .acknowledged(fingerprint: alert, .init(by: "ann\(text)", comment: "doing \(text)", at: now)),
            .silenced(
                Silence(
                    id: "s1", matchers: [Matcher("environment", is: "production"), Matcher("object", is: "o \(text)")],
                    starts: now, ends: now + .seconds(600), author: "ann\(text)", comment: "why \(text)")),
        ])
        let answers = ChecklistAnswers(
            test.site.session.application.checklistBook(test.site.inventory), log: log)
        let list = try answers.book.list("environments-daily")
        _ = try await answers.remark(
            on: try answers.book.item("responding", of: list), of: list, in: "production", note: "remark \(text)",
            attachment: nil)
    }

    private static func begin(_ log: RunLog, _ step: StepRecord, _ ann: Requester, _ test: TestSite) async throws {
        try await log.begin(
            RunRecord(
                id: step.runID, name: step.task, isRoutine: false, isDryRun: false, environments: ["production"],
                state: .running, requester: ann, startedAt: test.clock.clock.now()),
            steps: [step])
        try await log.start(step)
        test.clock.advance(by: .seconds(1))
    }

    private static func step(_ run: String, _ task: String, _ target: Target, arguments: [String] = []) -> StepRecord {
        StepRecord(runID: run, number: 1, task: task, arguments: arguments, target: target, state: .pending)
    }

    private static func plan(_ change: Change) -> Plan {
        Plan(task: "data.test", taskVersion: 1, arguments: [], target: target, identity: [:], changes: [change])
    }

    private static func change(_ text: String) -> Change {
        Change(
            kind: "drop", object: "object \(text)", action: .sql(["drop table \"\(text)\"", "select 1"]),
            effect: .destroys, lock: .accessExclusive, reversal: "undo \(text)", identity: [:],
            reason: "reason \(text)",
            authority: "file \(text)", estimate: .init(seconds: 3, source: "source \(text)"))
    }
}
