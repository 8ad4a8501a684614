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
}

extension RunLog {
    /// Nil while another living process decides about alerts and sends them.
    package func leadAlerts() throws -> LockFile? {
        try StateLocks(stateDirectory: directory).alerts()
    }

    /// What may be sent now, oldest first; of one lane only the first.
    package func dueNotifications(most: Int = 100) async throws -> [SpooledNotification] {
        let now = clock.now()
        return try await store.read { reader in
            try reader.rows(AlertStatement.dueNotifications, ["now": now, "most": most]).map { row in
                SpooledNotification(
                    id: try row.get("id"), state: .queued, attempts: try row.get("attempts"), nextAt: now,
                    notification: try row.get("content", as: StoredJSON<AlertNotification>.self).value)
            }
        }
    }

    /// When something waits to be sent; nil where nothing does.
    package func nextNotification() async throws -> Timestamp? {
        try await store.read { try $0.first(AlertStatement.nextAttempt)?.get("next_at", as: Timestamp?.self) ?? nil }
    }

    /// It was taken, or never will be.
    package func end(notification id: String, _ state: SpooledNotification.State, answer: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                AlertStatement.endNotification, ["id": id, "state": state, "at": now, "outcome": answer])
        }
    }

    /// It is tried again later.
    package func postpone(notification id: String, until next: Timestamp, answer: String) async throws {
        try await store.write { writer in
            try writer.run(AlertStatement.postponeNotification, ["id": id, "next_at": next, "outcome": answer])
        }
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
