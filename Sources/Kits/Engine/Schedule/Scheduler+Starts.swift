import Calendar
import Maintenance
import Outside
import Settings

extension Scheduler {
    /// How often is looked whether somebody has run by hand what is due.
    private static let askPeopleEvery: Duration = .seconds(600)

    /// Decides about one routine that is due, or that waits for its calendar or its own end.
    func consider(_ name: String, at now: Timestamp, _ group: inout ThrowingDiscardingTaskGroup<any Error>) async {
        guard let routine = routines[name], let mark = marks[name] else { return }
        do {
            // What blocks it is read at the last moment: a calendar may be new or gone since the start was computed.
            let schedule = try routine.schedule.refreshed(in: work.book.inventory.scheduleContext(zones))
            if let reason = schedule.closed {
                return try await close(name, "the calendar '\(reason.calendar)' cannot be read: \(reason.problem)", now)
            }
            if closed.remove(name) != nil { try await log.resolve(.closed, of: name) }
            let waited = queuedSince[name].map { now - $0 } ?? .zero
            let lateWithin = routine.timing.lateWithin + waited
            switch DueStarts(schedule, decidedUntil: mark.decidedUntil, now: now, lateWithin: lateWithin) {
            case .none(let next): starts.set(name, next)
            // Before what is missed: nobody expects it to start.
            case .missed(let due) where routine.mode == .manual, .start(let due) where routine.mode == .manual:
                let until = max(due, now - lateWithin - .microseconds(1))
                try await giveUp(
                    ScheduledStart(routine: name, due: due), until: until, .leftToPeople,
                    ScheduleFinding.due.finding(
                        name, "'\(name)' is due since \(due), and people start it",
                        evidence: ["due": .text(due.iso8601)],
                        mend: "mainstay run \(name) --all-environments"))
                starts.set(name, schedule.next(after: until))
                deadlines.set(name, now + Self.askPeopleEvery)
            case .missed(let first):
                try await giveUp(
                    ScheduledStart(routine: name, due: first), until: now - lateWithin - .microseconds(1), .missed,
                    ScheduleFinding.missed.finding(
                        name,
                        "'\(name)' was due \(first) and nothing started it within \(routine.timing.lateWithin.short)",
                        evidence: ["due": .text(first.iso8601)], mend: "mainstay run \(name) --all-environments"))
                starts.set(name, schedule.next(after: marks[name]?.decidedUntil ?? now))
            case .start(let due):
                let start = ScheduledStart(routine: name, due: due)
                let isAtWork = try await log.isAtWork(name)
                guard atWork[name, default: 0] > 0 || isAtWork else {
                    queuedSince[name] = nil
                    marks[name]?.decidedUntil = due
                    starts.set(name, schedule.next(after: due))
                    atWork[name, default: 0] += 1
                    group.addTask { await self.carryOut(start) }
                    return
                }
                try await wait(start, routine.timing.overlap, at: now)
                if routine.timing.overlap == .skip { starts.set(name, schedule.next(after: due)) }
            }
        } catch {
            tell(.failed(what: "starting '\(name)'", ErrorReport(error)))
            await settle(name)
            starts.set(name, now + Self.longestSleep)
        }
    }

    private func close(_ name: String, _ reason: String, _ now: Timestamp) async throws {
        starts.set(name, now + Self.longestSleep)
        guard !closed.contains(name) else { return }
        let finding = ScheduleFinding.closed.finding(
            name, "'\(name)' does not start: \(reason)", mend: "mainstay calendar explain \(name)")
        try await log.open(finding)
        closed.insert(name)
        tell(.found(finding))
    }

