import Store

/// What the scheduler says to the store.
enum ScheduleStatement: String, StatementSet {
    case schedules = "select * from routine_schedule"
    case schedule = "select * from routine_schedule where routine = :routine"
    case watch = """
        insert into routine_schedule (routine, expression, since, decided_until)
        values (:routine, :expression, :now, :now)
        on conflict (routine) do update set expression = excluded.expression, since = excluded.since,
            decided_until = excluded.decided_until
        """
    /// The claim: whoever comes second changes no row.
    case advance = """
        update routine_schedule set decided_until = :until where routine = :routine and decided_until < :until
        """
    case pullBack = """
        update routine_schedule set decided_until = :until where routine = :routine and decided_until > :until
        """
    case insertStart = """
        insert into routine_start (routine, due_at, outcome, decided_at, run_id, reason)
        values (:routine, :due_at, :outcome, :decided_at, :run_id, :reason)
        on conflict (routine, due_at) do nothing
        """
    case forgetStarts = "delete from routine_start where routine = :routine and due_at < :before"
    case starts = "select * from routine_start where routine = :routine order by due_at desc limit :most"
    case startOfRun = "select * from routine_start where run_id = :run_id"
    case running = """
        select * from run where name = :name and started_at >= :since and is_routine = 1 and is_dry_run = 0
            and ended_at is null and state = 'running'
        """
    case open = "select * from run where ended_at is null order by started_at"
    case latestOfRoutine = """
        select * from run where name = :name and is_routine = 1 and is_dry_run = 0 order by started_at desc, id desc
        limit 1
        """
    case endedBadly = """
        select * from run where started_at >= :since and is_dry_run = 0 and state in ('failed', 'cancelled')
            and not exists (
                select 1 from run as newer
                where newer.name = run.name and newer.started_at >= run.started_at and newer.id <> run.id
                    and newer.is_dry_run = 0 and newer.is_routine = run.is_routine
                    and newer.environments = run.environments
                    and (newer.started_at > run.started_at or newer.id > run.id))
        order by started_at desc, id desc limit :most
        """
    case lastSuccess = """
        select started_at from run where name = :name and is_routine = 1 and is_dry_run = 0 and state = 'succeeded'
        order by started_at desc limit 1
        """
    case beat = """
        insert into service (name, content, beat_at) values (:name, :content, :beat_at)
        on conflict (name) do update set content = excluded.content, beat_at = excluded.beat_at
        """
    case service = "select * from service where name = :name"
}
