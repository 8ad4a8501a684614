import Store

/// What is said to the store about checks that are asked all the time.
enum MonitorStatement: String, StatementSet {
    case put = """
        insert into monitored_check (environment, resource, name, code, title, standing, phase, since, seen, seen_at,
            counts_until, value, unit, summary, seconds, is_planned, life)
        values (:environment, :resource, :name, :code, :title, :standing, :phase, :since, :seen, :seen_at,
            :counts_until, :value, :unit, :summary, :seconds, :is_planned, :life)
        on conflict (environment, resource, name) do update set code = excluded.code, title = excluded.title,
            standing = excluded.standing, phase = excluded.phase, since = excluded.since, seen = excluded.seen,
            seen_at = excluded.seen_at, counts_until = excluded.counts_until, value = excluded.value,
            unit = excluded.unit, summary = excluded.summary, seconds = excluded.seconds,
            is_planned = excluded.is_planned, life = excluded.life
        """
    case all = "select * from monitored_check order by environment, resource, name"
    case forget = """
        delete from monitored_check where environment = :environment and resource = :resource and name = :name
        """
    case openFindings = """
        select fingerprint, code, severity, environment, resource, last_seen from finding where resolved_at is null
        """
    /// Changes that were being made between two instants, by runs that still go on or went on until then.
    case work = """
        select run.id, step.number, step.environment, step.resource, step.task, change.content, change.started_at,
            change.ended_at
        from run join step on step.run_id = run.id join change on change.run_id = step.run_id
            and change.step = step.number
        where (run.ended_at is null or run.ended_at >= :from_time) and run.is_dry_run = 0
            and change.started_at <= :until_time and (change.ended_at is null or change.ended_at >= :from_time)
        order by run.id, step.number, change.number
        """
}

/// The tables of checks that are asked all the time.
enum MonitorSchema {
    static let migration = Migration(
        "engine.15",
        [
            """
            create table monitored_check (
                environment text not null, resource text not null, name text not null, code text not null,
                title text not null, standing text not null, phase text not null, since bigint not null,
                seen text not null, seen_at bigint not null, counts_until bigint not null, value double precision,
                unit text, summary text not null, seconds double precision not null, is_planned bigint not null,
                life text not null,
                primary key (environment, resource, name)) {clustered}
            """
        ])
}
