import Engine
import Maintenance
import PostgreSQL

/// What the planner takes all statements on one table for, weighed by how often they run: before, supposed, and after.
enum WorkloadCost {
    /// - Parameters:
    ///   - table: as people read it.
    ///   - supposed: an index that is thought of as being there.
    /// - Returns: nil where nothing can tell.
    static func of(table: String, supposing supposed: SQL? = nil, _ look: Look) async throws -> Double? {
        try await AdviseIndexes.withPlanner(look) { planner, session in
            guard let workload = try await Workload.read(session, most: 50), supposed == nil || planner.canSuppose
            else {
                return nil
            }
            let result = try await IndexAdvice(planner: planner).plan(workload) { _ in }
            var cost = 0.0
            for one in result.planned where one.tables.contains(where: { $0.description == table }) {
                var plan = one.plan
                if let supposed {
                    plan = try PlanNode.read(try await planner.plan(one.statement.text, supposing: [supposed]).json)
                }
                cost += plan.cost * one.statement.calls
            }
            return cost
        }
    }
}
