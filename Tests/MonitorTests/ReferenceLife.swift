import Outside
import Maintenance
import Monitor
import Outside

/// The same rules said another way: from the whole past, without any state. A level is held when the last streak of bad
/// rounds that was long enough came after the last streak of good ones that was.
struct ReferenceLife {
    var rules: LifeRules
    private var past: [CheckLife.Round] = []

    init(_ rules: LifeRules) { self.rules = rules }

    mutating func take(_ round: CheckLife.Round) { past.append(round) }

    var standing: CheckOutcome.State {
        let evidence = past.filter { !$0.isPlanned || $0.state == .passed }
        let answers = evidence.filter { $0.state != .unknown }
        var asked = LifeRules(failures: rules.failures, successes: 1)
        asked.gap = rules.gap
        if answers.isEmpty || isHeld(evidence, asked, { $0 == .unknown }) { return .unknown }
        if isHeld(answers, rules, { $0 == .critical }) { return .critical }
        if isHeld(answers, rules, { $0 != .passed }) { return .warning }
        return answers.contains { $0.state == .passed } ? .passed : .unknown
    }

    private func isHeld(
        _ rounds: [CheckLife.Round], _ rules: LifeRules, _ isBad: (CheckOutcome.State) -> Bool
    ) -> Bool {
        // From the last round backwards: whichever proof is met first is the newest.
        for end in rounds.indices.reversed() {
            let kind = isBad(rounds[end].state)
            var begin = end
            while begin > 0, isBad(rounds[begin - 1].state) == kind { begin -= 1 }
            let length = end - begin + 1
            let time = rounds[(begin + 1)..<(end + 1)].reduce(Duration.zero) { $0 + min($1.elapsed, rules.gap) }
            if kind, length >= rules.failures, time >= rules.hold { return true }
            if !kind, length >= rules.successes { return false }
        }
        return false
    }
}

extension CheckLife.Round {
    static func random(_ random: inout SeededGenerator, at: Timestamp) -> CheckLife.Round {
        // In streaks, as things are: a new state only now and then.
        let states: [CheckOutcome.State] = [.passed, .passed, .warning, .critical, .unknown]
        return CheckLife.Round(
            at: at, state: states[Int.random(in: 0..<states.count, using: &random)],
            elapsed: .seconds(Int.random(in: 0...40, using: &random)),
            isPlanned: Int.random(in: 0..<8, using: &random) == 0)
    }
}
