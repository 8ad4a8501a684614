import Alert
import Calendar
import Maintenance
import Outside
import Settings
import Store

/// The message that goes through every channel although nothing is wrong. Whoever expects it notices when it does not
/// come, and which channel has not taken it is known here before it is needed.
package struct Canaries: Sendable {
    /// One channel, or one person behind it.
    package struct Way: Codable, Hashable, Sendable {
        package var channel: String
        /// Nil where the channel itself is the addressee.
        package var recipient: String?
        /// Something would stay open at the other side, or look as if it did, so that the end is told as well.
        package var hasEnd: Bool

        /// As findings about a channel call it.
        package var object: String { recipient.map { "\(channel) \($0)" } ?? channel }
    }

    /// How the last canary of a way stands.
    package struct Standing: Codable, Hashable, Sendable {
        package var way: Way
        /// Nil before the first.
        package var due: Timestamp?
        /// When the channel took it; nil while it has not.
        package var takenAt: Timestamp?
        package var next: Timestamp?

        /// Whether it should have been taken by now.
        package func isMissed(at now: Timestamp) -> Bool {
            guard let due, takenAt == nil else { return false }
            return now - due >= Canaries.patience
        }
    }

    /// So long after it was due a channel has to have taken it.
    package static let patience: Duration = .seconds(3_600)

    package var schedule: Schedule
    package var ways: [Way]

    /// The latest that is due after an instant and by now: of several that were missed one is made up for.
    func due(after last: Timestamp, at now: Timestamp) -> Timestamp? {
        var due: Timestamp?
        while let next = schedule.next(after: due ?? max(last, now - .seconds(40 * 86_400))), next <= now { due = next }
        return due
    }
}

extension Inventory {
    /// Nil without channels.
    package func canaries(_ zones: ZoneDirectory) throws(CalendarError) -> Canaries? {
        guard let alerts, !alerts.channels.isEmpty else { return nil }
        let expression: ScheduleExpression
        if let written = alerts.canary.schedule {
            expression = written.value
        } else {
            expression = try ScheduleExpression(AlertCanarySettings.standard, zones: zones)
        }
        let reached = alerts.reached
        let ways = alerts.channels.filter { !alerts.canary.leftOut.contains($0.name) }.flatMap { channel in
            // Its own people, and only where it has none whomever the routes name.
            let own = channel.access.recipients
            let people = own.isEmpty ? reached[channel.name, default: []].sorted() : own
            let recipients = channel.access.addressesPeople ? people.map(Optional.some) : [nil]
            return recipients.map {
                Canaries.Way(channel: channel.name, recipient: $0, hasEnd: channel.access.keepsAlerts)
            }
        }
        return Canaries(schedule: try Schedule(expression, in: alertContext(zones)), ways: ways)
    }
}

extension AlertChannelAccess {
    /// Whether an alert stays there until its end is told.
    fileprivate var keepsAlerts: Bool {
        switch self {
        case .pagerduty, .alertmanager, .slack: true
        case .email, .webhook, .ntfy, .sms, .command: false
        }
    }
}

/// What is remembered of canaries: since when a way is known, and which was put into the spool last.
struct CanaryBook: Codable, Hashable, Sendable {
    struct Entry: Codable, Hashable, Sendable {
        var since: Timestamp
        var due: Timestamp?
        /// Of the last one that was put into the spool.
        var notification: String?
    }

    static let stateName = "canary"

    /// By `Way.object`.
    var entries: [String: Entry] = [:]
}

extension RunLog {
    /// Puts what is due into the spool, one at a time for each way, in the transaction that remembers it.
    ///
    /// - Returns: how every way stands.
    package func send(_ canaries: Canaries) async throws -> [Canaries.Standing] {
        let now = clock.now()
        let known = try await canaryBook()
        let isDue = canaries.ways.contains { way in
            guard let entry = known.entries[way.object] else { return true }
            return canaries.due(after: entry.due ?? entry.since, at: now) != nil
        }
        if isDue || known.entries.count > canaries.ways.count {
            try await store.write { writer in
                var book = try CanaryBook.read(writer.reader)
                let ways = Set(canaries.ways.map(\.object))
                book.entries = book.entries.filter { ways.contains($0.key) }
                for way in canaries.ways { try canaries.send(way, &book, at: now, writer) }
                try writer.run(
                    AlertStatement.writeState,
                    ["name": CanaryBook.stateName, "content": StoredJSON(book), "rules": "", "written_at": now])
            }
        }
        return try await standing(of: canaries)
    }

    /// How every way stands, as it is in the store.
    package func standing(of canaries: Canaries) async throws -> [Canaries.Standing] {
        let now = clock.now()
        return try await store.read { reader in
            let book = try CanaryBook.read(reader)
            return try canaries.ways.map { way in
                let entry = book.entries[way.object]
                let spooled = try entry?.notification.flatMap { try SpooledNotification.first($0, reader) }
                return Canaries.Standing(
                    way: way, due: entry?.due, takenAt: spooled?.state == .sent ? spooled?.endedAt : nil,
                    next: canaries.schedule.next(after: now))
            }
        }
    }

    private func canaryBook() async throws -> CanaryBook { try await store.read { try CanaryBook.read($0) } }
}

extension CanaryBook {
    fileprivate static func read(_ reader: StoreReader) throws -> CanaryBook {
        guard let row = try reader.first(AlertStatement.state, ["name": stateName]) else { return CanaryBook() }
        return try row.get("content", as: StoredJSON<CanaryBook>.self).value
    }
}

extension AlertNotification {
    fileprivate static let canary = "canary"

    package var isCanary: Bool { receiver == Self.canary }
}

extension SpooledNotification {
    fileprivate static func first(_ notification: String, _ reader: StoreReader) throws -> SpooledNotification? {
        try reader.first(AlertStatement.notification, ["notification": notification]).map(SpooledNotification.init)
    }
}

extension Canaries {
    /// One that still waits to be taken stands for those that are due meanwhile.
    fileprivate func send(_ way: Way, _ book: inout CanaryBook, at now: Timestamp, _ writer: StoreWriter) throws {
        var entry = book.entries[way.object] ?? CanaryBook.Entry(since: now)
        defer { book.entries[way.object] = entry }
        guard let due = due(after: entry.due ?? entry.since, at: now) else { return }
        if let last = entry.notification, try SpooledNotification.first(last, writer.reader)?.state == .queued {
            return
        }
        var (begin, end) = Router.rehearsal(
            AlertNotification.canary, through: way.channel, to: way.recipient,
            summary: "the canary of the channel '\(way.channel)': nothing is wrong, and whoever reads this is reached",
            at: now)
        var digest = CanonicalDigest()
        digest.add(way.object)
        begin.id = "canary-\(due.microseconds)-\(digest.hexadecimal.prefix(12))"
        end.id = "\(begin.id)-end"
        for notification in way.hasEnd ? [begin, end] : [begin] { try AlertDesk.spool(notification, writer) }
        entry.due = due
        entry.notification = begin.id
    }
}
