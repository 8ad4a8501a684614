import Maintenance
import Outside
import Store

/// Runs, steps, changes and the journal in the store: every state a run goes through is written here first.
package struct RunLog: Sendable {
    let store: Store
    let clock: WallClock
    let observer: JournalObserver
    /// Who the audit trail names for what is written through this value.
    let actor: Requester
    /// The same as the trail stores it, in every entry.
    let actorText: String
    /// Rung after findings were written.
    package let wake: AlertWake

    package init(
        store: Store, clock: WallClock, actor: Requester, observer: JournalObserver = .none,
        wake: AlertWake = AlertWake()
    ) {
        self.wake = wake
        self.store = store
        self.clock = clock
        self.actor = actor
        actorText = StoredJSON(actor).text
        self.observer = observer
    }

    /// The same log, for somebody else.
    package func acting(for actor: Requester) -> RunLog {
        RunLog(store: store, clock: clock, actor: actor, observer: observer, wake: wake)
    }

    /// Another number whenever anybody has written something since: see `Store.version`.
    package func version() async throws -> Int64 { try await store.version() }

    /// A new run with its steps, all `pending`.
    ///
    /// - Parameters:
    ///   - audit: what the audit trail says about it; nil for a run that can change nothing.
    ///   - start: claimed together with it; where somebody else has it, nothing is written and
    ///     `EngineError.startTaken` is thrown.
    package func begin(
        _ run: RunRecord, steps: [StepRecord], audit: RunAudit? = nil, start: ScheduledStart? = nil
    ) async throws {
        try await store.write { writer in
            if let start { try claim(start, for: run, in: writer) }
            if let audit { try note(audit, .asked, run, in: writer) }
            try writer.run(
                RunStatement.insertRun,
                [
                    "id": run.id, "name": run.name, "is_routine": run.isRoutine, "is_dry_run": run.isDryRun,
                    "environments": StoredJSON(run.environments), "state": run.state,
                    "requester": StoredJSON(run.requester), "started_at": run.startedAt,
                ])
            for step in steps {
                try writer.run(
                    RunStatement.insertStep,
                    [
                        "run_id": run.id, "number": step.number, "task": step.task,
                        "arguments": StoredJSON(step.arguments), "environment": step.target.environment,
                        "resource": step.target.resource, "terms": step.terms.map(StoredJSON.init),
                        "state": step.state,
                    ])
            }
        }
    }

    /// Somebody else goes on with a run.
    func resume(_ run: RunRecord, audit: RunAudit?) async throws {
        try await store.write { writer in
            if let audit { try note(audit, .resumed, run, in: writer) }
            try writer.run(
                RunStatement.setRunState,
                ["id": run.id, "state": RunState.running, "ended_at": Timestamp?.none])
        }
    }

    package func end(_ run: RunRecord, _ state: RunState, audit: RunAudit? = nil) async throws {
        let now = clock.now()
        try await store.write { writer in
            if audit != nil {
                let draft = AuditDraft(
                    kind: .ended, runID: run.id, subject: run.name, detail: ["state": .text(state.rawValue)])
                try note(draft, at: now, in: writer)
            }
            try writer.run(
                RunStatement.setRunState,
                ["id": run.id, "state": state, "ended_at": state.isEnded ? now : Timestamp?.none])
        }
    }

    func start(_ step: StepRecord) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(RunStatement.startStep, ["run_id": step.runID, "number": step.number, "at": now])
        }
    }

    /// The survey's yield, before any change starts.
    func observed(_ step: StepRecord, _ observation: Observation) async throws {
        let now = clock.now()
        var kept = observation
        kept.changes = []
        kept.measurements = []
        let stored = StoredJSON(kept)
        try await store.write { writer in
            try writer.run(
                RunStatement.observeStep,
                ["run_id": step.runID, "number": step.number, "observation": stored])
            try record(observation, of: step, at: now, in: writer)
        }
        wake.ring()
    }

    /// The plan, its changes `planned` and what policy kept back `refused`, as they are returned.
    ///
    /// - Parameters:
    ///   - approval: what it starts on; where that does not allow it any more, nothing is written.
    ///   - notice: what people are to be told about its start; an entry of the audit trail.
    func planned(
        _ step: StepRecord, _ plan: Plan, approval: ApprovalUse?, notice: String? = nil
    ) async throws -> [ChangeRecord] {
        let entries =
            plan.changes.map { ($0, ChangeState.planned, ErrorReport?.none) }
            + plan.refusals.map { ($0.change, ChangeState.refused, $0.reason) }
        let now = clock.now()
        // Written out before the transaction, which holds up every other writer.
        var statements: [FilledStatement] = []
        let records = try entries.enumerated().map { index, entry in
            let content = StoredJSON(entry.0).text
            statements.append(
                try FilledStatement(
                    RunStatement.insertChange,
                    [
                        "run_id": step.runID, "step": step.number, "number": index + 1, "kind": entry.0.kind,
                        "object": entry.0.object, "content": content, "state": entry.1,
                        "error": entry.2.map(StoredJSON.init),
                    ]))
            return ChangeRecord(
                runID: step.runID, step: step.number, number: index + 1, change: entry.0, state: entry.1,
                error: entry.2, contentDigest: Change.contentDigest(content))
        }
        let filled = statements
        let planned = try FilledStatement(
            RunStatement.planStep,
            ["run_id": step.runID, "number": step.number, "plan": StoredJSON(plan), "digest": plan.digest])
        if approval != nil { await observer.noted(.used, .beforeWrite) }
        try await store.write { writer in
            if let approval { try use(approval.id, for: approval.wanted, step, in: writer) }
            if let notice {
                try note(
                    AuditDraft(
                        kind: .noticed, target: step.target, runID: step.runID, step: step.number, subject: step.task,
                        detail: ["plan": .text(plan.digest), "notice": .text(notice)]),
                    at: now, in: writer)
            }
            try writer.run(planned)
            for statement in filled { try writer.run(statement) }
        }
        if approval != nil { await observer.noted(.used, .afterWrite) }
        return records
    }

    func end(_ step: StepRecord, _ state: StepState, error: ErrorReport?) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                RunStatement.endStep,
                [
                    "run_id": step.runID, "number": step.number, "state": state,
                    "at": state.isEnded ? now : Timestamp?.none, "error": error.map(StoredJSON.init),
                ])
        }
    }
}

/// Told of every move of the journal, and of every step towards an approval, right before and right after it is durable.
/// The program gives none; the tests that kill the process at each of these points give one.
package struct JournalObserver: Sendable {
    package enum Moment: String, CaseIterable, Sendable { case beforeWrite, afterWrite }

    package var reached: @Sendable (ChangeRecord, ChangeState, Moment) async -> Void
    package var noted: @Sendable (AuditKind, Moment) async -> Void

    package init(
        noted: @escaping @Sendable (AuditKind, Moment) async -> Void = { _, _ in },
        reached: @escaping @Sendable (ChangeRecord, ChangeState, Moment) async -> Void
    ) {
        self.noted = noted
        self.reached = reached
    }

    package static let none = JournalObserver { _, _, _ in }
}
