import Store

/// What the run log says to the store about runs, steps and changes.
enum RunStatement: String, StatementSet {
    case insertRun = """
        insert into run (id, name, is_routine, is_dry_run, environments, state, requester, started_at)
        values (:id, :name, :is_routine, :is_dry_run, :environments, :state, :requester, :started_at)
        """
    case setRunState = "update run set state = :state, ended_at = :ended_at where id = :id"
    case run = "select * from run where id = :id"
    case recentRuns = "select * from run order by started_at desc, id desc limit :most"
    case lastSucceeded = """
        select * from run where name = :name and state = 'succeeded' order by started_at desc limit 1
        """
    case runsSince = """
        select * from run where started_at >= :since or ended_at >= :since or ended_at is null order by started_at, id
        """
    case runsLike = "select * from run where id like :pattern order by started_at desc limit 3"
    case insertStep = """
        insert into step (run_id, number, task, arguments, environment, resource, terms, state)
        values (:run_id, :number, :task, :arguments, :environment, :resource, :terms, :state)
        """
    case steps = "select * from step where run_id = :run_id order by number"
    /// Without what was seen and planned, which is most of a step and seldom asked about.
    case outlines = """
        select run_id, number, task, arguments, environment, resource, terms, state, started_at, ended_at,
            null as plan, null as observation, error
        from step where run_id = :run_id order by number
        """
    case outline = """
        select run_id, number, task, arguments, environment, resource, terms, state, started_at, ended_at,
            null as plan, null as observation, error
        from step where run_id = :run_id and number = :number
        """
    case contentOfChange = "select content from change where run_id = :run_id and step = :step and number = :number"
    case startStep = """
        update step set state = 'running', started_at = coalesce(started_at, :at), ended_at = null
        where run_id = :run_id and number = :number
        """
    case planStep = """
        update step set plan = :plan, plan_digest = :digest where run_id = :run_id and number = :number
        """
    case observeStep = """
        update step set observation = :observation where run_id = :run_id and number = :number
        """
    case endStep = """
        update step set state = :state, ended_at = :at, error = :error where run_id = :run_id and number = :number
        """
    case insertChange = """
        insert into change (run_id, step, number, kind, object, content, state, error)
        values (:run_id, :step, :number, :kind, :object, :content, :state, :error)
        """
    case changesOfRun = "select * from change where run_id = :run_id order by step, number"
    case changesOfStep = "select * from change where run_id = :run_id and step = :step order by number"
    case moveChange = """
        update change set state = :to_state, witness = coalesce(:witness, witness), evidence = :evidence,
            error = :error, started_at = coalesce(:started_at, started_at), ended_at = :ended_at
        where run_id = :run_id and step = :step and number = :number and state = :from_state
        """
    /// Of the very attempt that was begun then: it may be written after its run was given up and another one went on.
    case applyChange = """
        update change set state = :to_state, witness = coalesce(:witness, witness), evidence = :evidence,
            error = :error, started_at = coalesce(:started_at, started_at), ended_at = :ended_at
        where run_id = :run_id and step = :step and number = :number and state = :from_state
            and started_at = :attempt
        """
    case insertJournal = """
        insert into journal (run_id, number, step, change, from_state, to_state, moved_at, detail)
        select :run_id, coalesce(max(number), 0) + 1, :step, :change, :from_state, :to_state, :moved_at, :detail
        from journal where run_id = :run_id
        """
    case journal = "select * from journal where run_id = :run_id order by number"
    case durations = """
        select change.started_at, change.ended_at from change
        join step on step.run_id = change.run_id and step.number = change.step
        where change.kind = :kind and change.object = :object and change.state = 'proved' and step.task = :task
            and step.environment = :environment and step.resource = :resource
        order by change.started_at desc limit 20
        """
    case lastPlan = "select content from planned where digest = :digest"
    case keepPlan = """
        insert into planned (digest, content, planned_at) values (:digest, :content, :planned_at)
        on conflict (digest) do update set planned_at = excluded.planned_at
        """
}

/// What the run log says to the store about what was found and measured.
enum FindingStatement: String, StatementSet {
    case upsertFinding = """
        insert into finding (fingerprint, code, severity, environment, resource, task, content, first_seen, last_seen,
            run_id)
        values (:fingerprint, :code, :severity, :environment, :resource, :task, :content, :seen, :seen, :run_id)
        on conflict (fingerprint) do update set severity = excluded.severity, content = excluded.content,
            first_seen = case when finding.resolved_at is null then finding.first_seen else excluded.first_seen end,
            last_seen = excluded.last_seen, run_id = excluded.run_id, task = excluded.task, resolved_at = null
        """
    case openFindings = """
        select * from finding where resolved_at is null
        order by case severity when 'critical' then 0 when 'warning' then 1 else 2 end, environment, code, fingerprint
        """
    case resolvedSince = """
        select * from finding where resolved_at >= :since order by resolved_at desc, fingerprint
        """
    case resolveFinding =
        "update finding set resolved_at = :at where fingerprint = :fingerprint and resolved_at is null"
    case series = """
        select id from series
        where name = :name and environment = :environment and resource = :resource and object = :object
        """
    case insertSeries = """
        insert into series (id, name, environment, resource, object, unit)
        select coalesce(max(id), 0) + 1, :name, :environment, :resource, :object, :unit from series
        """
    case insertSample = """
        insert into sample (series_id, taken_at, value) values (:series_id, :taken_at, :value)
        on conflict (series_id, taken_at) do update set value = excluded.value
        """
    case seriesOfTarget = """
        select * from series where environment = :environment order by name, resource, object
        """
    case samples = """
        select taken_at, value from sample where series_id = :series_id and taken_at >= :since order by taken_at
        """
    case baseline = """
        select * from baseline where subject = :subject and environment = :environment and resource = :resource
        """
    case setBaseline = """
        insert into baseline (subject, environment, resource, digest, content, accepted_by, accepted_at)
        values (:subject, :environment, :resource, :digest, :content, :accepted_by, :accepted_at)
        on conflict (subject, environment, resource) do update set digest = excluded.digest,
            content = excluded.content, accepted_by = excluded.accepted_by, accepted_at = excluded.accepted_at
        """
}
