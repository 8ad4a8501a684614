import Guide
import Maintenance

/// What became of one command of a guide.
struct Resolution: Sendable, Hashable {
    var outcome: Outcome
    /// Why; one clause, empty where the outcome says it all.
    var reason = ""
    /// What is called most like it.
    var nearest: String?
    /// What of the command's own sentence or options this does not do; empty where it does all of it.
    var missing = ""

    /// Whether a step adds something that nobody works with yet, so that nobody has to say yes to it.
    var onlyAdds = false

    enum Outcome: Sendable, Hashable {
        /// A command of ours with its arguments, behind `mainstay`; nil for one that is no task.
        case task([String], Effect?)
        /// A program of the team's own, run as a step; nil where what it may do has to be declared.
        case step(Effect?)
        /// Nothing that a machine does.
        case manual
        /// What it means is known, and nothing here does it yet; the area that will.
        case notBuilt(String)
        /// A person has to say what is meant.
        case undecided
    }

    /// One word for tables.
    var name: String {
        switch outcome {
        case .task: "task"
        case .step: "command step"
        case .manual: "manual"
        case .notBuilt: "not built"
        case .undecided: "needs a decision"
        }
    }

    /// Why it is no step, and what is nearest; for comments and tables.
    var explanation: String {
        let why = if case .notBuilt(let area) = outcome { "not built yet (\(area))" } else { reason }
        return why + (nearest.map { "; nearest is '\($0)'" } ?? "")
    }

    /// `mainstay backup verify --auto-fix`; nil where it is none of ours.
    var command: String? {
        guard case .task(let arguments, _) = outcome else { return nil }
        return (["mainstay"] + arguments.map(\.shellQuoted)).joined(separator: " ")
    }
}
