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
    case events = "select happened_at, content from alert_event order by number"
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
            content, precedence)
        select coalesce(max(number), 0) + 1, :id, :notification, :channel, :lane, 'queued', 0, :at, :at, :content,
            :precedence
        from alert_notification
        """
    /// Name by name through the index: thousands may wait for a channel that is down.
    case waitingChannels = """
        with recursive waiting (channel) as (
            select min(channel) from alert_notification where state = 'queued'
            union all
            select (select min(n.channel) from alert_notification n
                where n.state = 'queued' and n.channel > waiting.channel)
            from waiting where waiting.channel is not null)
        select channel from waiting where channel is not null
        """
    /// In a lane, what one channel tells one recipient about one group, nothing overtakes anything. What is to be tried
    /// again later than anything ever is was planned by a clock that was set back since: it is due.
    case dueNotifications = """
        select n.number, n.id, n.attempts, n.decided_at, n.content from alert_notification n
        where n.state = 'queued' and n.channel = :channel and (n.next_at <= :now or n.next_at > :latest)
            and not exists (
                select 1 from alert_notification e where e.lane = n.lane and e.state = 'queued' and e.number < n.number)
        order by n.precedence, n.number limit :most
        """
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
    case receipts = """
        select content, outcome from alert_notification
        where lane = :lane and state = 'sent' order by number desc limit :most
        """
    case knowsNotification = "select id from alert_notification where id = :id"
    /// Told there by the same decision already, as something that is due or taken.
    case toldOtherwise = """
        select id from alert_notification where lane = :lane and decided_at = :at and state <> 'failed'
        """
    case insteadOf = "select channel, recipient, content from alert_instead where lane = :lane"
    case setInstead = """
        insert into alert_instead (lane, channel, recipient, content, told_at)
        values (:lane, :channel, :recipient, :content, :at)
        on conflict (lane, channel, recipient) do update set content = excluded.content, told_at = excluded.told_at
        """
    case endInstead = """
        delete from alert_instead where lane = :lane and channel = :channel and recipient = :recipient
        """
    case forgetInstead = "delete from alert_instead where told_at < :before"
    /// What is critical and waits behind something that its channel has failed to take three times.
    case heldUpNotifications = """
        select n.id, n.attempts, n.content from alert_notification n
        where n.state = 'queued' and n.channel = :channel and n.precedence = 0 and n.outcome is null
            and exists (
                select 1 from alert_notification e
                where e.lane = n.lane and e.state = 'queued' and e.number < n.number and e.attempts >= :attempts)
        order by n.number limit :most
        """
    case sayWhyNotification = "update alert_notification set outcome = :outcome where id = :id and state = 'queued'"
    // The newest row of each stays, so that no number is given away twice.
    case countEvents = """
        select count(*) as n from alert_event
        where happened_at < :before and number < (select max(number) from alert_event)
        """
    case forgetEvents = """
        delete from alert_event where happened_at < :before and number < (select max(number) from alert_event)
        """
    case countDecisions = """
        select count(*) as n from alert_decision
        where decided_at < :before and number < (select max(number) from alert_decision)
        """
    case oldDecisions = """
        select number from alert_decision
        where decided_at < :before and number < (select max(number) from alert_decision) order by number limit :most
        """
    case forgetSubjects = "delete from alert_subject where decision = :number"
    case forgetDecision = "delete from alert_decision where number = :number"
    case countNotifications = """
        select count(*) as n from alert_notification
        where decided_at < :before and state <> 'queued' and number < (select max(number) from alert_notification)
        """
    case forgetNotifications = """
        delete from alert_notification
        where decided_at < :before and state <> 'queued' and number < (select max(number) from alert_notification)
        """
    case openTroubles = "select fingerprint, severity, content from finding where resolved_at is null"
    case notices = """
        select * from audit where kind = 'noticed' and recorded_at >= :since order by number
        """
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

    static let precedence = Migration(
        "engine.20",
        [
            // 0 for what is critical, and before anything else; 1 for the rest.
            "alter table alert_notification add column precedence bigint not null default 1",
            """
            create index alert_notification_waiting on alert_notification (channel, precedence, number, next_at)
            where state = 'queued'
            """,
            "create index alert_subject_decision on alert_subject (decision)",
        ])

    static let instead = Migration(
        "engine.44",
        [
            // What other channels were told because one did not take it, as far as they do not know of its end: by the
            // lane of the one that did not. The content is fingerprints.
            """
            create table alert_instead (
                lane text not null, channel text not null, recipient text not null, content text not null,
                told_at bigint not null, primary key (lane, channel, recipient)) {clustered}
            """,
            "create index alert_notification_sent on alert_notification (lane, number) where state = 'sent'",
        ])

    static let notices = Migration(
        "engine.21", ["create index audit_noticed on audit (recorded_at) where kind = 'noticed'"])
}
