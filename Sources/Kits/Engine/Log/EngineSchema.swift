import Store

/// The engine's tables: runs, their steps and changes, the journal, findings, series and baselines, the audit trail,
/// what waits for approval or was left to another window, what schedules have started, holds, the identities of
/// protected databases, alerts, checks that are asked all the time, and who may use the server.
package enum EngineSchema {
    package static let migrations = [
        Migration(
            "engine.1",
            [
                """
                create table run (
                    id text primary key, name text not null, is_routine bigint not null, is_dry_run bigint not null,
                    environments text not null, state text not null, requester text not null,
                    started_at bigint not null, ended_at bigint)
                """,
                "create index run_started_at on run (started_at)",
                """
                create table step (
                    run_id text not null references run (id), number bigint not null, task text not null,
                    arguments text not null, environment text not null, resource text not null, state text not null,
                    started_at bigint, ended_at bigint, plan text, plan_digest text, observation text, error text,
                    primary key (run_id, number)) {clustered}
                """,
                """
                create table change (
                    run_id text not null, step bigint not null, number bigint not null, kind text not null,
                    object text not null, content text not null, state text not null, witness text, evidence text,
                    error text, started_at bigint, ended_at bigint,
                    primary key (run_id, step, number)) {clustered}
                """,
                """
                create table journal (
                    run_id text not null, number bigint not null, step bigint not null, change bigint not null,
                    from_state text not null, to_state text not null, moved_at bigint not null, detail text not null,
                    primary key (run_id, number)) {clustered}
                """,
                """
                create table finding (
                    fingerprint text primary key, code text not null, severity text not null,
                    environment text not null, resource text not null, task text not null, content text not null,
                    first_seen bigint not null, last_seen bigint not null, run_id text not null, resolved_at bigint)
                """,
                "create index finding_open on finding (resolved_at, environment)",
                """
                create table series (
                    id bigint primary key, name text not null, environment text not null, resource text not null,
                    object text not null, unit text not null,
                    unique (name, environment, resource, object))
                """,
                """
                create table sample (
                    series_id bigint not null, taken_at bigint not null, value double precision not null,
                    primary key (series_id, taken_at)) {clustered}
                """,
                """
                create table baseline (
                    subject text not null, environment text not null, resource text not null, digest text not null,
                    content text not null, accepted_by text not null, accepted_at bigint not null,
                    primary key (subject, environment, resource))
                """,
                """
                create table planned (
                    digest text primary key, content text not null, planned_at bigint not null)
                """,
            ]),
        Migration(
            "engine.2",
            [
                """
                create table audit (
                    number bigint primary key, recorded_at bigint not null, kind text not null, actor text not null,
                    environment text not null, resource text not null, run_id text not null, step bigint not null,
                    subject text not null, approval text, detail text not null, previous text not null,
                    hash text not null) {clustered}
                """,
                "create index audit_approval on audit (approval) where approval is not null",
                "{append-only audit}",
            ]),
        Migration(
            "engine.3",
            [
                """
                create table approval (
                    id text primary key, run_id text not null, step bigint not null, task text not null,
                    environment text not null, resource text not null, content text not null,
                    asked_at bigint not null)
                """,
                "create index approval_step on approval (run_id, step)",
                "create index approval_target on approval (task, environment, resource, asked_at)",
                "{append-only approval}",
            ]),
        Migration(
            "engine.4",
            [
                """
                create table routine_schedule (
                    routine text primary key, expression text not null, since bigint not null,
                    decided_until bigint not null) {clustered}
                """,
                """
                create table routine_start (
                    routine text not null, due_at bigint not null, outcome text not null, decided_at bigint not null,
                    run_id text, reason text,
                    primary key (routine, due_at)) {clustered}
                """,
                "create table service (name text primary key, content text not null, beat_at bigint not null)",
                "create index run_name on run (name, started_at)",
                "create index run_open on run (started_at) where ended_at is null",
            ]),
        Migration(
            "engine.5",
            [
                "alter table step add column terms text",
                """
                create table command_outcome (
                    run_id text not null, step bigint not null, content text not null, ended_at bigint not null,
                    primary key (run_id, step)) {clustered}
                """,
            ]),
        Migration(
            "engine.6", ["create table hold (environment text primary key, content text not null)"]),
        Migration(
            "engine.7",
            [
                """
                create table handed_on (
                    environment text not null, resource text not null, task text not null, change text not null,
                    times bigint not null, window_start bigint not null, noted_at bigint not null,
                    primary key (environment, resource, task, change)) {clustered}
                """,
                "create index change_made on change (kind, object, started_at) where state = 'proved'",
                "create index change_of_kind on change (kind, started_at) where state = 'proved'",
            ]),
        Migration(
            "engine.8",
            [
                "create index step_target on step (task, environment, resource, started_at)",
                """
                create index audit_signed on audit (environment, subject, number)
                where kind in ('signed', 'remarked')
                """,
                """
                create table finding_severity (
                    fingerprint text not null, severity text not null, last_seen bigint not null,
                    primary key (fingerprint, severity)) {clustered}
                """,
                """
                insert into finding_severity (fingerprint, severity, last_seen)
                select fingerprint, severity, last_seen from finding
                """,
            ]),
        Migration(
            "engine.9",
            [
                """
                create table database_identity (
                    environment text not null, resource text not null, access text not null,
                    system_identifier text not null, seen_at bigint not null,
                    primary key (environment, resource)) {clustered}
                """
            ]),
        AlertSchema.migration,
        AlertSchema.precedence,
        AlertSchema.notices,
        MemorySchema.migration,
        MonitorSchema.migration,
        SampleSchema.migration,
        AccessSchema.migration,
        AccessSchema.requests,
        AccessSchema.auditPages,
        HeartbeatSchema.migration,
        OutsideAlertSchema.migration,
        AlertSchema.instead,
    ]
}
