import Maintenance
import Outside
import Store

/// What windows say to the store. One row of `handed_on` for each change that was left out of a window and has not been
/// made since.
enum WindowStatement: String, StatementSet {
    case handedOn = """
        select change, times from handed_on
        where environment = :environment and resource = :resource and task = :task
        """
    /// A window counts once, whoever says it and how often.
    case handOn = """
        insert into handed_on (environment, resource, task, change, times, window_start, noted_at)
        values (:environment, :resource, :task, :change, 1, :window_start, :noted_at)
        on conflict (environment, resource, task, change) do update set times = handed_on.times + 1,
            window_start = excluded.window_start, noted_at = excluded.noted_at
        where handed_on.window_start < excluded.window_start
        """
    case made = """
        delete from handed_on
        where environment = :environment and resource = :resource and task = :task and change = :change
        """
    case forget = "delete from handed_on where noted_at < :before"
    case waiting = """
        select step.* from run join step on step.run_id = run.id
        where run.ended_at is null and run.is_dry_run = 0 and step.state = 'waiting' and step.plan is not null
        order by run.started_at, step.run_id, step.number
        """
    case olderWaiting = """
        select * from run
        where ended_at is null and state = 'waiting' and is_dry_run = 0 and name = :name and id <> :id
            and started_at <= :started_at
        order by started_at
        """
    case skipWaiting = """
        update step set state = 'skipped', ended_at = :at, error = :error
        where run_id = :run_id and state = 'waiting'
        """
    case durationsOfKindHere = """
        select change.started_at, change.ended_at from change
        join step on step.run_id = change.run_id and step.number = change.step
        where change.kind = :kind and change.state = 'proved' and step.task = :task
            and step.environment = :environment and step.resource = :resource
        order by change.started_at desc limit 20
        """
    case durationsOfKind = """
        select change.started_at, change.ended_at from change
        join step on step.run_id = change.run_id and step.number = change.step
        where change.kind = :kind and change.state = 'proved' and step.task = :task
        order by change.started_at desc limit 20
        """
}

extension RunLog {
    /// How many windows the changes of a task at a target were left out of; those of which it was none are not in it.
    func handedOn(_ task: String, at target: Target) async throws -> [Change.ID: Int] {
        try await store.read { reader in
            let rows = try reader.rows(WindowStatement.handedOn, Self.key(task, target))
            return try Dictionary(rows.map { (try $0.get("change"), try $0.get("times")) }) { first, _ in first }
        }
    }

    /// The step waits for a window: its plan as it is packed now, and which changes were left out of which window.
    ///
    /// - Parameter left: a change with the beginning of the window it was left out of; said again it counts once.
    func wait(forWindow step: StepRecord, _ plan: Plan, left: [Change.ID: Timestamp], error: ErrorReport) async throws {
        let now = clock.now()
        try await store.write { writer in
            for (change, start) in left.sorted(by: { $0.key < $1.key }) {
                try writer.run(
                    WindowStatement.handOn,
                    Self.key(step.task, step.target).merging(
                        ["change": change, "window_start": start, "noted_at": now]) { $1 })
            }
            // What was not proposed again for years is no change any more.
            try writer.run(WindowStatement.forget, ["before": now - .seconds(2 * 366 * 86_400)])
            try writer.run(
                RunStatement.planStep,
                [
                    "run_id": step.runID, "number": step.number, "plan": StoredJSON(plan), "digest": plan.digest,
                ])
            try writer.run(
                RunStatement.endStep,
                [
                    "run_id": step.runID, "number": step.number, "state": StepState.waiting,
                    "at": Timestamp?.none, "error": StoredJSON(error),
                ])
        }
    }

    /// These changes were made: the next time they begin at their own priority.
    func noteMade(_ changes: [Change.ID], of task: String, at target: Target) async throws {
        guard !changes.isEmpty else { return }
        try await store.write { writer in
            for change in changes {
                try writer.run(WindowStatement.made, Self.key(task, target).merging(["change": change]) { $1 })
            }
        }
    }

    /// Steps of which something waits for a window, with their plans, those of the oldest run first.
    package func waitingForWindows() async throws -> [StepRecord] {
        try await store.read { reader in
            try reader.rows(WindowStatement.waiting).map(StepRecord.init)
                .filter { $0.plan?.packing?.left.isEmpty == false }
        }
    }

    private static func key(_ task: String, _ target: Target) -> [String: any StoreConvertible] {
        ["environment": target.environment, "resource": target.resource, "task": task]
    }
}
