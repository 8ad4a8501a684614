import Calendar
import Maintenance
import Settings

/// What can be wrong with what should start by itself: findings about the estate, whose object is the routine's name.
package enum ScheduleFinding: String, CaseIterable, Sendable {
    /// A start was not made within `late-within`.
    case missed = "SC001"
    /// A start was left out, because the routine was still at work.
    case overlapped = "SC002"
    /// Nothing starts: a calendar that is needed cannot be read.
    case closed = "SC003"
    /// A start found nothing to work on, or could not be understood.
    case refused = "SC004"
    /// No run succeeded within `done-within` after a start.
    case overdue = "SC005"
    /// Whoever watches from outside could not be told how it goes.
    case unheard = "SC006"
    /// A list of days has no further one; its object is the calendar.
    case ending = "SC007"
    /// People have to start it, and nobody has yet.
    case due = "SC008"

    /// What is over as soon as the routine starts again.
    static let endedByStart: [ScheduleFinding] = [.missed, .overlapped, .closed, .refused]

    package func finding(_ routine: String, _ summary: String, evidence: Facts = [:], mend: String? = nil) -> Finding {
        Finding(
            code: rawValue, severity: severity, target: .estate, object: routine,
            summary: summary, evidence: evidence, mend: mend)
    }

    private var severity: Severity {
        switch self {
        case .overlapped: .info
        case .missed, .due, .closed, .refused, .unheard, .ending: .warning
        case .overdue: .critical
        }
    }

    func fingerprint(of routine: String) -> String { finding(routine, "").fingerprint }
}

extension ScheduledRoutine {
    /// When a run has to have succeeded, counted from the first start after the last one that did.
    ///
    /// - Parameter lastSuccess: when that run had started; nil where none ever succeeded.
    package func deadline(lastSuccess: Timestamp?, since: Timestamp) -> (due: Timestamp, at: Timestamp)? {
        let from = max(lastSuccess ?? since, since)
        return schedule.next(after: from).map { ($0, $0 + timing.doneWithin) }
    }

    /// The dead-man's finding; nil while there is time.
    package func overdue(lastSuccess: Timestamp?, since: Timestamp, now: Timestamp) -> Finding? {
        guard let deadline = deadline(lastSuccess: lastSuccess, since: since), deadline.at < now else { return nil }
        let last = lastSuccess.map { "the last one that succeeded started \($0)" } ?? "none ever succeeded"
        return ScheduleFinding.overdue.finding(
            name, "'\(name)' was due \(deadline.due) and has not succeeded since; \(last)",
            evidence: ["due": .text(deadline.due.iso8601), "deadline": .text(deadline.at.iso8601)],
            mend: "mainstay run \(name) --all-environments")
    }
}
