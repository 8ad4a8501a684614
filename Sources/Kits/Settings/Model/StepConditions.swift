import Calendar
import Maintenance

/// What a routine's step depends on, and what becomes of the rest when it fails.
package struct StepConditions: Sendable, Equatable {
    /// What other steps of the routine call it; nil where none does.
    package var name: String?
    /// Steps that have to have succeeded in the same environment.
    package var needs: [String] = []
    package var when: StepOccasion?
    package var onFailure = FailureAnswer()
    /// How often it is tried again, and how long after the first time; the wait doubles each time.
    package var retries: StepRetries?
    /// For a task: after this no change starts, and what it is at is interrupted. A command has its own.
    package var timeLimit: Duration?
    /// How many of its targets in an environment are worked on at once; nil for one after the other.
    package var concurrency: Int?
    /// How urgent its changes are at least, where a window is too short for everything.
    package var priority: Severity?

    package init() {}

    /// Whether nothing of it is written.
    var isEmpty: Bool { self == StepConditions() }
}

/// When a step is done at all; all that is said has to be so.
package struct StepOccasion: Sendable, Equatable {
    /// Labels of the environment, with their values.
    package var labels: [String: String] = [:]
    /// Windows the routine's start has to lie in.
    package var during: Written<ScheduleExpression>?
    /// Earlier steps of the routine, and what has to have come of each.
    package var results: [String: StepResult] = [:]

    package init() {}
}

/// What a later step can ask about an earlier one.
package enum StepResult: String, Codable, CaseIterable, Sendable {
    case succeeded
    /// Also where it was refused, or its proof is missing.
    case failed
    /// It reported at least one finding.
    case findings
    /// At least one change of it was proved.
    case changes
}

/// What becomes of the routine in an environment where a step fails.
package struct FailureAnswer: Sendable, Equatable {
    /// No later step of the run begins in that environment.
    package var stops = false
    /// A routine that is run there, whatever else follows.
    package var routine: String?

    package init(stops: Bool = false, routine: String? = nil) {
        self.stops = stops
        self.routine = routine
    }
}

package struct StepRetries: Sendable, Equatable, Codable, Hashable {
    package var count: Int
    package var backoff: Duration

    package init(count: Int, backoff: Duration = .seconds(5)) {
        self.count = count
        self.backoff = backoff
    }
}
