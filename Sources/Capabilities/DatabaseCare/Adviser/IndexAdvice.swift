import Maintenance
import PostgreSQL

/// Which indexes the whole workload would gain by, found by asking the planner: each statement is planned with the
/// candidates its own plan suggests, and what the planner takes is weighed over all statements, one index after the
/// other, each on top of those chosen before it.
struct IndexAdvice: Sendable {
    let planner: StatementPlanner
    var limits = Limits()
    /// Whether the time for looking is over.
    var isOver: @Sendable () -> Bool = { false }

    struct Limits: Sendable {
        /// Smaller tables are read whole in no time.
        var leastRows = 1_000.0
        /// What at least one statement has to save of its cost, as a share.
        var leastGain = 0.3
        /// Statements that run more seldom, or are faster on average, move nobody to build an index.
        var leastCalls = 20.0
        var leastMilliseconds = 1.0
        var most = 10
        /// These alone; all where nil.
        var tables: Set<String>?
    }

    /// A statement and its plan as things are.
    struct Planned: Sendable {
        var statement: Workload.Statement
        var plan: PlanNode

        var tables: Set<QualifiedName> {
            Set(
                plan.all.compactMap { node in
                    guard let schema = node.schema, let relation = node.relation else { return nil }
                    return QualifiedName(schema: schema, name: relation)
                })
        }
    }

    /// An index that is worth having.
    struct Advice: Sendable {
        var candidate: IndexCandidate
        var bytes: Int64
        /// Planner's cost an hour that is saved, and that writing it takes.
        var saved: Double
        var written: Double
        /// Statements that are planned with it, the most saving first: `queryid`, cost before and after.
        var uses: [Use]
        /// Where it was built to see, and how long that took; nil where it was only supposed.
        var trial: Trial?

        struct Trial: Sendable, Hashable {
            /// The backup's name.
            var backup: String
            var seconds: Double
        }

        struct Use: Sendable, Hashable {
            var statement: Workload.Statement
            var before: Double
            var after: Double

            var gain: Double { before > 0 ? 1 - after / before : 0 }
        }
    }

    /// What came of looking at a workload.
    struct Result: Sendable {
        var planned: [Planned] = []
        /// Statements that the server would not plan, with its reason.
        var unplanned: [(statement: Workload.Statement, reason: String)] = []
        var tables: [QualifiedName: AdviceTable] = [:]
        var considered = 0
        var advice: [Advice] = []
        /// What was not built on a copy, and why.
        var untried: [(candidate: IndexCandidate, reason: String)] = []
        /// Whether there were more than could be built, or some could not for want of something.
        var isCapped = false
        /// Whether the time was over before everything was weighed.
        var isCut = false
    }

    func plan(_ workload: Workload, tell: (String) -> Void) async throws -> Result {
        var result = Result()
        for statement in workload.statements {
            if isOver() {
                result.unplanned.append((statement, "the time for looking was over"))
                continue
            }
            do {
                let plan = try PlanNode.read(try await planner.plan(statement.text).json)
                result.planned.append(Planned(statement: statement, plan: plan))
            } catch {
                guard !error.endsLooking else { throw error }
                result.unplanned.append((statement, ErrorReport(error).problem))
            }
        }
        tell("planned \(result.planned.count) of \(workload.statements.count) statements")
        return result
    }

    /// - Parameter result: with the tables of its plans.
    func advise(_ workload: Workload, _ result: inout Result, tell: (String) -> Void) async throws {
        let worthwhile = worthwhile(result)
        let able = able(result)
        var pool: [IndexCandidate] = []
        for planned in worthwhile {
            if isOver() {
                result.isCut = true
                return
            }
            let own = try await supposable(CandidateSource(plan: planned.plan, tables: able).candidates())
            result.considered += own.count
            let trees = own.filter { $0.method != .brin }
            // Carrying everything wins wherever it can, so each is asked without it first; and beside a tree nobody would
            // go by summaries.
            for group in [trees.filter(\.included.isEmpty), trees, own.filter { $0.method == .brin }]
            where !group.isEmpty {
                let (plan, supposed) = try await self.plan(planned.statement, group)
                let used = plan.indexes
                for (candidate, index) in zip(group, supposed) where used.contains(index.name) {
                    if !pool.contains(candidate) { pool.append(candidate) }
                }
            }
        }
        var chosen: [IndexCandidate] = []
        var costs = Dictionary(uniqueKeysWithValues: worthwhile.map { ($0.statement.id, $0.plan.cost) })
        while chosen.count < limits.most, !pool.isEmpty {
            tell("weighing \(pool.count) indexes")
            var weighed: [Advice] = []
            for candidate in pool {
                // What was not weighed against all others is not told.
                if isOver() {
                    result.isCut = true
                    return
                }
                if let advice = try await weigh(candidate, chosen, worthwhile, costs, workload.hours, able) {
                    weighed.append(advice)
                }
            }
            guard let best = Self.best(weighed) else { break }
            result.advice.append(best)
            chosen.append(best.candidate)
            pool.removeAll { candidate in
                candidate.isContained(in: best.candidate) || !weighed.contains { $0.candidate == candidate }
            }
            for use in best.uses { costs[use.statement.id] = use.after }
        }
        // A longer one that was chosen later does what the shorter one would.
        let all = result.advice.map(\.candidate)
        result.advice.removeAll { one in all.contains { $0 != one.candidate && one.candidate.isContained(in: $0) } }
    }

