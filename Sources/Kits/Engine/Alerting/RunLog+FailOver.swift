import Alert
import Maintenance
import Outside
import Store

/// What an attempt means to other channels.
package enum DeliveryTurn: Hashable, Sendable {
    /// Whoever was told of it instead hears its end.
    case taken(AlertNotification)
    /// These tell it instead.
    case refused(AlertNotification, ways: [FailOver.Way], problem: String)
}

extension RunLog {
    /// What is critical and waits behind something that its channel has failed to take so often, and was not told by
    /// another yet.
    package func heldUpNotifications(
        of channel: String, attempts: Int, most: Int
    ) async throws -> [SpooledNotification] {
        let now = clock.now()
        return try await store.read { reader in
            try reader.rows(
                AlertStatement.heldUpNotifications, ["channel": channel, "attempts": attempts, "most": most]
            ).map { row in
                SpooledNotification(
                    id: try row.get("id"), state: .queued, attempts: try row.get("attempts"), nextAt: now,
                    notification: try row.get("content", as: StoredJSON<AlertNotification>.self).value)
            }
        }
    }

    /// Has others tell what waits behind something else. It goes on waiting.
    package func failOver(_ item: SpooledNotification, ways: [FailOver.Way], problem: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            try follow(.refused(item.notification, ways: ways, problem: problem), at: now, in: writer)
            try writer.run(AlertStatement.sayWhyNotification, ["id": item.id, "outcome": problem])
        }
    }

    /// Puts what others are to tell into the spool, each once, with the decision for `alerts why`.
    func follow(_ turn: DeliveryTurn, at now: Timestamp, in writer: StoreWriter) throws {
        let lane: String
        var failOver: FailOver
        let told: [(way: FailOver.Way, notification: AlertNotification)]
        switch turn {
        case .taken(let notification):
            guard !notification.resolved.isEmpty else { return }
            lane = AlertDesk.lane(notification)
            failOver = try FailOver(lane, writer.reader)
            guard !failOver.open.isEmpty else { return }
            told = failOver.taken(notification)
        case .refused(let notification, let ways, let problem):
            lane = AlertDesk.lane(notification)
            failOver = try FailOver(lane, writer.reader)
            told = failOver.refused(notification, ways: ways, problem: problem)
        }
        for (way, notification) in told {
            try spool(notification, at: now, in: writer)
            let key: [String: any StoreConvertible] = [
                "lane": lane, "channel": way.channel, "recipient": way.recipient ?? "",
            ]
            if let open = failOver.open[way] {
                try writer.run(
                    AlertStatement.setInstead,
                    key.merging(["content": StoredJSON(open.sorted()), "at": now]) { first, _ in first })
            } else {
                try writer.run(AlertStatement.endInstead, key)
            }
        }
    }

    /// Unless the same decision has told it there, or is about to.
    private func spool(_ notification: AlertNotification, at now: Timestamp, in writer: StoreWriter) throws {
        let lane = AlertDesk.lane(notification)
        var digest = CanonicalDigest()
        digest.add(notification.recipients)
        let id = "\(notification.id)-\(digest.hexadecimal.prefix(8))"
        guard try writer.reader.first(AlertStatement.knowsNotification, ["id": id]) == nil,
            try writer.reader.first(
                AlertStatement.toldOtherwise, ["lane": lane, "at": notification.decidedAt]) == nil
        else { return }
        try writer.run(
            AlertStatement.insertNotification,
            [
                "id": id, "notification": notification.id, "channel": notification.channel, "lane": lane,
                "at": notification.decidedAt, "content": StoredJSON(notification),
                "precedence": notification.severity == .critical ? 0 : 1,
            ])
        let alerts = (notification.firing + notification.resolved).map(\.fingerprint)
        try AlertDesk.record(
            AlertDecision(
                at: now, receiver: notification.receiver, channel: notification.channel, alerts: alerts,
                outcome: .sent(notification.id), reason: notification.reason), writer)
    }
}

extension FailOver {
    fileprivate init(_ lane: String, _ reader: StoreReader) throws {
        var open: [Way: Set<String>] = [:]
        for row in try reader.rows(AlertStatement.insteadOf, ["lane": lane]) {
            let recipient: String = try row.get("recipient")
            let way = Way(channel: try row.get("channel"), recipient: recipient.isEmpty ? nil : recipient)
            open[way] = Set(try row.get("content", as: StoredJSON<[String]>.self).value)
        }
        self.init(open: open)
    }
}
