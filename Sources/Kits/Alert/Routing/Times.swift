import Calendar
import Maintenance

/// Stretches of time by name: `nights`, `weekends`, a freeze. What mutes, what keeps quiet and what is active speak of them.
package struct Times: Hashable, Sendable {
    package var name: String
    /// Windows of the calendar; what a calendar that cannot be read would open stays closed.
    package var schedules: [Schedule]
    /// Stretches by their ends, the second not included.
    package var spans: [Range<Timestamp>]

    package init(name: String, schedules: [Schedule] = [], spans: [Range<Timestamp>] = []) {
        self.name = name
        self.schedules = schedules
        self.spans = spans
    }

    /// Whether a calendar that it needs cannot be read now.
    var isUnreadable: Bool { schedules.contains { $0.closed != nil } }

    package func contains(_ instant: Timestamp) -> Bool { end(containing: instant) != nil }

    /// When what is open now closes; nil where nothing is.
    package func end(containing instant: Timestamp) -> Timestamp? {
        let windows = schedules.compactMap { $0.window(containing: instant)?.end }
        return (windows + spans.filter { $0.contains(instant) }.map(\.upperBound)).max()
    }
}

/// When something comes round: a batch goes out, an on-call shift is handed over.
package enum Beat: Hashable, Sendable {
    case schedule(Schedule)
    /// Counted from the beginning of 1970, so that it needs no memory.
    case every(Duration)

    /// The first one after an instant; nil where there is none any more.
    package func next(after instant: Timestamp) -> Timestamp? {
        switch self {
        case .schedule(let schedule): return schedule.next(after: instant)
        case .every(let duration):
            let length = max(duration.microseconds, 1)
            let count = instant.microseconds / length - (instant.microseconds % length < 0 ? 1 : 0)
            return Timestamp(microseconds: (count + 1) * length)
        }
    }

    /// As it was written.
    var text: String {
        switch self {
        case .schedule(let schedule): "\(schedule.expression.text) \(schedule.expression.zone ?? "")"
        case .every(let duration): "every \(duration.canonical)"
        }
    }
}
