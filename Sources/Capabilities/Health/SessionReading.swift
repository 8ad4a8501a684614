import Engine
import Maintenance
import PostgreSQL

extension Reading {
    /// A reading of how long the worst of some sessions has been so.
    ///
    /// - Parameters:
    ///   - found: what the check is about, with its age; the oldest first.
    ///   - noun: what one of them is: `open transaction`.
    ///   - hidden: sessions that could not be looked at; while there are any, nothing counts as well.
    init(
        _ found: [(session: ServerSession, age: Duration)], _ noun: String, hidden: HiddenSessions?,
        _ context: CheckContext
    ) {
        let worst = found.first?.age ?? .zero
        self.init(value: worst.inSeconds)
        if let first = found.first {
            let count = found.count == 1 ? "one \(noun)" : "\(found.count) \(noun)s, the oldest"
            summary = "\(count) for \(first.age.short): \(first.session.description) (\(context.limits.text))"
        } else {
            summary = "no \(noun)"
        }
        for (index, (session, age)) in found.prefix(10).enumerated() {
            evidence["session \(index + 1)"] = .text("\(age.short): \(session.description)")
        }
        if !found.isEmpty { evidence["sessions"] = Scalar(found.count) }
        leaveOut(hidden, context)
    }

    /// Says that some sessions could not be looked at: what was seen may still be bad, and is never well.
    mutating func leaveOut(_ hidden: HiddenSessions?, _ context: CheckContext) {
        guard let hidden else { return }
        gaps.append(Observation.Gap("sessions of other roles at \(context.target)", hidden))
        let seen = state ?? value.map(context.limits.judge) ?? .unknown
        state = seen == .passed ? .unknown : seen
        summary = "\(summary ?? ""); \(hidden.problem)"
    }
}
