import Engine
import Maintenance
import PostgreSQL

/// What the planner takes all statements on one table for, weighed by how often they run: before, supposed, and after.
enum WorkloadCost {
    /// What was weighed by `queryid` and calls, so that before, supposed and after are weighed alike.
    typealias Weights = [Int64: Double]

    /// - Parameters:
    ///   - table: as people read it.
    ///   - weights: what was weighed before; what the workload is now where nil.
    ///   - supposed: an index that is thought of as being there.
    /// - Returns: nil where nothing can tell.
    static func of(
        table: String, supposing supposed: SQL? = nil, weights: Weights? = nil, _ look: Look
    ) async throws -> (cost: Double, weights: Weights)? {
        try await AdviseIndexes.withPlanner(look) { planner, session in
            guard let workload = try await Workload.read(session, most: weights == nil ? 50 : 5_000),
                supposed == nil || planner.canSuppose
            else {
                return nil
            }
            var known = workload
            if let weights { known.statements = workload.statements.filter { weights[$0.id] != nil } }
            let result = try await IndexAdvice(planner: planner).plan(known) { _ in }
            var cost = 0.0
            var weighed: Weights = [:]
            for one in result.planned where one.tables.contains(where: { $0.description == table }) {
                var plan = one.plan
                if let supposed {
                    plan = try PlanNode.read(try await planner.plan(one.statement.text, supposing: [supposed]).json)
                }
                let calls = weights?[one.statement.id] ?? one.statement.calls
                cost += plan.cost * calls
                weighed[one.statement.id] = calls
            }
            // A statement that is counted no more, or is planned no more, leaves nothing to compare with.
            if let weights, weights.keys.contains(where: { weighed[$0] == nil }) { return nil }
            return (cost, weighed)
        }
    }

    /// `123:20,456:7`, as a witness keeps it.
    static func text(_ weights: Weights) -> String {
        weights.sorted { $0.key < $1.key }.map { "\($0.key):\(Int64($0.value))" }.joined(separator: ",")
    }

    static func weights(_ text: String) -> Weights {
        var weights: Weights = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: ":")
            guard parts.count == 2, let id = Int64(parts[0]), let calls = Double(parts[1]) else { continue }
            weights[id] = calls
        }
        return weights
    }
}
