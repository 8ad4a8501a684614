import Maintenance
import Outside
import Store

/// How far a schedule was decided about.
package struct ScheduleMark: Hashable, Sendable {
    /// When it was first seen as it is now.
    package var since: Timestamp
    /// Starts up to here were made or given up.
    package var decidedUntil: Timestamp
}

/// What became of one start by schedule.
package struct StartRecord: Codable, Hashable, Sendable {
    package var start: ScheduledStart
    package var outcome: Outcome
    package var decidedAt: Timestamp
    package var runID: String?
    /// Why it was not made; one clause.
    package var reason: String?

    package enum Outcome: String, Codable, CaseIterable, Sendable, StoreConvertible {
        case started
        /// Nothing could start it in time.
        case missed
        /// The routine was still at work.
        case overlapped
        /// It finds nothing to work on, or no longer means what it meant.
        case refused
        /// People start it, and were told.
        case leftToPeople
    }
}

extension RunLog {
    /// How far each of these schedules was decided about; one that is new, or written otherwise, begins now.
    func watch(_ routines: [ScheduledRoutine]) async throws -> [String: ScheduleMark] {
        let now = clock.now()
        let texts = Dictionary(routines.map { ($0.name, $0.text) }) { first, _ in first }
        return try await store.write { writer in
            var marks: [String: ScheduleMark] = [:]
            for row in try writer.reader.rows(ScheduleStatement.schedules) {
                let name: String = try row.get("routine")
                if try row.get("expression") == texts[name] { marks[name] = try ScheduleMark(row) }
            }
            for routine in routines where marks[routine.name] == nil {
                try writer.run(
                    ScheduleStatement.watch, ["routine": routine.name, "expression": routine.text, "now": now])
                marks[routine.name] = ScheduleMark(since: now, decidedUntil: now)
            }
            return marks
        }
    }

    /// How far a schedule was decided about, by whomever; nil where nobody ever watched it.
    package func mark(_ routine: String) async throws -> ScheduleMark? {
        try await store.read { try $0.first(ScheduleStatement.schedule, ["routine": routine]).map(ScheduleMark.init) }
    }

    /// After the clock was set back further than any change of the hour: what was decided about the time that comes
    /// again counts no more. A start that was made is still not made a second time.
    func pullBack(_ routine: String, to now: Timestamp) async throws {
        try await store.write { try $0.run(ScheduleStatement.pullBack, ["routine": routine, "until": now]) }
    }

    /// In the transaction that records the run: nobody else starts it, and it is not lost.
    func claim(_ start: ScheduledStart, for run: RunRecord, in writer: StoreWriter) throws {
        try decide(start, until: start.due, .started, runID: run.id, at: run.startedAt, in: writer)
        for code in ScheduleFinding.endedByStart {
            try writer.run(
                FindingStatement.resolveFinding,
                ["fingerprint": code.fingerprint(of: start.routine), "at": run.startedAt])
        }
    }

    /// Gives a start up.
    ///
    /// - Parameter until: all starts up to here are given up with it.
    func giveUp(
        _ start: ScheduledStart, until: Timestamp, _ outcome: StartRecord.Outcome, finding: Finding
    ) async throws {
        let now = clock.now()
        try await store.write { writer in
            try decide(start, until: until, outcome, reason: finding.summary, at: now, in: writer)
            try open(finding, at: now, in: writer)
        }
        wake.ring()
    }

    private func decide(
        _ start: ScheduledStart, until: Timestamp, _ outcome: StartRecord.Outcome, runID: String? = nil,
        reason: String? = nil, at now: Timestamp, in writer: StoreWriter
    ) throws {
        let claimed = try writer.run(ScheduleStatement.advance, ["routine": start.routine, "until": until])
        let inserted =
            claimed == 1
            ? try writer.run(
                ScheduleStatement.insertStart,
                [
                    "routine": start.routine, "due_at": start.due, "outcome": outcome, "decided_at": now,
                    "run_id": runID, "reason": reason,
                ]) : 0
        guard inserted == 1 else { throw EngineError.startTaken(routine: start.routine, due: start.due) }
        try writer.run(
            ScheduleStatement.forgetStarts, ["routine": start.routine, "before": now - .seconds(400 * 86_400)])
    }

    /// A start that somebody made before, seen again after the clock was set back: it counts as decided.
    func skipTaken(_ start: ScheduledStart) async throws {
        try await store.write { writer in
            let isKnown = try writer.reader.rows(
                ScheduleStatement.starts, ["routine": start.routine, "most": 1_000]
            ).contains { try $0.get("due_at") == start.due }
            guard isKnown else { return }
            try writer.run(ScheduleStatement.advance, ["routine": start.routine, "until": start.due])
        }
    }

    /// Notes a finding that no run found.
    func open(_ finding: Finding) async throws {
        let now = clock.now()
        try await store.write { try open(finding, at: now, in: $0) }
        wake.ring()
    }

    func resolve(_ code: ScheduleFinding, of routine: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                FindingStatement.resolveFinding, ["fingerprint": code.fingerprint(of: routine), "at": now])
        }
    }

    func open(_ finding: Finding, at now: Timestamp, in writer: StoreWriter) throws {
        try put(finding, task: Scheduler.serviceName, runID: "", at: now, in: writer)
    }

    /// What became of a routine's starts, latest first.
    package func starts(of routine: String, most: Int) async throws -> [StartRecord] {
        try await store.read { reader in
            try reader.rows(ScheduleStatement.starts, ["routine": routine, "most": most]).map(StartRecord.init)
        }
    }

    /// Whether a living process carries the routine out.
    func isAtWork(_ routine: String) async throws -> Bool {
        let since = clock.now() - .seconds(30 * 86_400)
        let runs = try await store.read { reader in
            try reader.rows(ScheduleStatement.running, ["name": routine, "since": since]).map(RunRecord.init)
        }
        return try abandoned(runs).count < runs.count
    }

    /// Runs that have not ended, oldest first.
    package func openRuns() async throws -> [RunRecord] {
        try await store.read { try $0.rows(ScheduleStatement.open).map(RunRecord.init) }
    }

    /// The newest run of a routine that was no dry run.
    package func latest(ofRoutine name: String) async throws -> RunRecord? {
        try await store.read { try $0.first(ScheduleStatement.latestOfRoutine, ["name": name]).map(RunRecord.init) }
    }

    /// Whether a run that ended has steps that going on would carry out.
    func hasMoreToDo(_ run: RunRecord) async throws -> Bool {
        try await outlines(of: run.id).contains { !$0.state.isSettled }
    }

    /// When the routine's last run that succeeded had started.
    package func lastSuccess(ofRoutine name: String) async throws -> Timestamp? {
        try await store.read { try $0.first(ScheduleStatement.lastSuccess, ["name": name])?.get("started_at") }
    }
}

extension ScheduleMark {
    init(_ row: StoreRow) throws {
        self.init(since: try row.get("since"), decidedUntil: try row.get("decided_until"))
    }
}

extension StartRecord {
    init(_ row: StoreRow) throws {
        self.init(
            start: ScheduledStart(routine: try row.get("routine"), due: try row.get("due_at")),
            outcome: try row.get("outcome"), decidedAt: try row.get("decided_at"), runID: try row.get("run_id"),
            reason: try row.get("reason"))
    }
}
