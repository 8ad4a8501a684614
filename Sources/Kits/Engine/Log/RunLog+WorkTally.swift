import Calendar
import Maintenance
import Store

/// What was done by the runs that began in a stretch of time, dry runs left out, and what was found in it: counted by the
/// store, so that a quarter costs little more memory than a day; only the times of changes are read one by one.
package struct WorkTally: Hashable, Sendable {
    /// Steps of one task in one environment that ended alike.
    package struct Steps: Hashable, Sendable {
        package var task: String
        package var environment: String
        package var state: StepState
        package var count: Int
        /// Those that both began and ended: one that was refused at the door never began.
        package var timed: Int
        /// Of these together.
        package var spent: Duration
    }

    /// Changes of one task in one environment that stand alike.
    package struct Changes: Hashable, Sendable {
        package var task: String
        package var environment: String
        package var state: ChangeState
        package var count: Int
    }

    /// Runs of one routine that ended alike.
    package struct Routines: Hashable, Sendable {
        package var name: String
        package var state: RunState
        package var count: Int
        package var spent: Duration
    }

    /// Findings first seen in the stretch, by the worst that each has been since.
    package struct Findings: Hashable, Sendable {
        package var worst: Severity
        package var count: Int
        /// Of them, those that are over.
        package var resolved: Int
    }

    /// When a change was made in an environment.
    package struct Work: Hashable, Sendable {
        package var environment: String
        package var time: Window
    }

    package var steps: [Steps]
    package var changes: [Changes]
    package var routines: [Routines]
    package var findings: [Findings]
    package var work: [Work]
}

extension RunLog {
    /// - Parameters:
    ///   - until: the first instant behind the stretch.
    ///   - own: the step that asks, which cannot count itself: it is not over.
    package func workload(from: Timestamp, until: Timestamp, without own: (runID: String, step: Int)) async throws
        -> WorkTally
    {
        try await store.read { reader in
            let stretch: [String: any StoreConvertible] = ["from_time": from, "until_time": until]
            let others = stretch.merging(["own_run": own.runID, "own_step": own.step]) { $1 }
            func spent(_ row: StoreRow) throws -> Duration { .microseconds(try row.get("spent", as: Int64.self)) }
            return WorkTally(
                steps: try reader.rows(WorkTallyStatement.steps, others).map { row in
                    .init(
                        task: try row.get("task"), environment: try row.get("environment"), state: try row.get("state"),
                        count: try row.get("number_of"), timed: try row.get("timed"), spent: try spent(row))
                },
                changes: try reader.rows(WorkTallyStatement.changes, others).map { row in
                    .init(
                        task: try row.get("task"), environment: try row.get("environment"), state: try row.get("state"),
                        count: try row.get("number_of"))
                },
                routines: try reader.rows(WorkTallyStatement.routines, stretch).map { row in
                    .init(
                        name: try row.get("name"), state: try row.get("state"), count: try row.get("number_of"),
                        spent: try spent(row))
                },
                findings: try reader.rows(WorkTallyStatement.findings, stretch).map { row in
                    .init(
                        worst: [.info, .warning, .critical][try row.get("worst", as: Int.self)],
                        count: try row.get("number_of"), resolved: try row.get("resolved"))
                },
                work: try reader.rows(WorkTallyStatement.work, others).map { row in
                    .init(
                        environment: try row.get("environment"),
                        time: Window(start: try row.get("started_at"), end: try row.get("ended_at")))
                })
        }
    }

    /// Steps of the runs that began in a stretch of time and that did not end well, latest first, without their plans and
    /// observations; dry runs left out.
    package func troubles(from: Timestamp, until: Timestamp, most: Int) async throws -> [StepRecord] {
        try await store.read { reader in
            try reader.rows(
                WorkTallyStatement.troubles, ["from_time": from, "until_time": until, "most": most]
            ).map(StepRecord.init)
        }
    }
}

/// What is asked of the store about stretches of time.
enum WorkTallyStatement: String, StatementSet {
    case steps = """
        select step.task, step.environment, step.state, count(*) as number_of,
            cast(sum(case when step.started_at is null or step.ended_at is null then 0 else 1 end) as bigint) as timed,
            cast(sum(coalesce(step.ended_at - step.started_at, 0)) as bigint) as spent
        from run join step on step.run_id = run.id
        where run.started_at >= :from_time and run.started_at < :until_time and run.is_dry_run = 0
            and not (step.run_id = :own_run and step.number = :own_step)
        group by step.task, step.environment, step.state
        order by step.task, step.environment, step.state
        """
    case changes = """
        select step.task, step.environment, change.state, count(*) as number_of
        from run join step on step.run_id = run.id
        join change on change.run_id = step.run_id and change.step = step.number
        where run.started_at >= :from_time and run.started_at < :until_time and run.is_dry_run = 0
            and not (step.run_id = :own_run and step.number = :own_step)
        group by step.task, step.environment, change.state
        order by step.task, step.environment, change.state
        """
    case routines = """
        select name, state, count(*) as number_of, cast(sum(ended_at - started_at) as bigint) as spent
        from run
        where started_at >= :from_time and started_at < :until_time and is_dry_run = 0 and is_routine = 1
            and ended_at is not null
        group by name, state order by name, state
        """
    case findings = """
        select known.worst, count(*) as number_of,
            cast(sum(case when finding.resolved_at is null then 0 else 1 end) as bigint) as resolved
        from finding
        join (
            select fingerprint, max(case severity when 'critical' then 2 when 'warning' then 1 else 0 end) as worst
            from finding_severity where last_seen >= :from_time group by fingerprint
        ) known on known.fingerprint = finding.fingerprint
        where finding.first_seen >= :from_time and finding.first_seen < :until_time
        group by known.worst order by known.worst
        """
    case work = """
        select step.environment, change.started_at, change.ended_at
        from run join step on step.run_id = run.id
        join change on change.run_id = step.run_id and change.step = step.number
        where run.started_at >= :from_time and run.started_at < :until_time and run.is_dry_run = 0
            and change.started_at is not null and change.ended_at is not null
            and not (step.run_id = :own_run and step.number = :own_step)
        order by change.started_at
        """
    case troubles = """
        select step.run_id, step.number, step.task, step.arguments, step.environment, step.resource, step.terms,
            step.state, step.started_at, step.ended_at, null as plan, null as observation, step.error
        from run join step on step.run_id = run.id
        where run.started_at >= :from_time and run.started_at < :until_time and run.is_dry_run = 0
            and step.state in ('failed', 'unproven', 'refused', 'cancelled', 'uncertain', 'waiting')
        order by coalesce(step.started_at, run.started_at) desc, step.run_id, step.number limit :most
        """
}
