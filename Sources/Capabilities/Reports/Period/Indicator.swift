import Calendar
import Engine
import Maintenance
import Monitor
import Page

/// A figure that says whether maintenance does what it is for, with what it is counted from.
struct Indicator: Hashable, Sendable {
    var name: String
    var unit: Measurement.Unit
    /// Nil where nothing was there to be counted.
    var value: Double?
    var before: Double?
    var goal: Goal?
    /// What it was counted from: `412 of 415 steps`; or why there is nothing.
    var counted: String
    var definition: String

    enum Goal: Hashable, Sendable {
        case above(Double)
        case below(Double)

        func isMet(_ value: Double) -> Bool {
            switch self {
            case .above(let limit): value >= limit
            case .below(let limit): value <= limit
            }
        }

        func text(_ unit: Measurement.Unit) -> String {
            switch self {
            case .above(let limit): "at least \(unit.text(limit))"
            case .below(let limit): "at most \(unit.text(limit))"
            }
        }
    }

    var standing: Standing? {
        guard let goal else { return nil }
        guard let value else { return .unknown }
        return goal.isMet(value) ? .good : .warning
    }

    /// `+1.2 %`; nil where one of both is not known.
    var change: String? {
        guard let value, let before else { return nil }
        let difference = value - before
        if difference.magnitude < 0.005 { return "the same" }
        let text =
            unit == .percent ? "\(difference.magnitude.formatted(decimals: 2)) points" : unit.text(difference.magnitude)
        return "\(difference > 0 ? "up" : "down") \(text)"
    }
}

extension PeriodMaterial {
    /// The contribux guide's key figures (its section "Key Performance Indicators"), each defined by what it counts.
    var indicators: [Indicator] {
        [completion, proved, uptime, consistency, prevention, efficiency, utilisation]
    }

    private var completion: Indicator {
        let (now, old) = (current.workload.ended, before.workload.ended)
        return Indicator(
            name: "Task completion", unit: .percent, value: now.percentage, before: old.percentage, goal: .above(99),
            counted: "\(now.good.grouped) of \(now.all.grouped) steps succeeded",
            definition: """
                Steps that succeeded, of all that ended: succeeded, unproven, failed, refused, cancelled or uncertain. Steps \
                that were skipped, that still wait, and dry runs count nowhere.
                """)
    }

    private var proved: Indicator {
        let (now, old) = (current.workload.proved, before.workload.proved)
        return Indicator(
            name: "Changes proved", unit: .percent, value: now.percentage, before: old.percentage, goal: .above(100),
            counted: "\(now.good.grouped) of \(now.all.grouped) changes that were begun",
            definition: """
                Changes whose effect was seen afterwards, of all that were begun and are over or undecided. What was refused, \
                skipped or only planned was not begun.
                """)
    }

    private var uptime: Indicator {
        let all = current.answers.values.reduce(Rollup.Answers(), +)
        let old = before.answers.values.reduce(Rollup.Answers(), +)
        return Indicator(
            name: "Uptime", unit: .percent, value: all.uptime?.value, before: old.uptime?.value, goal: .above(99.9),
            counted: all.evidence == 0
                ? "nothing is asked all the time: see 'mainstay monitor enable'"
                : "\((all.evidence - all.critical).grouped) of \(all.evidence.grouped) answers",
            definition: """
                Answers that were not critical, of all that continuous checks got which ask whether something is there (\
                \(Self.answering.sorted().joined(separator: ", "))). What was seen during our own planned work, and what \
                nobody could look at, counts nowhere.
                """)
    }

    private var consistency: Indicator {
        let (now, old) = (current.variations.median, before.variations.median)
        return Indicator(
            name: "Variation of times to answer", unit: .percent, value: now, before: old, goal: .below(5),
            counted: now == nil
                ? "no time to answer was measured on three days" : "\(current.variations.count) series of times",
            definition: """
                For every service that is asked all the time, the standard deviation of the days' medians of its time to \
                answer, in percent of their mean; of all services the one in the middle.
                """)
    }

    private var prevention: Indicator {
        let (now, old) = (current.workload.prevented, before.workload.prevented)
        return Indicator(
            name: "Issue prevention", unit: .percent, value: now.percentage, before: old.percentage, goal: .above(95),
            counted: "\(now.good.grouped) of \(now.all.grouped) warnings and criticals never were critical",
            definition: """
                Findings first seen in the period that never became critical, of all that were at least a warning.
                """)
    }

    private var efficiency: Indicator {
        let (now, old) = (current.workload.routineLength, before.workload.routineLength)
        return Indicator(
            name: "Mean length of a routine", unit: .seconds, value: now.map(\.inSeconds), before: old.map(\.inSeconds),
            goal: .below(2 * 3_600),
            counted: "\(current.workload.routines.reduce(0) { $0 + $1.count }.grouped) runs of routines",
            definition: "From the start of a routine's run to its end, waiting included, over all that ended.")
    }

    private var utilisation: Indicator {
        let (now, old) = (current.utilisation, before.utilisation)
        return Indicator(
            name: "Use of windows", unit: .percent, value: now?.percentage, before: old?.percentage, goal: nil,
            counted: now.map { "\($0.used.short) of work in \($0.open.short) of windows" }
                ?? current.windowsProblem ?? "no window for changes is configured",
            definition: """
                Time in which changes were made inside the environment's primary windows, of all the time in which \
                these were open. A high figure says that windows become too short.
                """)
    }
}

extension WorkTally {
    /// A part of something.
    struct Share {
        var good: Int
        var all: Int
        var percentage: Double? { all == 0 ? nil : Double(good) / Double(all) * 100 }
    }

    var ended: Share { ended { _ in true } }

    func ended(_ isMeant: (Steps) -> Bool) -> Share {
        let counted = steps.filter {
            isMeant($0) && [.succeeded, .unproven, .failed, .refused, .cancelled, .uncertain].contains($0.state)
        }
        return Share(
            good: counted.filter { $0.state == .succeeded }.reduce(0) { $0 + $1.count },
            all: counted.reduce(0) { $0 + $1.count })
    }

    var proved: Share { proved { _ in true } }

    func proved(_ isMeant: (Changes) -> Bool) -> Share {
        let begun = changes.filter { isMeant($0) && [.proved, .unproven, .failed, .undecided].contains($0.state) }
        return Share(
            good: begun.filter { $0.state == .proved }.reduce(0) { $0 + $1.count },
            all: begun.reduce(0) { $0 + $1.count })
    }

    fileprivate var prevented: Share {
        let counted = findings.filter { $0.worst > .info }
        return Share(
            good: counted.filter { $0.worst < .critical }.reduce(0) { $0 + $1.count },
            all: counted.reduce(0) { $0 + $1.count })
    }

    fileprivate var routineLength: Duration? {
        let count = routines.reduce(0) { $0 + $1.count }
        return count == 0 ? nil : routines.reduce(Duration.zero) { $0 + $1.spent } / count
    }
}

extension PeriodMaterial.Stretch {
    fileprivate var utilisation: (used: Duration, open: Duration, percentage: Double)? {
        guard windowsProblem == nil else { return nil }
        let open = windows.values.flatMap(\.self).reduce(Duration.zero) { $0 + $1.length }
        guard open > .zero else { return nil }
        let used = windows.reduce(Duration.zero) { sum, entry in
            let work = workload.work.filter { $0.environment == entry.key }.map(\.time)
            return sum + entry.value.overlap(with: work.merged)
        }
        return (used, open, used / open * 100)
    }
}

extension [Double] {
    fileprivate var median: Double? { isEmpty ? nil : sorted()[count / 2] }
}
