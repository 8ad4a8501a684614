import Calendar
import Maintenance

/// A named list of steps, run one after the other.
package struct RoutineSettings: Sendable, Equatable {
    package var name: String
    package var summary: String?
    /// When it starts; nil for what the shipped routine of its name has.
    package var schedule: Written<ScheduleExpression>?
    package var steps: [RoutineStep]
    package var location: SourceLocation

    package init(
        name: String, summary: String? = nil, schedule: Written<ScheduleExpression>? = nil, steps: [RoutineStep],
        location: SourceLocation
    ) {
        self.name = name
        self.summary = summary
        self.schedule = schedule
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
