import Engine
import Maintenance

/// A plan as a dry run prints it: every statement and path to the letter, and what each would mean.
struct PlanText {
    var style: Style
    var width: Int?

    func lines(_ plan: Plan) -> [String] {
        var lines = [style.bold("\(plan.target)") + ": " + Self.count(plan.changes.count)]
        lines += (plan.packing?.windowLines ?? []).flatMap { $0.wrapped(to: width, indent: "  ") }
        for (index, change) in plan.changes.enumerated() {
            lines.append("")
            let entry = plan.packing?[change.id]
            lines += describe(change, number: index + 1, entry)
            lines += (entry?.lines ?? []).flatMap { $0.wrapped(to: width, indent: "     ") }.map(style.warning)
        }
        for need in plan.needs ?? [] {
            lines.append("")
            lines += "needs approval by \(need.people): \(need.reason)".wrapped(to: width).map(style.warning)
        }
        for refusal in plan.refusals {
            lines.append("")
            lines += describe(refusal.change, number: nil, nil)
            lines += "refused: \(refusal.reason.problem)".wrapped(to: width, indent: "     ").map(style.bad)
            if let hint = refusal.reason.hint { lines += "hint: \(hint)".wrapped(to: width, indent: "     ") }
        }
        return lines
    }

    private func describe(_ change: Change, number: Int?, _ entry: PlanPacking.Entry?) -> [String] {
        let mark = (number.map { "\($0)." } ?? "✗").padded(to: 3)
        // Statements and paths are never cut: they are what somebody approves.
        var lines = change.action.lines.enumerated().map { index, line in
            "\(index == 0 ? mark : "   ") \(style.bold(line.printable))"
        }
        lines += change.reason.printable.wrapped(to: width, indent: "     ")
        var facts: [String] = [change.effect.rawValue]
        if let changeClass = change.changeClass { facts.append("class: \(changeClass.rawValue)") }
        if let lock = change.lock { facts.append("takes \(lock.rawValue): \(lock.consequence)") }
        if let entry, let start = entry.startsAt { facts.append("starts \(start)") }
        if let estimate = entry?.expected ?? change.estimate {
            facts.append("about \(Duration.seconds(estimate.seconds).short) (\(estimate.source))")
        }
        facts.append("to undo: \(change.reversal)")
        if let authority = change.authority { facts.append("allowed by \(authority.printable)") }
        return lines + facts.joined(separator: "; ").wrapped(to: width, indent: "     ").map(style.dim)
    }

    static func count(_ changes: Int) -> String {
        switch changes {
        case 0: "nothing to change"
        case 1: "1 change"
        default: "\(changes) changes"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
