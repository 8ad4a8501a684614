import Maintenance
import Settings

/// One execution of a task or a routine.
package struct RunRecord: Codable, Hashable, Sendable, Identifiable {
    package var id: String
    /// The routine's name or the task's.
    package var name: String
    package var isRoutine: Bool
    package var isDryRun: Bool
    package var environments: [String]
    package var state: RunState
    package var requester: Requester
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
}

/// Who asked for a run, as the operating system knows them.
package struct Requester: Codable, Hashable, Sendable {
    package var user: String
    /// The person behind `sudo`, if it was used.
    package var sudoUser: String?
    package var host: String
    package var processID: Int32
    /// What of Mainstay's own asked, where no person did: `scheduler`.
    package var service: String?

    package init(
        user: String, sudoUser: String? = nil, host: String, processID: Int32, service: String? = nil
    ) {
        self.user = user
        self.sudoUser = sudoUser
        self.host = host
        self.processID = processID
        self.service = service
    }

    /// `ann as root`: the person first, where `sudo` says who it is, or `scheduler as root`. Hostile text.
    package var name: String { (service ?? sudoUser).map { "\($0) as \(user)" } ?? user }
}

/// One task on one target inside a run.
package struct StepRecord: Codable, Hashable, Sendable {
    package var runID: String
    /// From 1, in the order of the routine.
    package var number: Int
    package var task: String
    package var arguments: [String]
    package var target: Target
    /// Under which terms its routine does it; nil for a task by itself.
    package var terms: StepTerms?
    package var state: StepState
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var plan: Plan?
    /// What the survey yielded, without the changes, which stand in the plan.
    package var observation: Observation?
    package var error: ErrorReport?

    package var duration: Duration? {
        guard let startedAt, let endedAt else { return nil }
        return endedAt - startedAt
    }
}

extension StepRecord {
    /// What it does, as people name it: `db update-stats`; for a command its words, for a checklist its name.
    package var title: String {
        if task == ChecklistStep.name, let name = arguments.last { return "\(task) \(name)" }
        guard task == CommandStep.name, let end = arguments.firstIndex(of: "--") else {
            return task.split(separator: ".").joined(separator: " ")
        }
        return CommandSettings(program: Array(arguments[(end + 1)...])).shown
    }
}

/// One change of a step's plan and how far it came.
package struct ChangeRecord: Codable, Hashable, Sendable {
    package var runID: String
    package var step: Int
    /// From 1, in the order of the plan.
    package var number: Int
    package var change: Change
    package var state: ChangeState
    /// What was seen right before the side effect, to compare with afterwards.
    package var witness: Facts?
    /// What showed that it is done.
    package var evidence: Facts?
    package var error: ErrorReport?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// Of the change as the store holds it, where that is known without asking; not a part of what is told of it.
    var contentDigest: String?

    package var duration: Duration? {
        guard let startedAt, let endedAt else { return nil }
        return endedAt - startedAt
    }

    private enum CodingKeys: CodingKey {
        case runID, step, number, change, state, witness, evidence, error, startedAt, endedAt
    }
}

extension ChangeRecord {
    /// By what is told of it: one that was read and one that was just made are the same.
    package static func == (left: ChangeRecord, right: ChangeRecord) -> Bool { left.told == right.told }

    package func hash(into hasher: inout Hasher) { hasher.combine(told) }

    private struct Told: Hashable {
        var place: [Int]
        var runID: String
        var change: Change
        var state: ChangeState
        var facts: [Facts?]
        var error: ErrorReport?
        var times: [Timestamp?]
    }

    private var told: Told {
        Told(
            place: [step, number], runID: runID, change: change, state: state, facts: [witness, evidence], error: error,
            times: [startedAt, endedAt])
    }
}

/// One move of a change from state to state.
package struct JournalEntry: Codable, Hashable, Sendable {
    package var runID: String
    package var number: Int
    package var step: Int
    package var change: Int
    package var from: ChangeState
    package var to: ChangeState
    package var at: Timestamp
    package var detail: Facts
}

/// A finding with its life.
package struct FindingRecord: Codable, Hashable, Sendable {
    package var finding: Finding
    package var task: String
    package var firstSeen: Timestamp
    package var lastSeen: Timestamp
    package var runID: String
    package var resolvedAt: Timestamp?
}

/// What a catalog, or something else, is expected to be, because a person accepted it.
package struct Baseline: Codable, Hashable, Sendable {
    package var subject: String
    package var target: Target
    package var digest: String
    /// The whole text behind the digest, so that a difference can be named.
    package var content: String
    package var acceptedBy: String
    package var acceptedAt: Timestamp

    package init(
        subject: String, target: Target, digest: String, content: String, acceptedBy: String, acceptedAt: Timestamp
    ) {
        self.subject = subject
        self.target = target
        self.digest = digest
        self.content = content
        self.acceptedBy = acceptedBy
        self.acceptedAt = acceptedAt
    }
}
