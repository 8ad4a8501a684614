import Calendar
import Maintenance

/// A named list of steps, run one after the other.
package struct RoutineSettings: Sendable, Equatable {
    package var name: String
    package var summary: String?
    /// When it starts; nil for what the shipped routine of its name has.
    package var schedule: Written<ScheduleExpression>?
    package var timing = RoutineTiming()
    package var steps: [RoutineStep]
    package var location: SourceLocation

    package init(
        name: String, summary: String? = nil, schedule: Written<ScheduleExpression>? = nil,
        timing: RoutineTiming = RoutineTiming(), steps: [RoutineStep], location: SourceLocation
    ) {
        self.name = name
        self.summary = summary
        self.schedule = schedule
        self.timing = timing
        self.steps = steps
        self.location = location
    }
}

/// One step: a task with its options, as it is typed on the command line.
package struct RoutineStep: Sendable, Equatable {
    /// `["db", "update-stats", "--older-than", "7d"]`
    package var arguments: [String]
    /// Nil for those the routine is run for.
    package var environments: [String]?
    package var location: SourceLocation

    package init(arguments: [String], environments: [String]? = nil, location: SourceLocation) {
        self.arguments = arguments
        self.environments = environments
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