    /// Statements that an index might be built for.
    func worthwhile(_ result: Result) -> [Planned] {
        result.planned.filter {
            $0.statement.calls >= limits.leastCalls && $0.statement.mean >= limits.leastMilliseconds
        }
    }

    /// Tables that an index might be built on.
    func able(_ result: Result) -> [QualifiedName: AdviceTable] {
        result.tables.filter { $0.value.rows >= limits.leastRows && isChosen($0.value.name) }
    }

    /// The slimmest of those that save nearly as much as the best.
    static func best(_ weighed: [Advice]) -> Advice? {
        guard let most = weighed.map({ $0.saved - $0.written }).max() else { return nil }
        return weighed.filter { $0.saved - $0.written >= 0.8 * most }
            .min {
                ($0.candidate.weight, $0.bytes, $0.candidate.body) < ($1.candidate.weight, $1.bytes, $1.candidate.body)
            }
    }

    func isChosen(_ name: QualifiedName) -> Bool {
        guard let tables = limits.tables else { return true }
        return tables.contains(name.name) || tables.contains("\(name.schema).\(name.name)")
    }

    /// Those that HypoPG takes: it refuses expressions that are not immutable, as the server would.
    private func supposable(_ candidates: [IndexCandidate]) async throws -> [IndexCandidate] {
        var able: [IndexCandidate] = []
        for candidate in candidates {
            do {
                _ = try await planner.plan("select 1", supposing: [candidate.supposed])
                able.append(candidate)
            } catch {
                guard !error.endsLooking else { throw error }
            }
        }
        return able
    }

    private func plan(_ statement: Workload.Statement, _ supposed: [IndexCandidate]) async throws
        -> (PlanNode, [SupposedPlan.Index])
    {
        let plan = try await planner.plan(statement.text, supposing: supposed.map(\.supposed))
        return (try PlanNode.read(plan.json), plan.indexes)
    }

    /// Nil where it is not worth it.
    private func weigh(
        _ candidate: IndexCandidate, _ chosen: [IndexCandidate], _ planned: [Planned], _ costs: [Int64: Double],
        _ hours: Double, _ tables: [QualifiedName: AdviceTable]
    ) async throws -> Advice? {
        guard let table = tables[candidate.table] else { return nil }
        var advice = Advice(candidate: candidate, bytes: 0, saved: 0, written: 0, uses: [])
        for one in planned where one.tables.contains(candidate.table) {
            guard let before = costs[one.statement.id] else { continue }
            let (plan, supposed) = try await self.plan(one.statement, chosen + [candidate])
            advice.bytes = supposed.last?.bytes ?? 0
            guard let name = supposed.last?.name, plan.indexes.contains(name), plan.cost < 0.9 * before else {
                continue
            }
            advice.uses.append(.init(statement: one.statement, before: before, after: plan.cost))
            advice.saved += (before - plan.cost) * one.statement.calls / hours
        }
        advice.uses.sort { ($0.before - $0.after) * $0.statement.calls > ($1.before - $1.after) * $1.statement.calls }
        advice.written = table.writesAnHour * Self.costOfEntry * (candidate.method == .brin ? Self.summaries : 1)
        return isWorthIt(advice) ? advice : nil
    }

    func isWorthIt(_ advice: Advice) -> Bool {
        advice.uses.contains { $0.gain >= limits.leastGain } && advice.saved >= 2 * advice.written
    }

    /// An entry written is taken for one page at random, as the planner counts it by default: pessimistic where the leaf
    /// is in the cache, optimistic where the page splits.
    static let costOfEntry = 4.0
    /// Of a BRIN index, which a row changes only where it widens the summary of 128 pages.
    static let summaries = 0.1
}

extension Error {
    /// Whether nothing more can be asked: the server is gone, or somebody has ended the look.
    var endsLooking: Bool {
        let status = ErrorReport(self).exitStatus
        return status == .unreachable || status == .interrupted
    }
}
