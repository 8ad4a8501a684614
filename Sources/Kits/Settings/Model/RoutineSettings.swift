import Calendar
import Maintenance

/// A named list of steps, run one after the other.
package struct RoutineSettings: Sendable, Equatable {
    package var name: String
    package var summary: String?
    /// Who answers for it, as people find them.
    package var owner: String?
    /// When it starts; nil for what the shipped routine of its name has.
    package var schedule: Written<ScheduleExpression>?
    package var timing = RoutineTiming()
    /// What its schedule does; nil for what the shipped routine of its name has.
    package var mode: RoutineMode?
    /// On how many environments it works at once; nil for four.
    package var concurrency: Int?
    /// Who hears from outside how it goes; whoever knows the URL can say so too.
    package var ping: ConfiguredText?
    package var steps: [RoutineStep]
    /// How the shipped routine of its name became `steps`; nil where all of them are its own.
    package var adaptation: RoutineAdaptation?
    package var location: SourceLocation

    package init(
        name: String, summary: String? = nil, schedule: Written<ScheduleExpression>? = nil,
        timing: RoutineTiming = RoutineTiming(), mode: RoutineMode? = nil, concurrency: Int? = nil,
        ping: ConfiguredText? = nil,
        steps: [RoutineStep], adaptation: RoutineAdaptation? = nil, location: SourceLocation
    ) {
        self.name = name
        self.summary = summary
        self.schedule = schedule
        self.timing = timing
        self.mode = mode
        self.concurrency = concurrency
        self.ping = ping
        self.steps = steps
        self.adaptation = adaptation
        self.location = location
    }
}

/// What a team has otherwise in a shipped routine.
package struct RoutineAdaptation: Sendable, Equatable {
    /// Tasks that are not done, as typed and without options: `logs rotate`.
    package var leftOut: [String] = []
    /// Steps in the place of the shipped ones that are the same task.
    package var changed: [RoutineStep] = []
    /// Before the shipped ones.
    package var first: [RoutineStep] = []
    /// Behind them.
    package var also: [RoutineStep] = []

    package init() {}

    /// The steps of the shipped routine with all of this.
    func steps(of shipped: [[String]], at location: SourceLocation) -> [RoutineStep] {
        let kept = shipped.filter { !leftOut.contains($0.taskName) }.flatMap { words in
            let others = changed.filter { $0.action.taskWords?.taskName == words.taskName }
            return others.isEmpty ? [RoutineStep(.task(words), location: location)] : others
        }
        return first + kept + also
    }
}

extension [String] {
    /// The task that words mean, without its options.
    var taskName: String { prefix { !$0.hasPrefix("-") }.joined(separator: " ") }
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

/// How much of a routine happens without people, as the guides tell their cadences apart. Whoever starts one by hand is
/// there already, so it is about starts by schedule only.
package enum RoutineMode: String, CaseIterable, Sendable {
    /// It is done.
    case automatic
    /// What looks and what maintains is done; before the first step that may destroy something, people say yes in each
    /// environment.
    case semiAutomatic = "semi-automatic"
    /// People are told that it is due, until somebody has done it.
    case manual
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
