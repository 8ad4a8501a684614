import Maintenance
import Store

/// A change of ours that takes a resource out of service while it is made.
package struct PlannedWork: Codable, Hashable, Sendable {
    /// The resource; never a whole environment, since nobody could say what of it was touched.
    package var target: Target
    package var runID: String
    package var step: Int
    package var task: String
    package var kind: String
    package var began: Timestamp
    /// Nil while it goes on.
    package var ended: Timestamp?
}

extension RunLog {
    /// What was out of service between two instants, inclusive. What a dead process left open does not count: nobody works
    /// there. Nor does a change that lets others work, such as a backup, however long it takes.
    package func plannedWork(from begin: Timestamp, until end: Timestamp) async throws -> [PlannedWork] {
        let found = try await store.read { reader in
            try reader.rows(MonitorStatement.work, ["from_time": begin, "until_time": end]).flatMap { row in
                let change = try row.get("content", as: StoredJSON<Change>.self).value
                let target = Target(environment: try row.get("environment"), resource: try row.get("resource"))
                return try change.interrupted(at: target).map { target in
                    PlannedWork(
                        target: target, runID: try row.get("id"), step: try row.get("number"),
                        task: try row.get("task"), kind: change.kind, began: try row.get("started_at"),
                        ended: try row.get("ended_at"))
                }
            }
        }
        guard found.contains(where: { $0.ended == nil }) else { return found }
        let dead = try abandoned(try await openRuns())
        return found.filter { $0.ended != nil || !dead.contains($0.runID) }
    }
}
