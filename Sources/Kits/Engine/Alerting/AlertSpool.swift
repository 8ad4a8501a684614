import Alert
import Maintenance
import Outside
import Store

/// One notification for one recipient, as it waits to be sent or was.
package struct SpooledNotification: Codable, Hashable, Sendable {
    package enum State: String, Codable, CaseIterable, Sendable, StoreConvertible {
        case queued, sent, failed
    }

    /// What a receiver knows a second delivery by: the same at every attempt.
    package var id: String
    package var state: State
    package var attempts: Int
    package var nextAt: Timestamp
    package var endedAt: Timestamp?
    package var notification: AlertNotification
    /// What the channel answered last: a receipt, or why it did not take it. Hostile text.
    package var answer: String?

    /// So long at most is waited between two attempts, before a quarter is added by chance.
    package static let longestPause: Duration = .seconds(600)
}

/// What came of one attempt to hand a notification over.
package enum DeliveryOutcome: Hashable, Sendable {
    case taken(receipt: String)
    /// It will not be tried again.
    case givenUp(reason: String)
    case later(Timestamp, reason: String)
}

extension RunLog {
    /// Nil while another living process decides about alerts and sends them.
    package func leadAlerts() throws -> LockFile? {
        try StateLocks(stateDirectory: directory).alerts()
    }

    /// The channels for which something is queued, due or not.
    package func waitingChannels() async throws -> [String] {
        try await store.read { try $0.rows(AlertStatement.waitingChannels).map { try $0.get("channel") } }
    }

    /// What one channel may be sent now: what is critical first, then the oldest; of one lane only the first.
    package func dueNotifications(of channel: String, most: Int) async throws -> [SpooledNotification] {
        let now = clock.now()
        let latest = now + SpooledNotification.longestPause * 2
        return try await store.read { reader in
            try reader.rows(
                AlertStatement.dueNotifications, ["channel": channel, "now": now, "latest": latest, "most": most]
            ).map { row in
                SpooledNotification(
                    id: try row.get("id"), state: .queued, attempts: try row.get("attempts"), nextAt: now,
                    notification: try row.get("content", as: StoredJSON<AlertNotification>.self).value)
            }
        }
    }

    /// What the channel answered to the messages of the same lane that tell of something open, the oldest first; at most
    /// twenty.
    package func receipts(before notification: AlertNotification) async throws -> [String] {
        try await store.read { reader in
            let rows = try reader.rows(
                AlertStatement.receipts, ["lane": AlertDesk.lane(notification), "most": 20])
            var receipts: [String] = []
            for row in rows {
                guard try !row.get("content", as: StoredJSON<AlertNotification>.self).value.isResolved else { break }
                if let receipt: String = try row.get("outcome") { receipts.append(receipt) }
            }
            return receipts.reversed()
        }
    }

    /// Writes down what came of an attempt, together with the finding that it opens or ends, and with what other channels
    /// tell because of it.
    package func settle(
        notification id: String, _ outcome: DeliveryOutcome, opens trouble: Finding? = nil, ends over: Finding? = nil,
        then turn: DeliveryTurn? = nil
    ) async throws {
        let now = clock.now()
        try await store.write { writer in
            switch outcome {
            case .taken(let receipt): try Self.end(id, .sent, receipt, at: now, writer)
            case .givenUp(let reason): try Self.end(id, .failed, reason, at: now, writer)
            case .later(let next, let reason):
                try writer.run(
                    AlertStatement.postponeNotification, ["id": id, "next_at": next, "outcome": reason])
            }
            if let turn { try follow(turn, at: now, in: writer) }
            if let trouble { try open(trouble, at: now, in: writer) }
            if let over {
                try writer.run(FindingStatement.resolveFinding, ["fingerprint": over.fingerprint, "at": now])
            }
        }
        if trouble != nil { wake.ring() }
    }

    private static func end(
        _ id: String, _ state: SpooledNotification.State, _ answer: String, at now: Timestamp, _ writer: StoreWriter
    ) throws {
        try writer.run(AlertStatement.endNotification, ["id": id, "state": state, "at": now, "outcome": answer])
    }

    /// The entries of one decision's notification, one for each recipient.
    package func notifications(_ id: String) async throws -> [SpooledNotification] {
        try await store.read { reader in
            try reader.rows(AlertStatement.notification, ["notification": id]).map(SpooledNotification.init)
        }
    }

    /// All that was decided since an instant, oldest first.
    package func notifications(since: Timestamp) async throws -> [SpooledNotification] {
        try await store.read { reader in
            try reader.rows(AlertStatement.notificationsSince, ["since": since]).map(SpooledNotification.init)
        }
    }

    /// A finding about alerts themselves.
    package func open(alertFinding finding: Finding) async throws {
        try await open(finding)
    }

    package func resolve(alertFinding finding: Finding) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(FindingStatement.resolveFinding, ["fingerprint": finding.fingerprint, "at": now])
        }
    }
}

extension SpooledNotification {
    init(_ row: StoreRow) throws {
        self.init(
            id: try row.get("id"), state: try row.get("state"), attempts: try row.get("attempts"),
            nextAt: try row.get("next_at"), endedAt: try row.get("ended_at"),
            notification: try row.get("content", as: StoredJSON<AlertNotification>.self).value,
            answer: try row.get("outcome"))
    }
}
