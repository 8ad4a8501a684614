import Calendar
import Maintenance

/// A named list of steps, run one after the other.
package struct RoutineSettings: Sendable, Equatable {
    package var name: String
    package var summary: String?
    /// When it starts; nil for what the shipped routine of its name has.
    package var schedule: Written<ScheduleExpression>?
    package var timing = RoutineTiming()
    /// On how many environments it works at once; nil for four.
    package var concurrency: Int?
    /// Who hears from outside how it goes; whoever knows the URL can say so too.
    package var ping: ConfiguredText?
    package var steps: [RoutineStep]
    package var location: SourceLocation

    package init(
        name: String, summary: String? = nil, schedule: Written<ScheduleExpression>? = nil,
        timing: RoutineTiming = RoutineTiming(), concurrency: Int? = nil, ping: ConfiguredText? = nil,
        steps: [RoutineStep], location: SourceLocation
    ) {
        self.name = name
        self.summary = summary
        self.schedule = schedule
        self.timing = timing
        self.concurrency = concurrency
        self.ping = ping
        self.steps = steps
        self.location = location
    }
}

/// One step of a routine, and where it is done.
package struct RoutineStep: Sendable, Equatable {
    package var action: Action
    /// Nil for those the routine is run for.
    package var environments: [String]?
    /// Those a task or a command is done for; nil for all a task applies to, and for a command that is run once in each
    /// environment.
    package var resources: [String]?
    /// What it depends on, and what depends on it.
    package var conditions: StepConditions
    package var location: SourceLocation

    package enum Action: Sendable, Equatable {
        /// A task with its options, as typed: `["db", "update-stats", "--older-than", "7d"]`.
        case task([String])
        /// A program, once in each environment, or once for each resource that is named.
        case command(CommandSettings)
        /// Another routine by its name, its steps in place of this one.
        case routine(String)
        /// Nothing more in the environment before people have said yes.
        case approval(ApprovalStepSettings)
        case wait(Duration)
        case waitFor(WaitForSettings)
        /// A checklist by its name, which has to be green.
        case checklist(String)
    }

    package init(
        _ action: Action, environments: [String]? = nil, resources: [String]? = nil,
        conditions: StepConditions = StepConditions(), location: SourceLocation
    ) {
        self.action = action
        self.environments = environments
        self.resources = resources
        self.conditions = conditions
        self.location = location
    }
}

/// What becomes of a start by schedule that meets trouble.
package struct RoutineTiming: Sendable, Equatable {
    /// A start that is later than this is not made up for.
    package var lateWithin: Duration = .seconds(3_600)
    /// After a start the routine has to have succeeded within this.
    package var doneWithin: Duration = .seconds(6 * 3_600)
    package var overlap: Overlap = .skip

    package init() {}

    /// What happens to a start while the routine is still at work.
    package enum Overlap: String, CaseIterable, Sendable {
        /// It is left out.
        case skip
        /// It is made once the routine has ended; several are one.
        case queue
    }
}
