import Store

/// What is said to the store about alerts: the router's state, what happened, what was decided, and the spool.
enum AlertStatement: String, StatementSet {
    case state = "select content, rules from alert_state where name = :name"
    case writeState = """
        insert into alert_state (name, content, rules, written_at) values (:name, :content, :rules, :written_at)
        on conflict (name) do update set content = excluded.content, rules = excluded.rules,
            written_at = excluded.written_at
        """
    case insertEvent = """
        insert into alert_event (number, happened_at, content)
        select coalesce(max(number), 0) + 1, :happened_at, :content from alert_event
        """
    case eventsSince = """
        select happened_at, content from alert_event where happened_at >= :since order by number
        """
    case insertDecision = """
        insert into alert_decision (number, decided_at, content)
        select coalesce(max(number), 0) + 1, :decided_at, :content from alert_decision
        returning number
        """
    case insertSubject = """
        insert into alert_subject (fingerprint, decision) values (:fingerprint, :decision)
        on conflict (fingerprint, decision) do nothing
        """
    case decisionsOf = """
        select d.content from alert_subject s join alert_decision d on d.number = s.decision
        where s.fingerprint = :fingerprint order by s.decision desc limit :most
        """
    case insertNotification = """
        insert into alert_notification (number, id, notification, channel, lane, state, attempts, next_at, decided_at,
            content)
        select coalesce(max(number), 0) + 1, :id, :notification, :channel, :lane, 'queued', 0, :at, :at, :content
        from alert_notification
        """
    /// In a lane, what one channel tells one recipient about one group, nothing overtakes anything.
    case dueNotifications = """
        select n.number, n.id, n.attempts, n.decided_at, n.content from alert_notification n
        where n.state = 'queued' and n.next_at <= :now and not exists (
            select 1 from alert_notification e where e.lane = n.lane and e.state = 'queued' and e.number < n.number)
        order by n.number limit :most
        """
    case nextAttempt = "select min(next_at) as next_at from alert_notification where state = 'queued'"
    case endNotification = """
        update alert_notification set state = :state, attempts = attempts + 1, ended_at = :at, outcome = :outcome
        where id = :id and state = 'queued'
        """
    case postponeNotification = """
        update alert_notification set attempts = attempts + 1, next_at = :next_at, outcome = :outcome
        where id = :id and state = 'queued'
        """
    case notification = """
        select id, channel, state, attempts, next_at, decided_at, ended_at, content, outcome
        from alert_notification where notification = :notification order by number
        """
    case notificationsSince = """
        select id, channel, state, attempts, next_at, decided_at, ended_at, content, outcome
        from alert_notification where decided_at >= :since order by number
        """
    case openTroubles = "select fingerprint, severity, content from finding where resolved_at is null"
}

/// The tables of alerts.
enum AlertSchema {
    static let migration = Migration(
        "engine.12",
        [
            """
            create table alert_state (
                name text primary key, content text not null, rules text not null, written_at bigint not null)
            """,
            "create table alert_event (number bigint primary key, happened_at bigint not null, content text not null)",
            "create index alert_event_time on alert_event (happened_at)",
            """
            create table alert_decision (
                number bigint primary key, decided_at bigint not null, content text not null)
            """,
            "create index alert_decision_time on alert_decision (decided_at)",
            """
            create table alert_subject (
                fingerprint text not null, decision bigint not null, primary key (fingerprint, decision)) {clustered}
            """,
            """
            create table alert_notification (
                number bigint primary key, id text not null unique, notification text not null, channel text not null,
                lane text not null, state text not null, attempts bigint not null, next_at bigint not null,
                decided_at bigint not null, ended_at bigint, content text not null, outcome text)
            """,
            "create index alert_notification_due on alert_notification (next_at) where state = 'queued'",
            "create index alert_notification_lane on alert_notification (lane, number) where state = 'queued'",
            "create index alert_notification_of on alert_notification (notification)",
            "create index alert_notification_time on alert_notification (decided_at)",
        ])
}
