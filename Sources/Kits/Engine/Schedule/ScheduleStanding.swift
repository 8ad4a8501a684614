import Calendar
import Maintenance
import Outside
import Settings

/// How everything that should happen by itself stands: what needs somebody, and why.
package struct ScheduleStanding: Codable, Sendable {
    package var scheduler: SchedulerState
    /// The scheduler itself first, then what a person has to say, then what went wrong.
    package var attentions: [Attention]

    /// What is known of the process that leads.
    package struct SchedulerState: Codable, Sendable {
        package var isRunning: Bool
        /// Nil where none ever ran on this state.
        package var record: ServiceRecord?
        /// When it said last that it is well.
        package var saidAt: Timestamp?
    }

    /// One thing that is skipped, late, refused, waiting, uncertain or not running.
    package struct Attention: Codable, Hashable, Sendable {
        package var kind: Kind
        /// A routine, a run's name, or `scheduler`.
        package var subject: String
        /// One clause. Hostile text.
        package var reason: String
        /// The command that resolves it, or says more.
        package var resolve: String?

        package enum Kind: String, Codable, CaseIterable, Sendable {
            case notRunning = "not running"
            case silent, refused, waiting, uncertain
            case cutOff = "cut off"
            case late, missed, skipped, closed, overdue, failed, cancelled
            /// People start it, and nobody has.
            case due
            /// Somebody keeps everything there from being changed.
            case held
            /// Whoever watches from outside could not be told.
            case unheard
            /// Items of a checklist wait for somebody's signature.
            case unsigned
            /// A list of days, or a schedule, has none that are still to come, or soon will have none.
            case ended
            case ending = "ends soon"
            /// A rule that catches nothing.
            case idle

            /// What `mainstay status` exits with for it.
            package var exitStatus: ExitStatus {
                switch self {
                case .waiting, .uncertain, .late, .due, .held, .unsigned: .waiting
                case .skipped, .cancelled, .ending, .idle: .success
                default: .failure
                }
            }
        }
    }

    package var exitStatus: ExitStatus { .combined(attentions.map(\.kind.exitStatus)) }
}

extension ScheduleStanding {
    /// Reads it from the state; nothing is written.
    package init(
        _ log: RunLog, _ inventory: Inventory, _ routines: [ScheduledRoutine], _ zones: ZoneDirectory
    ) async throws {
        scheduler = try await log.schedulerState()
        attentions = Self.judge(scheduler, at: log.clock.now())
        attentions += try await Self.holds(log)
        attentions += try await Self.openRuns(
            log, inventory, windows: try await WaitingForWindows(log, inventory, zones))
        attentions += try await Self.lostOrders(log)
        attentions += inventory.endingCalendars(zones, at: log.clock.now()).map {
            Attention(
                kind: $0.hasEnded ? .ended : .ending, subject: $0.calendar, reason: $0.reason, resolve: $0.resolve)
        }
        attentions += inventory.idleClassRules.map { rule in
            let classes = rule.classes.map(\.rawValue).joined(separator: ", ")
            return Attention(
                kind: .idle, subject: "approvals",
                reason:
                    "no command of a routine declares 'class: \(classes)', so the rule at \(rule.location) catches nothing"
            )
        }
        let open = try await log.openFindings().map(\.finding)
        for routine in routines {
            let noted = open.filter { $0.target == .estate && $0.object == routine.name }
            attentions += try await Self.judge(routine, noted, log)
        }
        attentions += try await Self.endedRuns(log, without: Set(routines.map(\.name)))
    }

    /// The same while the configuration cannot be used: that first, then what the state says by itself. What schedules,
    /// windows and calendars would say is not known, and nothing is said of it.
    package init(_ log: RunLog, without problem: ErrorReport) async throws {
        scheduler = try await log.schedulerState()
        attentions = [
            Attention(
                kind: .refused, subject: "configuration",
                reason: "nothing can be started with it: \(problem.firstProblem)", resolve: "mainstay config check")
        ]
        attentions += Self.judge(scheduler, at: log.clock.now())
        attentions += try await Self.holds(log)
        attentions += try await Self.openRuns(log, Inventory(), windows: nil)
        attentions += try await Self.endedRuns(log, without: [])
    }

