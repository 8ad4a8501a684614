import Maintenance
import Outside
import Store

extension RunLog {
    /// Ends older runs of the same steps that wait for a window as this one does: where a routine starts every night and
    /// its window opens once a week, one run is gone on with and not seven.
    ///
    /// Only those of which no change had begun, for which nobody has approved anything, and which nobody carries out. What
    /// they were left out of counts on, since it is kept by change and not by run.
    func supersede(olderThan run: RunRecord, _ steps: [StepRecord]) async throws {
        let now = clock.now()
        let error = StoredJSON(ErrorReport(WindowError.superseded(by: run.id)))
        let meant = steps.map(Meaning.init)
        guard Self.waitsForWindow(steps) else { return }
        try await store.write { writer in
            let rows = try writer.reader.rows(
                WindowStatement.olderWaiting, ["name": run.name, "id": run.id, "started_at": run.startedAt])
            for older in try rows.map(RunRecord.init) where older.isRoutine == run.isRoutine {
                let own = try writer.reader.rows(RunStatement.steps, ["run_id": older.id]).map(StepRecord.init)
                guard own.map(Meaning.init) == meant, Self.waitsForWindow(own),
                    try own.allSatisfy({ try $0.state.isSettled || Self.isUntouched($0, writer.reader) })
                else { continue }
                try writer.run(
                    WindowStatement.skipWaiting, ["run_id": older.id, "at": now, "error": error])
                let draft = AuditDraft(
                    kind: .ended, runID: older.id, subject: older.name,
                    detail: ["state": .text(RunState.cancelled.rawValue), "superseded by": .text(run.id)])
                try note(draft, at: now, in: writer)
                try writer.run(
                    ApprovalStatement.endWaitingRun, ["id": older.id, "state": RunState.cancelled, "at": now])
            }
        }
    }

    /// What a step does, where.
    private struct Meaning: Hashable {
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

    /// Something waits, and nothing for anything but a window or another step that does.
    private static func waitsForWindow(_ steps: [StepRecord]) -> Bool {
        let waiting = steps.filter { !$0.state.isSettled }
        return waiting.contains { $0.error?.code == "window.closed" }
            && waiting.allSatisfy { $0.state == .waiting && ["window.closed", "step.waits"].contains($0.error?.code) }
    }

    private static func isUntouched(_ step: StepRecord, _ reader: StoreReader) throws -> Bool {
        let changes = try reader.rows(RunStatement.changesOfStep, ["run_id": step.runID, "step": step.number])
        let ballot = try ballot(of: Ballot.Use(runID: step.runID, step: step.number), reader)
        return changes.isEmpty && ballot.map { $0.request.isOnlyForEmergency && $0.approvals.isEmpty } ?? true
    }
}
