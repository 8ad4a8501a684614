import Maintenance
import Monitor
import Outside
import Settings
import Synchronization

/// What rounds have said and is not written down yet, and how every check stood when that was done last.
final class WatchDesk: Sendable {
    private struct State {
        var book: MonitorBook
        var waiting: [MonitorRound] = []
        /// Groups that are known to be silent.
        var silent: Set<String> = []
    }

    private let state: Mutex<State>

    init(_ book: MonitorBook) { state = Mutex(State(book: book)) }

    func add(_ rounds: [MonitorRound]) { state.withLock { $0.waiting += rounds } }

    func standing(of check: String, at target: Target) -> CheckOutcome.State? {
        state.withLock { $0.book.standing(of: check, at: target) }
    }

    func lastAsked(_ check: String, at target: Target) -> Timestamp? {
        state.withLock { $0.book.lastAsked(check, at: target) }
    }

    /// What is to be written, which stays here until it was.
    var waiting: (rounds: [MonitorRound], book: MonitorBook) {
        state.withLock { ($0.waiting, $0.book) }
    }

    /// So many of the rounds that waited are written, and the checks stand so.
    func written(_ count: Int, _ book: MonitorBook) {
        state.withLock { state in
            state.waiting.removeFirst(count)
            state.book = book
        }
    }

    /// Whether that is news.
    func isNews(_ group: String, isSilent: Bool) -> Bool {
        state.withLock { isSilent ? $0.silent.insert(group).inserted : $0.silent.remove(group) != nil }
    }
}

extension RunLog {
    /// What is not asked any more, and not judged any more, is not wrong any more.
    func forget(notIn plan: WatchPlan, _ judgement: WatchJudgement, from desk: WatchDesk) async throws {
        var book = desk.waiting.book
        try await forget(notIn: plan.subjects, from: &book)
        desk.written(0, book)
        for finding in try await openFindings().map(\.finding) where judgement.isOver(finding) {
            try await resolve(alertFinding: finding)
        }
    }
}

extension CheckWatch {
    /// Takes in what rounds say, until it is cancelled. While the store cannot be written nothing is forgotten: what waits is
    /// bounded by an hour's rounds, and then the oldest go.
    func write(
        _ desk: WatchDesk, _ groups: [WatchedGroup], _ samples: SampleSettings, _ judgement: WatchJudgement
    ) async {
        var judgement = judgement
        var nextSilence = clock.monotonic()
        var nextCompaction = clock.monotonic()
        var nextLook = clock.monotonic() + .seconds(60)
        var pause = Duration.zero
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: pause)
                pause = Self.writing
                try await take(desk)
                if clock.monotonic() >= nextSilence {
                    nextSilence = clock.monotonic() + .seconds(10)
                    try await noteSilence(groups, desk)
                }
                if clock.monotonic() >= nextCompaction {
                    nextCompaction = clock.monotonic() + .seconds(60)
                    try await log.compactSamples(samples)
                }
                if clock.monotonic() >= nextLook {
                    nextLook = clock.monotonic() + .seconds(60)
                    try await judgement.look(log)
                }
            } catch is CancellationError {
                return
            } catch {
                tell(.unwritten(ErrorReport(error)))
                desk.bound(to: 3_600 * max(1, groups.reduce(0) { $0 + $1.plan.checks.count }))
                pause = .seconds(5)
            }
        }
    }

    func take(_ desk: WatchDesk) async throws {
        var (rounds, book) = desk.waiting
        guard !rounds.isEmpty else { return }
        let transitions = try await log.take(rounds, into: &book)
        desk.written(rounds.count, book)
        for transition in transitions { tell(.changed(transition)) }
    }

    private func noteSilence(_ groups: [WatchedGroup], _ desk: WatchDesk) async throws {
        let now = clock.monotonic()
        for group in groups {
            let silence = group.silence(at: now)
            guard desk.isNews(group.plan.name, isSilent: silence != nil) else { continue }
            let pace = group.plan.every.canonical
            let finding = MonitorFinding.silent.finding(
                group.plan.target, "every \(pace)",
                "no round has ended for \((silence ?? .zero).short), and one should every \(pace)")
            if silence != nil {
                try await log.open(alertFinding: finding)
            } else {
                try await log.resolve(alertFinding: finding)
            }
        }
    }
}

extension WatchDesk {
    /// Forgets the oldest rounds beyond so many.
    fileprivate func bound(to most: Int) {
        state.withLock { state in
            if state.waiting.count > most { state.waiting.removeFirst(state.waiting.count - most) }
        }
    }
}
