import Maintenance
import Settings

/// Under which terms a routine does a step; stored with it, so that a run goes on as it was begun whatever the
/// configuration says by then.
package struct StepTerms: Codable, Hashable, Sendable {
    /// The routines the step belongs to, the one that was run first: a nested routine's rules count for its steps.
    package var routines: [String]
    /// What other steps of the run know it by: its own name, and those of the nested routines it stands in.
    package var names: [String] = []
    /// Names of steps that have to have succeeded.
    package var needs: [String] = []
    /// Names of earlier steps, and what has to have come of each.
    package var results: [String: StepResult] = [:]
    /// Why it is not done this time, where that was known when the routine started.
    package var leftOut: String?
    /// Whether no later step begins in its environment when it fails.
    package var stopsOnFailure = false
    package var retries: StepRetries?
    package var timeLimit: Duration?
    /// Other targets of the same step that may be worked on beside it; nil for one after the other.
    package var beside: Beside?
    /// How urgent its changes are at least, where a window is too short for everything.
    package var priority: Severity?
    /// On how many environments the run works at once; nil where its routine does not say.
    package var environmentsAtOnce: Int?

    package init(routines: [String]) { self.routines = routines }

    /// The steps of a run that one step of a routine became in an environment.
    package struct Beside: Codable, Hashable, Sendable {
        /// The step's place in the routine, the same for all of them: `2/3`.
        package var place: String
        /// How many of them at once.
        package var most: Int

        package init(place: String, most: Int) {
            self.place = place
            self.most = most
        }
    }
}
