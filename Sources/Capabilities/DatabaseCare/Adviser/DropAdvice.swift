import Engine
import Maintenance
import Outside
import PostgreSQL

/// Which indexes can go: those that nothing has used for a whole business cycle, and those that another one contains.
///
/// The lints that find them leave out what works without being read (constraints, replica identities, foreign keys).
/// Here the standbys are asked too, and every statement of the workload is planned without it. One index of a table goes
/// at a time, and what contains one that has gone stays for as long as that is watched.
struct DropAdvice: Sendable {
    let planner: StatementPlanner
    let cycle: Duration
    /// Whether the time for looking is over.
    var isOver: @Sendable () -> Bool = { false }

    struct Result: Sendable {
        /// The most bytes first, one of each table: the next one is judged by what this one's going has changed.
        var drops: [Drop] = []
        /// What may go once one of `drops` has gone.
        var later: [Drop] = []
        /// What stays, and why.
        var kept: [(index: String, reason: String)] = []
        var measurements: [Measurement] = []
    }

    struct Drop: Sendable {
        var index: CareIndex
        /// The one that contains it, and has to be there still when it goes.
        var twin: CareIndex?
        var reason: String
    }

    /// What is known of the workload.
    struct Known: Sendable {
        var planned: [IndexAdvice.Planned]
        var unplanned: Int
        /// Whether there may be more statements than were looked at.
        var isCut: Bool
    }

    /// How much dearer a statement may become.
    static let tolerance = 1.05

    /// - Parameters:
    ///   - known: nil where there is no workload to plan, and then nothing can go.
    ///   - dropped: those that went before; what serves in their place stays.
    func advise(
        _ known: Known?, dropped: [DroppedIndexes.Dropped], chosen: (QualifiedName) -> Bool, _ session: SurveySession,
        _ look: Look
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
            var twin: CareIndex?
            if lint.code == Lint.prefixIndex.code {
                twin = try await CareIndex.named(QualifiedName(schema: schema, name: hit.note ?? ""), session)
                guard twin?.isValid == true else { continue }
            }
            let heir = dropped.first { $0.twin == index.name }
            if let heir {
                result.kept.append(
                    (index.name.description, "it serves in the place of \(heir.name), which was dropped"))
            } else if let obstacle = try await obstacle(index, twin, known, standbys) {
                result.kept.append((index.name.description, obstacle))
            } else {
                result.drops.append(Drop(index: index, twin: twin, reason: lint.say(hit)))
            }
        }
        result.drops.sort { ($1.index.bytes, $0.index.name) < ($0.index.bytes, $1.index.name) }
        var tables = Set<Int64>()
        let all = result.drops
        result.drops = all.filter { tables.insert($0.index.tableOID).inserted }
        let first = Set(result.drops.map(\.index.oid))
        result.later = all.filter { !first.contains($0.index.oid) }
        return result
    }

    /// Why it stays.
    private func obstacle(
        _ index: CareIndex, _ twin: CareIndex?, _ known: Known?, _ standbys: Standbys
    ) async throws -> String? {
        guard index.mayChange else { return "this role may not drop it" }
        if let obstacle = standbys.obstacle { return obstacle }
        if let user = standbys.used[index.oid] { return "the standby '\(user.printable)' uses it" }
        guard let known else { return "without pg_stat_statements nothing says what statements would become" }
        let users = known.planned.filter { one in
            one.tables.contains(index.table) && one.plan.indexes.contains(index.name.name)
        }
        // One that is read goes only where everything that reads it is known.
        if twin != nil, index.isScanned {
            if known.unplanned > 0 { return "it is used, and \(known.unplanned) statements could not be planned" }
            if known.isCut { return "it is used, and not every statement was looked at; say '--statements'" }
            if users.isEmpty { return "it is used, and no statement that is known uses it" }
        }
        guard !users.isEmpty else { return nil }
        guard planner.canHide else {
            return "\(users.count) statements are planned with it, and only HypoPG 1.4 can plan them without it"
        }
        for one in users {
            if isOver() { return "the time for looking was over before it was weighed" }
            let without: PlanNode
            do {
                without = try PlanNode.read(try await planner.plan(one.statement.text, hiding: [index.oid]).json)
            } catch {
                guard !error.endsLooking else { throw error }
                return "statement \(one.statement.id) could not be planned without it: \(ErrorReport(error).problem)"
            }
            if without.cost > one.plan.cost * Self.tolerance {
                let factor = (without.cost / max(one.plan.cost, 0.01)).formatted(decimals: 1)
                return "statement \(one.statement.id) would cost \(factor) times as much without it"
            }
        }
        return nil
    }
}
