import Alert
import Maintenance
import Outside
import Store

/// Where alerts are decided: what happened goes in, and the router's new state, what it decided and what is to be sent
/// are written in one transaction. Whatever sends does so from the spool, afterwards.
///
/// The state is read and written in the transaction that changes it, so that several processes may take part: the service
/// that decides, and the command of somebody who acknowledges.
package struct AlertDesk: Sendable {
    private static let stateName = "router"

    let log: RunLog
    /// Which configuration decides.
    package let rules: AlertRules
    /// What tells one configuration from another.
    package let rulesDigest: String

    package init(log: RunLog, rules: AlertRules, rulesDigest: String) {
        self.log = log
        self.rules = rules
        self.rulesDigest = "\(Self.format):\(rulesDigest)"
    }

    /// Of what the router remembers: what was written under another one is adopted, like another configuration.
    private static let format = 2

    /// What came of it, and when something is due without any event.
    package struct Taken: Sendable {
        package var outcome: AlertOutcome
        package var nextDue: Timestamp?
        package var state: RouterState
    }

    /// Decides about everything that is open now, which is what an alert is about, and about time that has passed.
    package func decide(open troubles: [AlertTrouble], _ events: [AlertEvent] = [], at now: Timestamp) async throws
        -> Taken
    {
        try await log.store.write { writer in
            let (stored, writtenBy) = try Self.load(writer.reader)
            var router = Router(rules, state: stored)
            if writtenBy != rulesDigest { router.adopt(rules, at: now) }
            let changes = Self.changes(troubles, router.state.book) + events
            let outcome = router.take(changes, at: now)
            for event in changes { try Self.record(event, at: now, writer) }
            for decision in outcome.decisions { try Self.record(decision, writer) }
            for notification in outcome.notifications { try Self.spool(notification, writer) }
            if router.state != stored || writtenBy != rulesDigest {
                try Self.save(router.state, rulesDigest, at: now, writer)
            }
            return Taken(outcome: outcome, nextDue: router.nextDue, state: router.state)
        }
    }

    /// The events that lead from what the book knows to what is open.
    private static func changes(_ troubles: [AlertTrouble], _ book: AlertBook) -> [AlertEvent] {
        var events: [AlertEvent] = []
        var open: Set<String> = []
        for trouble in troubles {
            let fingerprint = trouble.labels.fingerprint
            open.insert(fingerprint)
            let known = book[fingerprint]
            let isKnown = known.map { $0.state != .resolved && $0.wellSince == nil } ?? false
            if !isKnown || known?.annotations != trouble.annotations {
                events.append(.wrong(trouble.labels, annotations: trouble.annotations))
            }
        }
        for alert in book.alerts.values.sorted(by: { $0.fingerprint < $1.fingerprint })
        where alert.state != .resolved && alert.wellSince == nil && !open.contains(alert.fingerprint) {
            events.append(.well(alert.labels))
        }
        return events
    }

    private static func load(_ reader: StoreReader) throws -> (RouterState, rules: String) {
        guard let row = try reader.first(AlertStatement.state, ["name": stateName]) else { return (RouterState(), "") }
        let content: StoredJSON<RouterState> = try row.get("content")
        return (content.value, try row.get("rules"))
    }

    private static func save(_ state: RouterState, _ rules: String, at now: Timestamp, _ writer: StoreWriter) throws {
        try writer.run(
            AlertStatement.writeState,
            ["name": stateName, "content": StoredJSON(state), "rules": rules, "written_at": now])
    }

    private static func record(_ event: AlertEvent, at now: Timestamp, _ writer: StoreWriter) throws {
        try writer.run(AlertStatement.insertEvent, ["happened_at": now, "content": StoredJSON(event)])
    }

    static func record(_ decision: AlertDecision, _ writer: StoreWriter) throws {
        let row = try writer.reader.first(
            AlertStatement.insertDecision, ["decided_at": decision.at, "content": StoredJSON(decision)])
        guard let number: Int64 = try row?.get("number") else {
            preconditionFailure("a decision that was just written has no number")
        }
        for fingerprint in decision.alerts {
            try writer.run(AlertStatement.insertSubject, ["fingerprint": fingerprint, "decision": number])
        }
    }

    /// What one channel tells one recipient about one group keeps its order.
    static func lane(_ notification: AlertNotification) -> String {
        "\(notification.channel)|\(notification.recipients.first ?? "")|\(notification.groupKey)"
    }

    /// One entry for each recipient, so that one who bounces keeps it from nobody else.
    static func spool(_ notification: AlertNotification, _ writer: StoreWriter) throws {
        let recipients = notification.recipients.isEmpty ? [nil] : notification.recipients.map(Optional.some)
        for (place, recipient) in recipients.enumerated() {
            var single = notification
            single.recipients = recipient.map { [$0] } ?? []
            try writer.run(
                AlertStatement.insertNotification,
                [
                    "id": "\(notification.id)-\(place)", "notification": notification.id,
                    "channel": notification.channel,
                    "lane": lane(single),
                    "at": notification.decidedAt, "content": StoredJSON(single),
                    "precedence": notification.severity == .critical ? 0 : 1,
                ])
        }
    }
}

extension RunLog {
    /// What people say about alerts, without deciding about anything else: it needs no configuration.
    ///
    /// - Returns: the state after it.
    @discardableResult
    package func note(_ events: [AlertEvent]) async throws -> RouterState {
        let now = clock.now()
        return try await store.write { writer in
            let row = try writer.reader.first(AlertStatement.state, ["name": "router"])
            let content: StoredJSON<RouterState>? = try row?.get("content")
            let rules: String = try row?.get("rules") ?? ""
            var state = content?.value ?? RouterState()
            for event in events {
                if let draft = AuditDraft(answer: event, in: state) { try note(draft, at: now, in: writer) }
                state.note(event, at: now)
                try writer.run(AlertStatement.insertEvent, ["happened_at": now, "content": StoredJSON(event)])
            }
            try writer.run(
                AlertStatement.writeState,
                ["name": "router", "content": StoredJSON(state), "rules": rules, "written_at": now])
            return state
        }
    }

    /// Alerts, silences and all else the router remembers; as new where it never decided anything.
    package func alertState() async throws -> RouterState {
        try await store.read { reader in
            guard let row = try reader.first(AlertStatement.state, ["name": "router"]) else { return RouterState() }
            return try row.get("content", as: StoredJSON<RouterState>.self).value
        }
    }

    /// What was decided about one alert, latest first.
    package func alertDecisions(_ fingerprint: String, most: Int) async throws -> [AlertDecision] {
        try await store.read { reader in
            try reader.rows(AlertStatement.decisionsOf, ["fingerprint": fingerprint, "most": most]).map {
                try $0.get("content", as: StoredJSON<AlertDecision>.self).value
            }
        }
    }

    /// What happened, in its order, as far back as it is remembered.
    package func alertEvents() async throws -> [(at: Timestamp, event: AlertEvent)] {
        try await store.read { reader in
            try reader.rows(AlertStatement.events).map {
                (try $0.get("happened_at"), try $0.get("content", as: StoredJSON<AlertEvent>.self).value)
            }
        }
    }
}