    private func wait(_ start: ScheduledStart, _ overlap: RoutineTiming.Overlap, at now: Timestamp) async throws {
        switch overlap {
        case .queue:
            queuedSince[start.routine] = queuedSince[start.routine] ?? now
            starts.set(start.routine, now + Self.longestSleep)
        case .skip:
            let finding = ScheduleFinding.overlapped.finding(
                start.routine, "the start of '\(start.routine)' at \(start.due) was left out: it was still at work",
                evidence: ["due": .text(start.due.iso8601)], mend: "mainstay runs")
            try await giveUp(start, until: start.due, .overlapped, finding)
        }
    }

    private func giveUp(
        _ start: ScheduledStart, until: Timestamp, _ outcome: StartRecord.Outcome, _ finding: Finding
    ) async throws {
        try await log.giveUp(start, until: until, outcome, finding: finding)
        marks[start.routine]?.decidedUntil = until
        tell(.found(finding))
    }

    /// One start from its claim to its end. The claim and the run's record are one transaction.
    private func carryOut(_ start: ScheduledStart) async {
        let name = start.routine
        do {
            let environments = work.book.inventory.environments.map(\.name)
            if var request = try work.book.request(
                name, in: environments, by: requester, at: clock.now())
            {
                request.start = start
                tell(.starts(start, late: clock.now() - start.due))
                await ended(try await work.runner.run(request))
            } else {
                try await giveUp(
                    start, until: start.due, .refused,
                    ScheduleFinding.refused.finding(
                        name, "the start of '\(name)' at \(start.due) found nothing to work on",
                        mend: "mainstay config show"))
            }
        } catch is CancellationError {
            // Not claimed, or claimed and written down: either way the next leader sees it.
        } catch {
            tell(.failed(what: "starting '\(name)'", ErrorReport(error)))
            await settle(name, start)
        }
        atWork[name, default: 1] -= 1
        if queuedSince[name] != nil { starts.set(name, clock.now()) }
        nudge.yield(.again)
    }

    /// After a failure: what the store says counts, and a start that nobody claimed is tried again.
    private func settle(_ name: String, _ start: ScheduledStart? = nil) async {
        do {
            if let start { try await log.skipTaken(start) }
            guard let mark = try await log.mark(name) else { return }
            marks[name] = mark
        } catch {
            // The store cannot be read either: then the start counts as not made, and its claim decides.
            if let start { marks[name]?.decidedUntil = start.due - .seconds(1) }
            tell(.failed(what: "reading what became of '\(name)'", ErrorReport(error)))
        }
        starts.set(name, clock.now() + Self.longestSleep)
    }

    /// What a run's end means to its routine's deadline.
    func ended(_ summary: RunSummary) async {
        if summary.run.isRoutine, summary.run.state == .succeeded {
            await judgeDeadline(of: summary.run.name, at: clock.now())
        }
        tell(.ended(summary))
    }

    /// The dead man's question: has it succeeded since it should have?
    func judgeDeadline(of name: String, at now: Timestamp) async {
        guard let routine = routines[name], let mark = marks[name] else { return }
        do {
            let last = try await log.lastSuccess(ofRoutine: name)
            if let last, last >= mark.decidedUntil {
                for finding in [.due] + (routine.mode == .manual ? ScheduleFinding.endedByStart : []) {
                    try await log.resolve(finding, of: name)
                }
            }
            if let finding = routine.overdue(lastSuccess: last, since: mark.since, now: now) {
                try await log.open(finding)
                tell(.found(finding))
                deadlines.set(name, now + Self.askPeopleEvery)
            } else {
                try await log.resolve(.overdue, of: name)
                let deadline = routine.deadline(lastSuccess: last, since: mark.since).map { $0.at + .seconds(1) }
                let isDue = routine.mode == .manual && (last ?? mark.since) < mark.decidedUntil
                deadlines.set(name, [deadline, isDue ? now + Self.askPeopleEvery : nil].compactMap(\.self).min())
            }
        } catch {
            tell(.failed(what: "judging whether '\(name)' succeeded in time", ErrorReport(error)))
            deadlines.set(name, now + Self.longestSleep)
        }
    }
}
