import Engine
import Maintenance
import Outside
import PostgreSQL

/// Which indexes can go: those that nothing has used for a whole business cycle, and those that another one contains.
///
/// The lints that find them leave out what works without being read (constraints, replica identities, foreign keys).
/// Here the standbys are asked too, and every statement of the workload is planned without it.
struct DropAdvice: Sendable {
    let planner: StatementPlanner
    let cycle: Duration

    struct Result: Sendable {
        /// The most bytes first.
        var drops: [(index: CareIndex, reason: String)] = []
        /// What stays, and why.
        var kept: [(index: String, reason: String)] = []
        var measurements: [Measurement] = []
    }

    /// How much dearer a statement may become.
    static let tolerance = 1.05

    /// - Parameter planned: nil where there is no workload to plan, and then nothing can go.
    func advise(
        _ planned: [IndexAdvice.Planned]?, chosen: (QualifiedName) -> Bool, _ session: SurveySession, _ look: Look
    ) async throws -> Result {
        var result = Result()
        var doctor = Doctor(lints: [.unusedIndex, .prefixIndex])
        doctor.limits.businessCycle = cycle
        doctor.most = 1_000
        var examination = try await doctor.examine(session, now: look.clock.now())
        result.measurements = try await UnusedIndexes.judge(&examination, cycle: cycle, most: 1_000, look)
        let hits = examination.answers.flatMap { answer in answer.hits.map { (answer.lint, $0) } }
        guard !hits.isEmpty else { return result }
        let standbys = try await Standbys.ask(look, session, cycle: cycle)
        var seen = Set<Int64>()
        for (lint, hit) in hits {
            guard let schema = hit.schema,
                let index = try await CareIndex.named(QualifiedName(schema: schema, name: hit.name), session),
                chosen(index.table), seen.insert(index.oid).inserted
            else { continue }
            if let obstacle = try await obstacle(index, lint, planned, standbys) {
                result.kept.append((index.name.description, obstacle))
            } else {
                result.drops.append((index, lint.say(hit)))
            }
        }
        result.drops.sort { ($1.index.bytes, $0.index.name) < ($0.index.bytes, $1.index.name) }
        return result
    }

    /// Why it stays.
    private func obstacle(
        _ index: CareIndex, _ lint: Lint, _ planned: [IndexAdvice.Planned]?, _ standbys: Standbys
    ) async throws -> String? {
        guard index.mayChange else { return "this role may not drop it" }
        if let obstacle = standbys.obstacle { return obstacle }
        if let user = standbys.used[index.oid] { return "the standby '\(user.printable)' uses it" }
        guard let planned else { return "without pg_stat_statements nothing says what statements would become" }
        let users = planned.filter { one in
            one.tables.contains(index.table) && one.plan.indexes.contains(index.name.name)
        }
        guard !users.isEmpty else { return nil }
        guard planner.canHide else {
            return "\(users.count) statements are planned with it, and only HypoPG 1.4 can plan them without it"
        }
        for one in users {
            let without = try PlanNode.read(
                try await planner.plan(one.statement.text, hiding: [index.oid]).json)
            if without.cost > one.plan.cost * Self.tolerance {
                let factor = (without.cost / max(one.plan.cost, 0.01)).formatted(decimals: 1)
                return "statement \(one.statement.id) would cost \(factor) times as much without it"
            }
        }
        return nil
    }
}
