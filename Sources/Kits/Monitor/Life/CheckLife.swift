import Maintenance

/// How a check stands that is asked again and again: believed bad only after enough rounds in a row have said so, and
/// believed well again only after enough have said that. Values in, values out; no clock, no store.
///
/// Each severity is judged by itself, as two alerting rules of Prometheus would: what is critical is a warning too, so
/// while one of them waits for its last round the other may already count.
package struct CheckLife: Hashable, Sendable {
    /// Whether it is a warning or worse.
    package private(set) var warning = Belief()
    /// Whether it is critical.
    package private(set) var critical = Belief()
    /// Whether nobody can answer it.
    package private(set) var blind = Belief()
    /// Whether it was ever seen to be well, or believed to be bad: before that nobody knows.
    package private(set) var isKnown = false
    /// When it began to stand as it does; nil before the first round.
    package private(set) var since: Timestamp?
    /// When the first of those rounds was that speak against how it stands; nil where the last one did not.
    package private(set) var doubtedSince: Timestamp?

    package init() {}

    init(
        isKnown: Bool, warning: Belief, critical: Belief, blind: Belief, since: Timestamp?, doubtedSince: Timestamp?
    ) {
        self.isKnown = isKnown
        self.warning = warning
        self.critical = critical
        self.blind = blind
        self.since = since
        self.doubtedSince = doubtedSince
    }

    /// One look at the thing.
    package struct Round: Hashable, Sendable {
        /// By the machine's clock, for people; nothing is decided by it.
        package var at: Timestamp
        package var state: CheckOutcome.State
        /// Since the round before, by a clock that only goes forward; zero for the first.
        package var elapsed: Duration
        /// Whether Mainstay itself was changing the thing meanwhile.
        package var isPlanned: Bool

        package init(at: Timestamp, state: CheckOutcome.State, elapsed: Duration, isPlanned: Bool = false) {
            self.at = at
            self.state = state
            self.elapsed = elapsed
            self.isPlanned = isPlanned
        }
    }

    /// What it counts as.
    package var standing: CheckOutcome.State {
        if blind.isHeld || !isKnown { return .unknown }
        return critical.isHeld ? .critical : warning.isHeld ? .warning : .passed
    }

    package enum Phase: String, Codable, CaseIterable, Sendable {
        /// Never answered.
        case unseen
        case well
        /// Does not count as bad yet, and the last rounds say that it is.
        case pending
        case failing
        /// Counts as failing, and the last rounds say otherwise.
        case recovering
        /// Nobody can answer it.
        case blind
    }

    package var phase: Phase {
        if blind.isHeld { return .blind }
        guard isKnown else { return warning.rounds > 0 ? .pending : .unseen }
        if warning.isHeld {
            return warning.rounds > 0 || critical.isHeld && critical.rounds > 0 ? .recovering : .failing
        }
        return warning.rounds > 0 ? .pending : .well
    }

    /// Takes one look in.
    ///
    /// What is seen to be bad while we work there ourselves proves nothing against it; what is seen to be well counts.
    /// A round that could not look proves nothing about the thing either way, and that it cannot be looked at.
    ///
    /// - Returns: how it stood before where it stands differently now.
    package mutating func take(_ round: Round, _ rules: LifeRules) -> CheckOutcome.State? {
        let before = standing
        if !round.isPlanned || round.state == .passed {
            let elapsed = min(round.elapsed, rules.gap)
            blind.take(round.state == .unknown, elapsed, LifeRules(failures: rules.failures, successes: 1))
            if round.state != .unknown {
                warning.take(round.state != .passed, elapsed, rules)
                critical.take(round.state == .critical, elapsed, rules)
                isKnown = isKnown || round.state == .passed || warning.isHeld
            }
        }
        let isDoubted = [warning, critical, blind].contains { $0.rounds > 0 }
        doubtedSince = isDoubted ? doubtedSince ?? round.at : nil
        guard since == nil || standing != before else { return nil }
        since = round.at
        return standing == before ? nil : before
    }
}

/// Something that is held to be so or not, and the rounds in a row that speak against that.
package struct Belief: Hashable, Sendable {
    package internal(set) var isHeld = false
    /// In a row, and the last one among them.
    package internal(set) var rounds = 0
    /// Between the first of them and the last.
    package internal(set) var time: Duration = .zero

    mutating func take(_ isSo: Bool, _ elapsed: Duration, _ rules: LifeRules) {
        guard isSo != isHeld else {
            rounds = 0
            time = .zero
            return
        }
        if rounds > 0 { time += elapsed }
        rounds += 1
        let isEnough = isHeld ? rounds >= rules.successes : rounds >= rules.failures && time >= rules.hold
        if isEnough { self = Belief(isHeld: !isHeld) }
    }
}

/// How much it takes until something is believed.
package struct LifeRules: Hashable, Sendable {
    /// Rounds in a row that have to be bad; at least one.
    package var failures: Int
    /// Rounds in a row that have to be well; at least one.
    package var successes: Int
    /// How long it has to have been bad, from the first of those rounds on.
    package var hold: Duration
    /// The most that counts between two rounds: while nobody looked, nothing was seen.
    package var gap: Duration

    package init(failures: Int = 1, successes: Int = 1, hold: Duration = .zero, gap: Duration = .seconds(1 << 40)) {
        self.failures = max(1, failures)
        self.successes = max(1, successes)
        self.hold = hold
        self.gap = gap
    }
}
