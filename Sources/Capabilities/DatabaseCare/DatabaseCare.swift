import Command
import Composition

/// What a DBA does to keep a database fast: statistics, connections.
extension Capability {
    package static let databaseCare = Capability(
        "database care",
        tasks: [
            .init(UpdateStatistics.self),
            .init(ExamineConnections.self),
        ])
}
