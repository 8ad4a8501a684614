import Maintenance
import Monitor
import Settings

/// What one round said about one check.
package struct CheckAnswer: Sendable {
    package var outcome: CheckOutcome
    package var findings: [Finding]
    /// Whether it looked at all there is to look at.
    package var isComplete: Bool
    /// What its value counts, whether there was one or not; nil for a check that has none.
    package var unit: Measurement.Unit?
    /// False where it was not asked because the target cannot be reached, which is a finding of its own.
    package var isAsked: Bool

    package init(
        outcome: CheckOutcome, findings: [Finding], isComplete: Bool, isAsked: Bool, unit: Measurement.Unit? = nil
    ) {
        self.unit = unit
        self.outcome = outcome
        self.findings = findings
        self.isComplete = isComplete
        self.isAsked = isAsked
    }
}

/// One answer with when it was given and what it has to fulfil.
package struct MonitorRound: Sendable {
    package var answer: CheckAnswer
    package var terms: MonitoringTerms
    package var began: Timestamp
    package var at: Timestamp
    /// By the clock that only goes forward.
    package var instant: Duration

    package init(
        answer: CheckAnswer, terms: MonitoringTerms, began: Timestamp, at: Timestamp, instant: Duration
    ) {
        self.answer = answer
        self.terms = terms
        self.began = began
        self.at = at
        self.instant = instant
    }

    /// How long what was seen counts: a round may be late, and one may be missing.
    var countsUntil: Timestamp { at + terms.every * 3 + .seconds(30) }

    var rules: LifeRules {
        LifeRules(failures: terms.failures, successes: terms.successes, hold: terms.hold, gap: terms.every * 2)
    }
}

/// The lives of all checks that are asked all the time. A value: what is taken in counts once it is written down.
package struct MonitorBook: Sendable {
    struct Key: Hashable, Sendable {
        var target: Target
        var check: String
    }

    struct Entry: Sendable {
        var life: CheckLife
        /// When the last round was: by the clock that only goes forward where this process saw it, and by the machine's.
        var instant: Duration?
        var at: Timestamp?
        var code: String
    }

    private(set) var entries: [Key: Entry] = [:]

    /// How a check stands, for judging the next value against where it has to come back to.
    package func standing(of check: String, at target: Target) -> CheckOutcome.State? {
        entries[Key(target: target, check: check)]?.life.standing
    }

    /// When it was last asked, by the machine's clock.
    package func lastAsked(_ check: String, at target: Target) -> Timestamp? {
        entries[Key(target: target, check: check)]?.at
    }

    mutating func restore(_ key: Key, _ entry: Entry) { entries[key] = entry }

    mutating func forget(_ key: Key) { entries[key] = nil }

    /// What a round changed.
    struct Taken: Sendable {
        var round: MonitorRound
        var life: CheckLife
        /// How it stood before, where it stands differently now.
        var before: CheckOutcome.State?
        var isPlanned: Bool
        /// What becomes of its findings; nil where nothing does.
        var publication: Publication?
    }

    mutating func take(_ round: MonitorRound, isPlanned: Bool) -> Taken {
        let outcome = round.answer.outcome
        let key = Key(target: outcome.target, check: outcome.check)
        var entry = entries[key] ?? Entry(life: CheckLife(), code: outcome.code)
        // Between two processes only the machine's clock goes on; what it says is bounded like any other gap.
        let elapsed = entry.instant.map { round.instant - $0 } ?? entry.at.map { max(.zero, round.at - $0) } ?? .zero
        let before = entry.life.take(
            CheckLife.Round(at: round.at, state: outcome.state, elapsed: elapsed, isPlanned: isPlanned), round.rules)
        entry.instant = round.instant
        entry.at = round.at
        entry.code = outcome.code
        entries[key] = entry
        let publication = Publication(
            round.answer.findings, seen: outcome.state, standing: entry.life.standing,
            isComplete: round.answer.isComplete, isPlanned: isPlanned)
        return Taken(
            round: round, life: entry.life, before: before, isPlanned: isPlanned, publication: publication)
    }
}
