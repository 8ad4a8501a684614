import Maintenance

/// What somebody asks the engine to do.
package struct RunRequest: Sendable {
    /// The id the run gets; nil for a new one. Whoever has to tell it before the run begins gives one of `newID`.
    package var id: String?
    package var name: String
    package var isRoutine: Bool
    package var isDryRun: Bool
    package var steps: [Step]
    package var requester: Requester
    /// Who asked first, where somebody goes on with a run.
    package var asker: Requester?
    /// The start by schedule that the run is, claimed in the transaction that records it; nil where somebody asked.
    package var start: ScheduledStart?
    /// Carry out exactly this plan or nothing.
    package var planDigest: String?
    /// No change starts later than this after the run began.
    package var timeLimit: Duration?
    /// Asked once for each plan that removes data in a protected environment; nil where nobody can be asked.
    package var confirm: (@Sendable (Plan) async -> Bool)?

    package struct Step: Sendable {
        package var task: ParsedTask
        package var target: Target
        /// Nil for a task that somebody runs by itself.
        package var terms: StepTerms?

        package init(_ task: ParsedTask, on target: Target, terms: StepTerms? = nil) {
            self.task = task
            self.target = target
            self.terms = terms
        }
    }

    package init(
        name: String, isRoutine: Bool = false, isDryRun: Bool = false, steps: [Step], requester: Requester,
        planDigest: String? = nil, timeLimit: Duration? = nil, confirm: (@Sendable (Plan) async -> Bool)? = nil
    ) {
        self.name = name
        self.isRoutine = isRoutine
        self.isDryRun = isDryRun
        self.steps = steps
        self.requester = requester
        self.planDigest = planDigest
        self.timeLimit = timeLimit
        self.confirm = confirm
    }

    package static func newID(at now: Timestamp) -> String {
        var generator = SystemRandomNumberGenerator()
        return RunID.make(at: now, using: &generator)
    }
}
