import Calendar
import Glibc
import Maintenance
import Outside
import Settings

/// Starts routines by their schedules, through the same runner as the command line, and goes on with what may go on.
///
/// Exactly one leads on a state directory: it holds a lock that the kernel gives back however it dies. A start is claimed
/// in the transaction that records its run, so that even a leader that was stopped for hours makes none a second time.
package actor Scheduler {
    package static let serviceName = "scheduler"

    /// The longest sleep: after a change of the clock nothing is later than this.
    static let longestSleep: Duration = .seconds(30)
    /// How often it says at least that it is well.
    package static let standardPulse = longestSleep
    /// How often everything is computed anew, in case the rules of a zone have changed.
    static let rebuildEvery: Duration = .seconds(3_600)
    /// How often it is asked whether a waiting run may go on.
    static let askEvery: Duration = .seconds(30)
    /// How far ahead of the clock a decision may lie; further, and the clock was wrong when it was made.
    static let plausibleLead: Duration = .seconds(2 * 3_600)

    /// One reading of the configuration, and how its runs are carried out.
    package struct Work: Sendable {
        package var book: RoutineBook
        package var runner: Runner

        package init(book: RoutineBook, runner: Runner) {
            self.book = book
            self.runner = runner
        }
    }

    enum Nudge: Sendable {
        case tick(Timestamp)
        case again
        case reload(Result<Work, ErrorReport>)
    }

    let log: RunLog
    let clock: WallClock
    let zones: ZoneDirectory
    let requester: Requester
    let pulse: Duration
    let tell: @Sendable (SchedulerEvent) -> Void
    nonisolated let nudges: AsyncStream<Nudge>
    nonisolated let nudge: AsyncStream<Nudge>.Continuation

    var work: Work
    var routines: [String: ScheduledRoutine] = [:]
    var marks: [String: ScheduleMark] = [:]
    var starts = Agenda()
    var deadlines = Agenda()
    /// Runs of this process, by routine.
    var atWork: [String: Int] = [:]
    /// Since when a start waits for the routine to end.
    var queuedSince: [String: Timestamp] = [:]
    var closed: Set<String> = []
    /// Of which it was told that they end.
    var endingCalendars: Set<String> = []
    var resuming: Set<String> = []
    /// Runs that go on because a window is open, and the environments they do so in.
    var windowRuns: [String: Set<String>] = [:]
    var record: ServiceRecord
    private var leads = false
    private var armed: Timestamp?
    private var builtAt: (wall: Timestamp, monotonic: Duration, calendars: [FileStatus?])?
    private var askedAt: Duration?
    private var beatAt: Duration?

    /// - Parameters:
    ///   - requester: who the audit trail names; its `service` is `serviceName`.
    ///   - pulse: how often `tell` is given `isWell` at least, by the loop that also makes the starts.
    package init(
        _ work: Work, log: RunLog, clock: WallClock, zones: ZoneDirectory, requester: Requester,
        pulse: Duration = standardPulse, tell: @escaping @Sendable (SchedulerEvent) -> Void
    ) {
        self.work = work
        self.log = log
        self.clock = clock
        self.zones = zones
        self.requester = requester
        self.pulse = min(pulse, Self.longestSleep)
        self.tell = tell
        (nudges, nudge) = AsyncStream.makeStream()
        let now = clock.now()
        record = ServiceRecord(
            process: requester.processID, host: requester.host, since: now,
            configuration: work.book.inventory.sourceFiles, configuredAt: now)
    }

    /// Waits until it may lead, then starts what is due until it is cancelled. What runs then ends its present change, as
    /// its runner's `drain` lets it, and stays for the next leader.
    package func run() async throws {
        let lock = try await lead()
        leads = true
        defer {
            leads = false
            withExtendedLifetime(lock) {}
        }
        record.since = clock.now()
        try await rebuild()
        tell(.leads(routines: routines.count, next: starts.next()))
        try await withThrowingDiscardingTaskGroup { group in
            for (run, reason) in try await leftBehind() { goOn(run, reason, &group) }
            nudge.yield(.again)
            for await event in nudges {
                await receive(event)
                await evaluate(&group)
                arm(&group)
                tell(.isWell)
            }
        }
        try Task.checkCancellation()
    }

    /// Another reading of the configuration, or why there is none: then the old one stays.
    package nonisolated func reload(_ work: Result<Work, ErrorReport>) {
        nudge.yield(.reload(work))
    }

    /// Tells those who ask how things stand that nothing more is started here. A process that does not lead says nothing.
    ///
    /// - Returns: what went wrong with that.
    package func saysItStops() async -> SchedulerEvent? {
        guard leads else { return nil }
        record.stopping = record.stopping ?? clock.now()
        do {
            try await log.beat(Self.serviceName, record)
            return nil
        } catch {
            return .failed(what: "noting that the scheduler stops", ErrorReport(error))
        }
    }

    private func lead() async throws -> LockFile {
        let locks = try StateLocks(stateDirectory: log.directory)
        var hasTold = false
        while true {
            if let lock = try locks.scheduler() { return lock }
            if !hasTold { tell(.waits) }
            hasTold = true
            tell(.isWell)
            try await clock.sleep(for: .seconds(1))
        }
    }

    private func receive(_ event: Nudge) async {
        switch event {
        case .tick(let instant): if armed == instant { armed = nil }
        case .again: break
        case .reload(.failure(let error)): refuse(error)
        case .reload(.success(let new)):
            let old = work
            work = new
            do {
                try await rebuild()
                // Windows may be others now.
                askedAt = nil
                record.configuration = new.book.inventory.sourceFiles
                record.configuredAt = clock.now()
                record.refused = nil
                tell(.reloaded(new.book.inventory, routines: routines.count, next: starts.next()))
            } catch {
                work = old
                refuse(ErrorReport(error))
            }
            beatAt = nil
        }
    }

    private func refuse(_ error: ErrorReport) {
        record.refused = error
        beatAt = nil
        tell(.refusedConfiguration(error))
    }

    private func evaluate(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async {
        if isOutdated {
            do { try await rebuild() } catch { tell(.failed(what: "reading the schedules", ErrorReport(error))) }
        }
        let now = clock.now()
        let monotonic = clock.monotonic()
        // Before what is due: a start that always comes at this moment would keep an approved run out for ever.
        if askedAt.map({ monotonic - $0 >= Self.askEvery }) ?? true {
            let isAsked = await goOnWithApproved(&group)
            let isSigned = await goOnWithSigned(&group)
            askedAt = await goOnInWindows(&group) && isAsked && isSigned ? monotonic : nil
        }
        for name in starts.take(dueAt: now) { await consider(name, at: now, &group) }
        for name in deadlines.take(dueAt: now) { await judgeDeadline(of: name, at: now) }
        if beatAt.map({ monotonic - $0 >= Self.longestSleep }) ?? true {
            beatAt = monotonic
            do {
                try await log.beat(Self.serviceName, record)
            } catch {
                tell(.failed(what: "noting that the scheduler is well", ErrorReport(error)))
            }
        }
    }

    /// One timer at a time, for the next instant; a later one that is on its way does no harm.
    private func arm(_ group: inout ThrowingDiscardingTaskGroup<any Error>) {
        let now = clock.now()
        let latest = now + pulse
        let next = [starts.next(), deadlines.next()].compactMap(\.self).min() ?? latest
        let instant = min(max(next, now), latest)
        if let armed, armed <= instant { return }
        armed = instant
        group.addTask { [clock, nudge] in
            do { try await clock.sleep(until: instant) } catch { return }
            nudge.yield(.tick(instant))
        }
    }

    /// Whether zones, calendars or the clock may have changed what was computed.
    private var isOutdated: Bool {
        guard let builtAt else { return true }
        let elapsed = clock.monotonic() - builtAt.monotonic
        let drift = (clock.now() - builtAt.wall) - elapsed
        return elapsed >= Self.rebuildEvery || drift >= .seconds(60) || drift <= .seconds(-60)
            || calendarFiles != builtAt.calendars
    }

    private var calendarFiles: [FileStatus?] {
        work.book.inventory.calendars.compactMap(\.source.file).map { path in
            try? Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY).status()
        }
    }

    /// Reads calendars and zones and computes every next start. Throws where the store cannot be read or written, or a
    /// schedule is no longer understood; then everything is as before.
    private func rebuild() async throws {
        let files = calendarFiles
        let scheduled = try work.book.scheduled(zones)
        let now = clock.now()
        var known = try await log.watch(scheduled)
        for (name, mark) in known where mark.decidedUntil > now + Self.plausibleLead {
            try await log.pullBack(name, to: now)
            known[name]?.decidedUntil = now
        }
        var (starts, deadlines) = (Agenda(), Agenda())
        for routine in scheduled {
            guard let mark = known[routine.name] else { continue }
            let next = routine.schedule.next(after: mark.decidedUntil)
            starts.set(routine.name, routine.schedule.closed == nil ? next : now)
            // Judged at once, since somebody may have run it by hand: that finds the next moment too.
            deadlines.set(routine.name, now)
        }
        try await judgeCalendars()
        // All of it is there: from here on nothing can fail.
        (marks, self.starts, self.deadlines) = (known, starts, deadlines)
        routines = Dictionary(scheduled.map { ($0.name, $0) }) { first, _ in first }
        builtAt = (now, clock.monotonic(), files)
    }
}
