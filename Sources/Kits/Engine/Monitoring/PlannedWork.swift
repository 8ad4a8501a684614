import Maintenance
import Store

/// A change of ours that was being made at a resource.
package struct PlannedWork: Codable, Hashable, Sendable {
    /// The resource of its step; never a whole environment, since nobody could say what of it was touched.
    package var target: Target
    package var runID: String
    package var task: String
    package var kind: String
    package var began: Timestamp
    /// Nil while it goes on.
    package var ended: Timestamp?
}

extension RunLog {
    /// What was being changed between two instants, inclusive. What a dead process left open does not count: nobody works
    /// there.
    package func plannedWork(from begin: Timestamp, until end: Timestamp) async throws -> [PlannedWork] {
        let found = try await store.read { reader in
            try reader.rows(MonitorStatement.work, ["from_time": begin, "until_time": end]).map { row in
                PlannedWork(
                    target: Target(environment: try row.get("environment"), resource: try row.get("resource")),
                    runID: try row.get("id"), task: try row.get("task"), kind: try row.get("kind"),
                    began: try row.get("started_at"), ended: try row.get("ended_at"))
            }
        }.filter { !$0.target.resource.isEmpty }
        guard found.contains(where: { $0.ended == nil }) else { return found }
        let dead = try abandoned(try await openRuns())
        return found.filter { $0.ended != nil || !dead.contains($0.runID) }
    }
}
