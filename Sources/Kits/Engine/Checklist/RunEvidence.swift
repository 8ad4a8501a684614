import Maintenance

/// What the runs of one task at one target say, told from nothing but their records.
///
/// The newest run that began and came to an end decides. One that is still at work, or waits, has not said anything yet;
/// one with other options may have looked at less, so that it counts where it failed and not where it succeeded.
struct RunEvidence: Sendable {
    var now: Timestamp
    var countsFor: Duration
    /// A finding of this severity or above is a no.
    var severity: Severity
    /// Runs that have not ended although their process died.
    var dead: Set<String>

    /// - Parameters:
    ///   - steps: of one task at one target, the newest first.
    ///   - arguments: the options it has to have been run with, normalised.
    ///   - command: what would answer, for people.
    func judge(_ steps: [StepRecord], arguments: [String], at target: Target, command: String) -> Evidence {
        var others = 0
        for step in steps {
            switch standing(step) {
            case .says(let evidence): return evidence
            case .nothing: continue
            case .ended where step.arguments != arguments: others += 1
            case .ended: return judge(ended: step)
            }
        }
        let rest = others == 0 ? "" : "; \(others) with other options"
        return .unknown("no run of \(command) at \(target)\(rest)")
    }

    /// What one check says at one target.
    ///
    /// - Parameter steps: of the health check at the target's environment, the newest first.
    func judge(_ steps: [StepRecord], check: String, at target: Target) -> Evidence {
        for step in steps where step.asks(check) {
            let what = "run \(step.runID)"
            // A step that ended unproven may have answered this check all the same.
            guard let outcome = step.observation?.checks.first(where: { $0.check == check && $0.target == target }),
                step.state == .succeeded || step.state == .unproven, let at = step.endedAt
            else {
                switch standing(step) {
                case .says(let evidence): return evidence
                case .nothing: continue
                case .ended: return .unknown("\(what) did not ask \(check) at \(target)", runID: step.runID)
                }
            }
            let found = step.observation?.findings.first {
                $0.code == outcome.code && target.contains($0.target) && $0.severity >= severity
            }
            let (state, reason): (ItemState, String) =
                switch outcome.state {
                case .unknown: (.unknown, "\(check) at \(target): \(outcome.summary)")
                case let state where state.isAtOrAbove(severity): (.red, "\(check) at \(target): \(outcome.summary)")
                default: (.green, "\(check) at \(target): \(outcome.summary)")
                }
            return Evidence(
                found == nil ? state : .red, found.map { "\($0.code) at \($0.target): \($0.summary)" } ?? reason,
                what: "\(check) at \(target)", at: at, countsFor: countsFor, now: now, runID: step.runID)
        }
        return .unknown("nobody asked \(check) at \(target)")
    }

    private enum Standing {
        /// It ended well enough to be looked at.
        case ended
        /// It says nothing, and what was before it counts on.
        case nothing
        case says(Evidence)
    }

    private func standing(_ step: StepRecord) -> Standing {
        let what = "run \(step.runID)"
        let why = step.error.map { ": \($0.problem)" } ?? ""
        func unknown(_ reason: String) -> Standing { .says(.unknown("\(what) \(reason)", runID: step.runID)) }
        switch step.state {
        case .pending, .waiting: return .nothing
        case .running: return dead.contains(step.runID) ? unknown("ended in the middle: its process died") : .nothing
        case .cancelled: return unknown("was interrupted\(why)")
        case .uncertain: return unknown("has a change of which nobody can tell whether it was made\(why)")
        case .unproven: return unknown("is unproven\(why)")
        case .skipped: return unknown("was cut short\(why)")
        case .failed, .refused:
            guard let at = step.endedAt else { return unknown("is \(step.state.rawValue) at no time") }
            return .says(
                Evidence(
                    .red, "\(what) \(step.state == .failed ? "failed" : "was refused")\(why)", what: what, at: at,
                    countsFor: countsFor, now: now, runID: step.runID))
        case .succeeded: return .ended
        }
    }

    /// A step that succeeded with the right options. What it could not look at, or has nothing to compare with, it says
    /// itself.
    private func judge(ended step: StepRecord) -> Evidence {
        let what = "run \(step.runID)"
        guard let at = step.endedAt else { return .unknown("\(what) ended at no time", runID: step.runID) }
        guard let seen = step.observation else {
            return .unknown("\(what) left no record of what it saw", runID: step.runID)
        }
        if let gap = seen.gaps.first {
            return .unknown("\(what) could not look at \(gap.subject): \(gap.reason.problem)", runID: step.runID)
        }
        let found = seen.findings.filter { $0.severity >= severity }.max { $0.severity < $1.severity }
        if let found {
            return Evidence(
                .red, "\(found.code) at \(found.target): \(found.summary)", what: what, at: at, countsFor: countsFor,
                now: now, runID: step.runID)
        }
        if let blind = seen.checks.first(where: { $0.state == .unknown }) {
            return .unknown("\(blind.check) at \(blind.target): \(blind.summary)", runID: step.runID)
        }
        return Evidence(
            .green, "\(what) succeeded", what: what, at: at, countsFor: countsFor, now: now, runID: step.runID)
    }
}

extension StepRecord {
    /// Whether a health check with these options asks this check at all.
    fileprivate func asks(_ check: String) -> Bool {
        let chosen = arguments.filter { $0.hasPrefix("--check=") }
        return (chosen.isEmpty || chosen.contains("--check=\(check)")) && !arguments.contains("--skip=\(check)")
    }
}

extension CheckOutcome.State {
    fileprivate func isAtOrAbove(_ severity: Severity) -> Bool {
        switch self {
        case .passed, .unknown: false
        case .warning: severity <= .warning
        case .critical: true
        }
    }
}
