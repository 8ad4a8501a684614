import Maintenance
import Store

extension RunLog {
    /// Where the state is kept, for files that belong to it.
    package var directory: String { store.directory }

    /// For whoever shows what is written and wants to know when that is another.
    package func version() throws -> StoreVersion { try StoreVersion(of: store) }

    /// Every run that was active at or after `since`, or has not ended yet, with all that belongs to it; oldest first,
    /// as one moment of the store.
    package func runs(since: Timestamp) async throws -> [RunSummary] {
        try await store.read { reader in
            try reader.rows(RunStatement.runsSince, ["since": since]).map { row in
                let run = try RunRecord(row)
                return RunSummary(
                    run: run,
                    steps: try reader.rows(RunStatement.steps, ["run_id": run.id]).map(StepRecord.init),
                    changes: try reader.rows(RunStatement.changesOfRun, ["run_id": run.id]).map(ChangeRecord.init))
            }
        }
    }
}

extension RunLog {
    /// Those of these runs that have not ended although no living process carries them out any more, and that do not
    /// wait for anybody.
    package func abandoned(_ runs: [RunRecord]) throws -> Set<String> {
        let locks = try StateLocks(stateDirectory: directory)
        // The lock is given back at once: having got it is the answer.
        return Set(
            try runs.filter { $0.endedAt == nil && $0.state != .waiting }.map(\.id).filter { try locks.run($0) != nil })
    }
}
