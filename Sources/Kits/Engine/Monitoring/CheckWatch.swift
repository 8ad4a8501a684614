import Maintenance
import Monitor
import Outside
import Settings
import Synchronization

/// Asks checks again and again, each at its own pace, and writes down how they stand.
///
/// One loop starts what is due; a group of checks at one target has at most one round at a time, so that a target that
/// hangs holds up nothing but itself. What rounds say is taken in twice a second, in one transaction for all of them.
package struct CheckWatch: Sendable {
    /// Between two looks whether the configuration is another one and who has waited for long.
    static let pulse: Duration = .milliseconds(250)
    /// Between two transactions.
    static let writing: Duration = .milliseconds(500)
    /// A round that takes longer gives its place to others.
    static let patience: Duration = .seconds(1)

    let log: RunLog
    let clock: WallClock
    let programs: Programs
    let checks: @Sendable (Resource) -> [Check]
    let gate: @Sendable (ResourceKind) -> Check?
    let tell: @Sendable (WatchEvent) -> Void

    package init(
        log: RunLog, clock: WallClock, programs: Programs,
        checks: @escaping @Sendable (Resource) -> [Check],
        gate: @escaping @Sendable (ResourceKind) -> Check?,
        tell: @escaping @Sendable (WatchEvent) -> Void
    ) {
        self.log = log
        self.clock = clock
        self.programs = programs
        self.checks = checks
        self.gate = gate
        self.tell = tell
    }

    /// Until it is cancelled. What was asked and not written down yet is written before it returns.
    ///
    /// - Parameter current: the configuration that counts now.
    package func run(_ current: CurrentInventory) async throws {
        let desk = WatchDesk(try await log.monitorBook())
        while true {
            let (inventory, version) = current.now
            let plan = WatchPlan(inventory, checks, gate: gate)
            do {
                let judgement = WatchJudgement(plan, inventory, at: clock.now())
                try await log.forget(notIn: plan, judgement, from: desk)
                tell(.follows(targets: plan.targets, checks: plan.subjects.count))
                try await follow(plan, inventory, judgement, desk) { current.version == version }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                tell(.unwritten(ErrorReport(error)))
                try await clock.sleep(for: .seconds(5))
            }
        }
    }

    /// Follows one plan as long as it counts.
    private func follow(
        _ plan: WatchPlan, _ inventory: Inventory, _ judgement: WatchJudgement, _ desk: WatchDesk,
        while counts: @escaping @Sendable () -> Bool
    ) async throws {
        guard !plan.groups.isEmpty else {
            while counts() { try await clock.sleep(for: .seconds(1)) }
            return
        }
        // Of all groups: what they keep (TLS contexts with all authorities) is dear.
        let probers = Probers(clock: clock)
        let groups = plan.groups.map { group in
            WatchedGroup(
                group,
                Look.held(
                    at: group.target, in: inventory, as: "monitor", clock: clock, programs: programs, log: log,
                    probers: probers
                ))
        }
        var table = Timetable<WatchedGroup>()
        let begin = clock.monotonic()
        for group in groups {
            let last = group.plan.checks.compactMap { desk.lastAsked($0.name, at: group.plan.target) }
                .min()
            let first = RoundSpread.first(
                group.plan.name, every: group.plan.every, last: last.map { clock.now() - $0 })
            let instant = RoundSpread.grouped(begin + first, every: group.plan.every)
            group.ended(at: instant)
            table.add(group, first: instant, every: group.plan.every)
        }
        let slots = RoundSlots(plan.concurrency)
        do {
            try await withThrowingDiscardingTaskGroup { tasks in
                // Being cancelled is how it ends where another configuration counts, and no reason for anything else to.
                tasks.addTask {
                    await write(
                        desk, groups, inventory.monitoring?.samples ?? SampleSettings(), judgement)
                }
                while counts() {
                    let now = clock.monotonic()
                    for due in table.take(at: now) where due.id.begin() {
                        tasks.addTask { await round(due.id, due.due, slots, desk) }
                    }
                    slots.giveBack(takenBefore: now - Self.patience)
                    try await clock.sleep(
                        for: min(Self.pulse, (table.next ?? now + Self.pulse) - clock.monotonic()))
                }
                tasks.cancelAll()
            }
        } catch {
            try await end(groups, desk)
            throw error
        }
        try await end(groups, desk)
    }

    /// The sessions are closed and what was said is written, also when everything is being stopped.
    private func end(_ groups: [WatchedGroup], _ desk: WatchDesk) async throws {
        try await despiteCancellation {
            for group in groups { await group.look.close() }
            try await take(desk)
        }
    }

    /// One round of one group.
    private func round(
        _ group: WatchedGroup, _ due: Duration, _ slots: RoundSlots, _ desk: WatchDesk
    ) async {
        defer { group.ended(at: clock.monotonic()) }
        let place: RoundSlots.Place
        do {
            place = try await slots.take { clock.monotonic() }
        } catch {
            return
        }
        defer { slots.giveBack(place) }
        let began = clock.now()
        let begin = clock.monotonic()
        let plan = group.plan
        let runner = CheckRunner(group.look, plan.resource) { check in
            guard let standing = desk.standing(of: check.name, at: plan.target) else { return nil }
            return (standing, plan.terms[check.name]?.hysteresis ?? Percentage(0))
        }
        let answers: [CheckRunner.Answer]
        do {
            answers = try await runner.answers(plan.checks, gate: plan.gate)
        } catch {
            // Only cancellation gets here, and then nothing was seen.
            return
        }
        let at = clock.now()
        let instant = clock.monotonic()
        desk.add(
            answers.compactMap { answer in
                // The gate of a group that does not ask it for itself only opens and closes.
                guard plan.checks.contains(where: { $0.name == answer.check.name }),
                    let terms = plan.terms[answer.check.name], let outcome = answer.observation.checks.first
                else { return nil }
                return MonitorRound(
                    answer: CheckAnswer(
                        outcome: outcome, findings: answer.observation.findings,
                        isComplete: answer.observation.examined.contains(answer.check.code),
                        isAsked: answer.isAsked, unit: answer.check.schema.thresholds?.unit),
                    terms: terms, began: began, at: at, instant: instant)
            })
        // A session that a check could not use may be of no use to the next round either.
        if answers.contains(where: { !$0.observation.gaps.isEmpty }) {
            await group.look.drop(plan.resource)
        }
        if !plan.holdsSession { await group.look.close() }
        tell(.asked(late: begin - due, took: instant - begin))
    }
}

