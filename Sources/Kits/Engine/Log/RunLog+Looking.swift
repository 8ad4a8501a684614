import Maintenance
import Store

extension RunLog {
    /// The last step of a task in an environment that has come to its end, whatever resource it was about, dry runs left
    /// out; nil where there was none.
    package func lastStep(of task: String, in environment: String) async throws -> StepRecord? {
        try await store.read {
            try $0.first(LookStatement.lastStep, ["task": task, "environment": environment]).map(StepRecord.init)
        }
    }

    /// The last change of these kinds that was proved at a target; nil where none ever was.
    package func lastProved(_ kinds: (String, String), of task: String, at target: Target) async throws
        -> ChangeRecord?
    {
        try await store.read {
            try $0.first(
                LookStatement.lastProved,
                [
                    "one": kinds.0, "other": kinds.1, "task": task, "environment": target.environment,
                    "resource": target.resource,
                ]
            ).map(ChangeRecord.init)
        }
    }

    /// A page of runs, latest first.
    ///
    /// - Parameter before: the id of the last run of the page before; nil for the first page.
    package func runs(before id: String?, most: Int) async throws -> [RunRecord] {
        try await store.read { reader in
            guard let id, let last = try reader.first(RunStatement.run, ["id": id]).map(RunRecord.init) else {
                return try reader.rows(RunStatement.recentRuns, ["most": most]).map(RunRecord.init)
            }
            return try reader.rows(
                LookStatement.runsBefore, ["started_at": last.startedAt, "id": last.id, "most": most]
            ).map(RunRecord.init)
        }
    }

    /// Those that started before an instant, latest first.
    package func runs(startedBefore instant: Timestamp, most: Int) async throws -> [RunRecord] {
        try await store.read { reader in
            try reader.rows(LookStatement.runsBefore, ["started_at": instant, "id": "", "most": most])
                .map(RunRecord.init)
        }
    }
}

/// What is said to the store for those who only look.
enum LookStatement: String, StatementSet {
    case lastStep = """
        select step.* from step join run on run.id = step.run_id
        where step.task = :task and step.environment = :environment and step.ended_at is not null
            and run.is_dry_run = 0
        order by step.started_at desc limit 1
        """
    case lastProved = """
        select change.* from change
        join step on step.run_id = change.run_id and step.number = change.step
        where step.task = :task and step.environment = :environment and step.resource = :resource
            and change.kind in (:one, :other) and change.state = 'proved'
        order by change.started_at desc limit 1
        """
    case runsBefore = """
        select * from run where started_at < :started_at or (started_at = :started_at and id < :id)
        order by started_at desc, id desc limit :most
        """
}
