import Maintenance
import Outside
import PostgreSQL
import Settings

/// All that a survey may use: every way out of it reads.
package struct Look: Sendable {
    package let target: Target
    /// Nil for the estate.
    package let environment: Environment?
    /// The resources the step is about, in the order of the configuration.
    package let resources: [Resource]
    package let inventory: Inventory
    package let clock: WallClock
    package let programs: Programs
    /// What earlier runs left: baselines, samples, durations.
    package let log: RunLog
    package let runID: String
    /// The step's number in its run.
    package let step: Int
    /// Tells the person who waits what is being looked at.
    package let tell: @Sendable (String) -> Void
    let sessions: Sessions
    /// What speaks to servers that are no databases; whoever looks again and again passes the same one on, since it keeps
    /// what is dear to make.
    package var probers = Probers()

    /// The one resource of a step that is about one.
    package var resource: Resource {
        guard resources.count == 1, let only = resources.first else {
            preconditionFailure("a step over \(resources.count) resources asked for its only one")
        }
        return only
    }

    /// A session that can only read; kept open until the step ends, and shared by all who ask for the same resource.
    package func database(_ resource: Resource? = nil) async throws -> SurveySession {
        try await sessions.survey(resource ?? self.resource)
    }

    /// How to reach a database with further connections of one's own.
    package func address(_ resource: Resource? = nil) async throws -> DatabaseAddress {
        try await sessions.address(resource ?? self.resource)
    }
}

/// What a change may use on top of looking: a connection that holds the fence of its database.
package struct Act: Sendable {
    package let look: Look
    let fence: Fence

    /// The connection that writes. It holds Mainstay's advisory lock on the database for as long as it lives, so that
    /// no second worker can write there, and its `application_name` names run and step.
    package func connection() async throws -> Connection {
        try await fence.connection(look.resource)
    }

    /// For further sessions and child programs of this change: what names run and step, so that whatever goes on after
    /// our death is found and ended before anybody decides what became of the change.
    package var applicationName: String { fence.applicationName }
}
