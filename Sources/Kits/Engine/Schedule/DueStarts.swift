import Calendar
import Maintenance

/// One start by schedule.
package struct ScheduledStart: Codable, Hashable, Sendable {
    package var routine: String
    /// When the schedule says.
    package var due: Timestamp

    package init(routine: String, due: Timestamp) {
        self.routine = routine
        self.due = due
    }
}

/// What a schedule's past asks for at this moment, given how far it was decided about: the misfire policy, as a function.
package enum DueStarts: Hashable, Sendable {
    /// Nothing is due; when the next start is, if there is one.
    case none(next: Timestamp?)
    /// One start, the latest that is due; those before it, if there are any, are made up for by it.
    case start(Timestamp)
    /// All that are due are too late, the first of them at this instant.
    case missed(first: Timestamp)

    /// - Parameters:
    ///   - decidedUntil: starts up to here were made or given up.
    ///   - lateWithin: a start that is due for longer is not made.
    package init(_ schedule: Schedule, decidedUntil: Timestamp, now: Timestamp, lateWithin: Duration) {
        guard let first = schedule.next(after: decidedUntil), first <= now else {
            self = .none(next: schedule.next(after: decidedUntil))
            return
        }
        // Starts are whole seconds: one that is exactly as late as allowed is still made.
        var cursor = max(decidedUntil, now - lateWithin - .microseconds(1))
        var latest: Timestamp?
        while let start = schedule.next(after: cursor), start <= now {
            if now - start <= lateWithin { latest = start }
            cursor = start
        }
        self = latest.map { .start($0) } ?? .missed(first: first)
    }
}
