import Maintenance

extension Act {
    /// Adds what a change found and measured while it was made to what the survey of its step found.
    ///
    /// A survey speaks of the world before the change. Where the change itself is the measuring, as in a drill, what came
    /// out of it is known now and not at the next look. Of what is found here again the newer word counts.
    ///
    /// - Parameter found: its changes, gaps and waits say nothing; those are the survey's.
    package func report(_ found: Observation) async throws {
        try await look.log.add(found, toStep: look.step, of: look.runID)
    }
}