/// What a watch tells while it goes on.
package enum WatchEvent: Sendable {
    case follows(targets: Int, checks: Int)
    /// A round has ended: how late it had begun, and how long it took.
    case asked(late: Duration, took: Duration)
    case changed(MonitorTransition)
    /// What rounds said could not be written; it is kept and tried again.
    case unwritten(ErrorReport)
}

/// The configuration that counts now, for those who look now and then whether it is another one.
package final class CurrentInventory: Sendable {
    private let state: Mutex<(inventory: Inventory, version: Int)>

    package init(_ inventory: Inventory) { state = Mutex((inventory, 0)) }

    package func replace(_ inventory: Inventory) {
        state.withLock { $0 = (inventory, $0.version + 1) }
    }

    var now: (inventory: Inventory, version: Int) { state.withLock { $0 } }
    var version: Int { state.withLock { $0.version } }
}

/// A group with its session and whether it is being asked.
final class WatchedGroup: Sendable {
    let plan: WatchPlan.Group
    let look: Look
    private let state = Mutex<(isBusy: Bool, ended: Duration)>((false, .zero))

    init(_ plan: WatchPlan.Group, _ look: Look) {
        self.plan = plan
        self.look = look
    }

    /// False where its last round has not ended.
    func begin() -> Bool {
        state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
    }

    func ended(at instant: Duration) { state.withLock { $0 = (false, instant) } }

    /// How long no round has come to its end, beyond what a slow one takes.
    func silence(at now: Duration) -> Duration? {
        let ended = state.withLock(\.ended)
        return now - ended > plan.every * 3 + .seconds(60) ? now - ended : nil
    }
}