    private static func judge(_ state: SchedulerState, at now: Timestamp) -> [Attention] {
        guard state.isRunning else {
            let last = state.saidAt.map { "; the last one was well at \($0)" } ?? ""
            return [
                Attention(
                    kind: .notRunning, subject: Scheduler.serviceName,
                    reason: "no scheduler runs, so that nothing starts by itself\(last)", resolve: "mainstay serve")
            ]
        }
        var found: [Attention] = []
        if let saidAt = state.saidAt, let record = state.record, now - saidAt > .seconds(120) {
            found.append(
                Attention(
                    kind: .silent, subject: Scheduler.serviceName,
                    reason: "process \(record.process) holds the lock and has said nothing for \((now - saidAt).short)",
                    resolve: "kill -CONT \(record.process)"))
        }
        if let stopping = state.record?.stopping, let record = state.record {
            found.append(
                Attention(
                    kind: .notRunning, subject: Scheduler.serviceName,
                    reason: "process \(record.process) is being stopped since \(stopping): it starts nothing more, and "
                        + "what it changes has until \(stopping + Drain.grace)",
                    resolve: "mainstay serve"))
        }
        if let refused = state.record?.refused {
            found.append(
                Attention(
                    kind: .refused, subject: "configuration", reason: "the old one is used: \(refused.firstProblem)",
                    resolve: "mainstay config check"))
        }
        return found
    }

    private static func holds(_ log: RunLog) async throws -> [Attention] {
        let now = log.clock.now()
        return try await log.holds().filter { !$0.isOver(at: now) }.map { hold in
            let end = hold.until.map { " until \($0)" } ?? ""
            return Attention(
                kind: .held, subject: hold.what,
                reason: "\(hold.by.name) holds it\(end): \(hold.reason)", resolve: hold.releaseCommand)
        }
    }

    /// What was asked for over the network and came to nothing because the server was stopped.
    private static func lostOrders(_ log: RunLog) async throws -> [Attention] {
        try await log.endedOrders().compactMap { kept in
            guard let error = kept.error, OrderError.isOfRestart(error) else { return nil }
            return Attention(
                kind: .cancelled, subject: kept.order.name,
                reason: "run \(kept.order.id), asked for by \(kept.order.requester.name), never began: \(error.problem)"
            )
        }
    }

    private static func judge(
        _ routine: ScheduledRoutine, _ noted: [Finding], _ log: RunLog
    ) async throws -> [Attention] {
        let now = log.clock.now()
        let name = routine.name
        var found: [Attention] = []
        func add(_ kind: Attention.Kind, _ reason: String, _ resolve: String?) {
            found.append(Attention(kind: kind, subject: name, reason: reason, resolve: resolve))
        }
        let byHand = "mainstay run \(name) --all-environments"
        if let closed = routine.schedule.closed {
            add(
                .closed, "the calendar '\(closed.calendar)' cannot be read: \(closed.problem)",
                "mainstay calendar explain \(name)")
        } else if let mark = try await log.mark(name) {
            let isAtWork = try await log.isAtWork(name)
            switch DueStarts(
                routine.schedule, decidedUntil: mark.decidedUntil, now: now, lateWithin: routine.timing.lateWithin)
            {
            case .start(let due) where now - due > .seconds(60) && !isAtWork:
                add(.late, "due \(due), \((now - due).short) ago, and not started yet", byHand)
            case .missed(let first) where !isAtWork:
                add(.missed, "due \(first), and nothing started it in time", byHand)
            default: break
            }
            let last = try await log.lastSuccess(ofRoutine: name)
            if let overdue = routine.overdue(lastSuccess: last, since: mark.since, now: now) {
                add(.overdue, overdue.summary, isAtWork ? "mainstay runs" : byHand)
            }
        }
        if routine.schedule.closed == nil, routine.schedule.next(after: now) == nil {
            add(
                .ended,
                "no start of '\(routine.schedule.expression.text)' is still to come: nothing starts it any more",
                "mainstay calendar explain \(name)")
        }
        let kinds: [ScheduleFinding: Attention.Kind] = [
            .missed: .missed, .overlapped: .skipped, .refused: .refused, .unheard: .unheard,
            .due: .due,
        ]
        for finding in noted {
            guard let code = ScheduleFinding(rawValue: finding.code), let kind = kinds[code],
                !found.contains(where: { $0.kind == kind })
            else { continue }
            add(kind, finding.summary, finding.mend)
        }
        if let run = try await log.latest(ofRoutine: name) {
            found += try await [ended(run, log), skipped(run, log)].compactMap(\.self)
        }
        return found
    }
}

extension RunLog {
    /// Whether somebody leads now, and what they said last.
    package func schedulerState() async throws -> ScheduleStanding.SchedulerState {
        // Having got the lock, which is given back at once, is the answer.
        let isRunning = try StateLocks(stateDirectory: directory).scheduler() == nil
        let service = try await service(Scheduler.serviceName)
        return ScheduleStanding.SchedulerState(isRunning: isRunning, record: service?.record, saidAt: service?.at)
    }
}

extension ErrorReport {
    /// Its problem on one line: where there are several, how many and the first.
    package var firstProblem: String {
        let lines = problem.split(whereSeparator: \.isNewline)
        guard let first = lines.first else { return problem }
        // Several stand below a line that counts them, each indented by two.
        guard lines.count > 1, lines[1].hasPrefix("  "), !lines[1].hasPrefix("    ") else { return String(first) }
        return "\(first); the first: \(lines[1].dropFirst(2))"
    }
}
