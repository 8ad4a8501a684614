/// The states of one change in the journal and the only ways between them.
///
/// `planned → started → applied → proved`, with what can go wrong at each point. What a crash leaves as `started` or
/// `applied` is *uncertain*: the server and child programs went on, so only its witness can say what happened.
package enum ChangeState: String, Codable, CaseIterable, Sendable {
    /// In the plan; nothing was done.
    case planned
    /// Durably noted right before the side effect, with precondition and witness.
    case started
    /// The side effect's own call came back without an error.
    case applied
    /// Looked at again, and it is so.
    case proved
    /// Looked at again, and it cannot be shown to be so.
    case unproven
    /// The side effect's own call came back with an error.
    case failed
    /// Policy, or a precondition that no longer holds, kept it from starting.
    case refused
    /// Not done, because the run ended before its turn.
    case skipped
    /// After a crash nothing could tell whether it was done; a person has to.
    case undecided

    /// Where the journal may go from here.
    package var successors: Set<ChangeState> {
        switch self {
        case .planned: [.started, .refused, .skipped]
        case .started: [.applied, .failed, .proved, .undecided, .planned]
        case .applied: [.proved, .unproven, .undecided]
        case .undecided: [.proved, .planned, .failed]
        case .proved, .unproven, .failed, .refused, .skipped: []
        }
    }

    package var isFinal: Bool { successors.isEmpty }
    /// A crash may have happened in the middle of its side effect or before its proof.
    package var isUncertain: Bool { self == .started || self == .applied || self == .undecided }
}

/// What looking again after a change, or after a crash, says.
package enum Proof: Sendable, Hashable {
    /// It is done; what shows it.
    case done(Facts)
    /// It is not done, and nothing of it is half done: it may be started again.
    case notDone(String)
    /// It ran and did not succeed; something of it may be done, so it is not started again by itself. With what shows it.
    case failed(String, Facts)
    /// Neither can be shown.
    case unknown(String)
}

/// How a step of a run stands.
package enum StepState: String, Codable, CaseIterable, Sendable {
    case pending, running
    case succeeded
    /// Done or looked, but the proof is missing.
    case unproven
    case failed
    /// Policy did not allow it.
    case refused
    case skipped, cancelled
    /// Waits for an approval or a window.
    case waiting
    /// A crash left a change that only a person can decide about.
    case uncertain

    package var isEnded: Bool { self != .pending && self != .running && self != .waiting && self != .uncertain }

    /// What a command with only this step would exit with.
    package var exitStatus: ExitStatus {
        switch self {
        case .succeeded, .skipped, .pending, .running: .success
        case .unproven, .failed, .refused: .failure
        case .cancelled: .interrupted
        case .waiting, .uncertain: .waiting
        }
    }
}

/// How a run stands as a whole.
package enum RunState: String, Codable, CaseIterable, Sendable {
    case running, succeeded, failed, cancelled, uncertain
    /// No process carries it out: a step waits for an approval, and `resume` goes on once it has one.
    case waiting

    package init(_ steps: some Sequence<StepState>) {
        let states = Set(steps)
        if states.contains(.uncertain) {
            self = .uncertain
        } else if states.contains(.pending) || states.contains(.running) {
            self = .running
        } else if states.contains(.waiting) {
            self = .waiting
        } else if states.contains(.cancelled) {
            self = .cancelled
        } else if !states.isDisjoint(with: [.failed, .unproven, .refused]) {
            self = .failed
        } else {
            self = .succeeded
        }
    }

    /// False while a process carries it out, or a person has to say something first.
    package var isEnded: Bool { self != .running && self != .uncertain && self != .waiting }
}
