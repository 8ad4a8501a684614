import Maintenance
import Testing

@Suite("journal")
struct JournalTests {
    @Test("a change that has ended goes nowhere", arguments: ChangeState.allCases)
    func endsAreEnds(state: ChangeState) {
        #expect(state.isFinal == state.successors.isEmpty)
        #expect(!(state.isFinal && state.isUncertain))
        #expect(!state.successors.contains(state))
    }

    @Test("nothing is proved that was not started")
    func proofNeedsStart() {
        #expect(!ChangeState.planned.successors.contains(.proved))
        #expect(!ChangeState.planned.successors.contains(.applied))
        #expect(ChangeState.started.successors.contains(.proved))
    }

    @Test(
        "a run is as good as its worst step",
        arguments: [
            ([StepState.succeeded, .skipped], RunState.succeeded), ([.succeeded, .unproven], .failed),
            ([.failed, .uncertain], .uncertain), ([.failed, .cancelled], .cancelled), ([.pending, .failed], .running),
            ([.refused], .failed), ([.waiting], .waiting), ([.waiting, .uncertain], .uncertain), ([], .succeeded),
        ])
    func sumsUp(steps: [StepState], run: RunState) {
        #expect(RunState(steps) == run)
    }
}

@Suite("plans")
struct PlanTests {
    private func plan(_ change: (inout Change) -> Void = { _ in }, task: (inout Plan) -> Void = { _ in }) -> Plan {
        var one = Change(
            kind: "analyze", object: "a", action: .sql(["analyze a"]), effect: .maintains, reversal: "none",
            identity: ["oid": 1], reason: "stale")
        change(&one)
        var plan = Plan(
            task: "t", taskVersion: 1, arguments: ["--x=1"], target: Target(environment: "e", resource: "r"),
            identity: ["database": "d"], changes: [one])
        task(&plan)
        return plan
    }

    @Test("the digest does not see reasons and estimates")
    func ignoresTalk() {
        let other = plan { change in
            change.reason = "other words"
            change.estimate = .init(seconds: 3, source: "a guess")
        }
        #expect(plan().digest == other.digest)
    }

    @Test("the digest sees everything that is done, and to what")
    func seesDeeds() {
        let digests = [
            plan().digest,
            plan { $0.action = .sql(["analyze b"]) }.digest,
            plan { $0.action = .sql(["analyze", "a"]) }.digest,
            plan { $0.action = .program(["analyze a"]) }.digest,
            plan { $0.action = .files("analyze a") }.digest,
            plan { $0.identity = ["oid": 2] }.digest,
            plan { $0.identity = ["oid": "1"] }.digest,
            plan { $0.effect = .destroys }.digest,
            plan { $0.scope = .cluster }.digest,
            plan(task: { $0.taskVersion = 2 }).digest,
            plan(task: { $0.arguments = ["--x=1", "--y"] }).digest,
            plan(task: { $0.target.resource = "q" }).digest,
            plan(task: { $0.identity = ["database": "e"] }).digest,
            plan(task: { $0.changes.append($0.changes[0]) }).digest,
        ]
        #expect(Set(digests).count == digests.count)
    }

    @Test("a finding keeps its fingerprint while its numbers change")
    func fingerprints() {
        let target = Target(environment: "e", resource: "r")
        let finding = Finding(code: "A1", severity: .info, target: target, object: "x", summary: "3 rows")
        var later = finding
        later.summary = "4 rows"
        later.severity = .critical
        #expect(finding.fingerprint == later.fingerprint)
        later.object = "y"
        #expect(finding.fingerprint != later.fingerprint)
    }

    @Test("the health percentage shows its arithmetic, and unknown does not count as well")
    func scores() {
        let score = HealthScore([.passed, .passed, .warning, .unknown])
        #expect(score.percentage?.value == 62.5)
        #expect(score.arithmetic == "(2 passed + ½ × 1 warning) / 4 checks = 62.5 % (1 unknown count 0)")
        #expect(HealthScore([]).percentage == nil)
    }

    @Test(
        "what is meant is found nearby, and what is far away is not",
        arguments: [
            ("helth", "health"), ("protectde", "protected"), ("xyz", nil), ("db updat-stats", "db update-stats"),
        ])
    func suggests(word: String, expected: String?) {
        #expect(nearest(to: word, among: ["health", "protected", "db update-stats"]) == expected)
    }
}
