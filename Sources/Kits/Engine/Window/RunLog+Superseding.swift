import Maintenance
import Outside
import Store

/// What a step does, where: runs whose steps mean the same are the same work.
struct StepMeaning: Hashable {
    var task: String
    var arguments: [String]
    var target: Target
    var terms: StepTerms?

    init(_ step: StepRecord) {
        task = step.task
        arguments = step.arguments
        target = step.target
        terms = step.terms
    }
}

extension RunLog {
    /// Ends older runs of the same steps that wait for a window as this one does: where a routine starts every night and
    /// its window opens once a week, one run is gone on with and not seven.
    ///
    /// Only those of which no change had begun, for which nobody has approved anything, and which nobody carries out. What
    /// they were left out of counts on, since it is kept by change and not by run.
    func supersede(olderThan run: RunRecord, _ steps: [StepRecord]) async throws {
        let now = clock.now()
        let meant = steps.map(StepMeaning.init)
        guard Self.waitsForWindow(steps) else { return }
        try await store.write { writer in
            let rows = try writer.reader.rows(
                WindowStatement.olderWaiting, ["name": run.name, "id": run.id, "started_at": run.startedAt])
            for older in try rows.map(RunRecord.init) where older.isRoutine == run.isRoutine {
                let own = try writer.reader.rows(RunStatement.steps, ["run_id": older.id]).map(StepRecord.init)
                guard own.map(StepMeaning.init) == meant, Self.waitsForWindow(own),
                    try own.allSatisfy({ try $0.state.isSettled || Self.isUntouched($0, writer.reader) }),
                    try !Self.isInMiddle(own, writer.reader)
                else { continue }
                let error = ErrorReport(WindowError.superseded(by: run.id))
                try leave(older, error, ["superseded by": .text(run.id)], at: now, in: writer)
            }
        }
    }

    /// Ends a run that waits, because another one does the same: what waits in it is skipped.
    func leave(
        _ run: RunRecord, _ error: ErrorReport, _ detail: Facts, at now: Timestamp, in writer: StoreWriter
    ) throws {
        try writer.run(WindowStatement.skipWaiting, ["run_id": run.id, "at": now, "error": StoredJSON(error)])
        let state = RunState.cancelled
        let draft = AuditDraft(
            kind: .ended, runID: run.id, subject: run.name,
            detail: detail.merging(["state": .text(state.rawValue)]) { $1 })
        try note(draft, at: now, in: writer)
        try writer.run(ApprovalStatement.endWaitingRun, ["id": run.id, "state": state, "at": now])
    }

    /// Something waits, and nothing for anything but a window or another step that does.
    private static func waitsForWindow(_ steps: [StepRecord]) -> Bool {
        let waiting = steps.filter { !$0.state.isSettled }
        return waiting.contains { $0.error?.code == "window.closed" }
            && waiting.allSatisfy { $0.state == .waiting && ["window.closed", "step.waits"].contains($0.error?.code) }
    }

    /// Whether a step that has ended was approved for this run, or made changes that a waiting step builds on: to begin
    /// anew then would leave what is begun for ever where it stands.
    static func isInMiddle(_ steps: [StepRecord], _ reader: StoreReader) throws -> Bool {
        let waiting = steps.filter { !$0.state.isSettled }
        let needed = Set(
            waiting.flatMap { $0.terms?.needs ?? [] } + waiting.flatMap { ($0.terms?.results ?? [:]).keys })
        return try steps.filter(\.state.isSettled).contains { step in
            let ballot = try ballot(of: Ballot.Use(runID: step.runID, step: step.number), reader)
            if let ballot, !ballot.approvals.isEmpty { return true }
            return try !needed.isDisjoint(with: step.terms?.names ?? []) && hasBegun(step, reader)
        }
    }

    private static func isUntouched(_ step: StepRecord, _ reader: StoreReader) throws -> Bool {
        let ballot = try ballot(of: Ballot.Use(runID: step.runID, step: step.number), reader)
        return try !hasBegun(step, reader)
            && ballot.map { $0.request.isOnlyForEmergency && $0.approvals.isEmpty } ?? true
    }

    /// Whether its plan was taken for good, so that some of its changes may have been made.
    static func hasBegun(_ step: StepRecord, _ reader: StoreReader) throws -> Bool {
        try !reader.rows(RunStatement.changesOfStep, ["run_id": step.runID, "step": step.number]).isEmpty
    }
}
