/// Under which terms a routine does a step; stored with it, so that a run goes on as it was begun whatever the
/// configuration says by then.
package struct StepTerms: Codable, Hashable, Sendable {
    /// The routines the step belongs to, the one that was run first: a nested routine's rules count for its steps.
    package var routines: [String]

    package init(routines: [String]) { self.routines = routines }
}
