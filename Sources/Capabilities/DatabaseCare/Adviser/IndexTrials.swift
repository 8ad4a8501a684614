import Maintenance
import Outside
import PostgreSQL

/// Indexes built to see, on a private copy of the database that nobody else uses: for what HypoPG cannot suppose. Each is
/// built, and the statements are planned with it and without; size and time are those of a real one.
struct IndexTrials: Sendable {
    /// On the copy: builds, and drops again.
    let builder: Connection
    /// On the copy: plans.
    let session: SurveySession
    /// With the copy's planner.
    let advice: IndexAdvice
    /// By the monotonic clock.
    let end: Duration
    let clock: WallClock
    let backup: String
    /// The directory that the copy lies below.
    let work: String

    /// At most as many are built; those that most time could gain by.
    static let most = 20
    /// Entries of a GIN index a row has, where nobody has counted them.
    static let unknownEntries = 10.0
    /// Bytes that one lexeme or key of a document takes, about.
    static let bytesOfEntry = 8.0

    /// Opens its two sessions on the copy.
    ///
    /// - Parameter parameters: of the planner, as the live server has them.
    static func with<Value: Sendable>(
        _ address: DatabaseAddress, _ parameters: [String: String], limits: IndexAdvice.Limits, until end: Duration,
        clock: WallClock, backup: String, work: String, _ body: (IndexTrials) async throws -> Value
    ) async throws -> Value {
        var settings = ConnectionSettings.unlimited(applicationName: "mainstay trial")
        settings.parameters = parameters
        return try await Connection.with(address, settings) { builder in
            try await SurveySession.with(address, settings) { session in
                var advice = IndexAdvice(planner: try await StatementPlanner(session))
                advice.limits = limits
                advice.isOver = { clock.monotonic() >= end }
                return try await body(
                    IndexTrials(
                        builder: builder, session: session, advice: advice, end: end, clock: clock, backup: backup,
                        work: work))
            }
        }
    }

    /// What the live server's planner reckons with, so that the copy's reckons alike (manual, "Query Planning").
    static func plannerSettings(_ session: SurveySession) async throws -> [String: String] {
        try await ServerSetting.read(
            [
                "seq_page_cost", "random_page_cost", "cpu_tuple_cost", "cpu_index_tuple_cost", "cpu_operator_cost",
                "effective_cache_size", "effective_io_concurrency", "work_mem", "hash_mem_multiplier",
                "default_statistics_target", "max_parallel_workers_per_gather", "parallel_setup_cost",
                "parallel_tuple_cost", "min_parallel_table_scan_size", "min_parallel_index_scan_size",
                "enable_seqscan", "enable_bitmapscan", "enable_indexscan", "enable_indexonlyscan", "enable_nestloop",
                "enable_hashjoin", "enable_mergejoin", "enable_sort", "enable_hashagg", "search_path",
            ], session
        ).mapValues(\.value)
    }

    /// - Parameters:
    ///   - triesBTrees: whether B-trees and summaries (BRIN) are tried too, which HypoPG would have supposed.
    ///   - live: reads tables of these names from the live database: how often they are written only that knows.
    func advise(
        _ workload: Workload, _ classes: OperatorClasses, triesBTrees: Bool, tell: (String) -> Void,
        live: (Set<QualifiedName>) async throws -> [QualifiedName: AdviceTable]
    ) async throws -> IndexAdvice.Result {
        // A restored table has no statistics. Which are wanted, plans without them say too.
        let rough = try await advice.plan(workload) { _ in }
        let names = rough.planned.reduce(into: Set<QualifiedName>()) { $0.formUnion($1.tables) }
        let tables = try await live(names)
        tell("reading \(tables.count) tables of the copy")
        for name in tables.keys.sorted() {
            guard try await isBuilt("vacuum (analyze) \(name.quoted)") else { break }
        }
        var result = try await advice.plan(workload, tell: tell)
        result.tables = tables
        let worthwhile = advice.worthwhile(result)
        var pool = candidates(worthwhile, advice.able(result), classes, triesBTrees: triesBTrees)
        for one in pool.dropFirst(Self.most) {
            result.untried.append((one, "more than \(Self.most) would take too long; say '--table'"))
        }
        result.isCapped = pool.count > Self.most
        pool = Array(pool.prefix(Self.most))
        result.considered = pool.count
        var costs = Dictionary(uniqueKeysWithValues: worthwhile.map { ($0.statement.id, $0.plan.cost) })
        // Each by itself first; then the best on top of each other.
        var weighed: [IndexAdvice.Advice] = []
        for candidate in pool {
            guard !advice.isOver() else { break }
            tell("building \(candidate.table) \(candidate.shortBody) on the copy")
            if let one = try await weigh(candidate, worthwhile, costs, workload.hours, keeps: false, &result) {
                weighed.append(one)
            }
        }
        while result.advice.count < advice.limits.most, !advice.isOver(), let best = IndexAdvice.best(weighed) {
            weighed.removeAll { $0.candidate == best.candidate }
            var told: IndexAdvice.Advice? = best
            if !weighed.isEmpty || !result.advice.isEmpty {
                told = try await weigh(best.candidate, worthwhile, costs, workload.hours, keeps: true, &result)
            }
            guard let told else { continue }
            result.advice.append(told)
            for use in told.uses { costs[use.statement.id] = use.after }
        }
        result.isCut = advice.isOver()
        return result
    }

    /// Those that statements of the most time would go by come first. What only carries more than another is left out:
    /// each would be built.
    private func candidates(
        _ planned: [IndexAdvice.Planned], _ tables: [QualifiedName: AdviceTable], _ classes: OperatorClasses,
        triesBTrees: Bool
    ) -> [IndexCandidate] {
        var time: [IndexCandidate: Double] = [:]
        for one in planned {
            for candidate in CandidateSource(plan: one.plan, tables: tables, classes: classes).candidates()
            where candidate.included.isEmpty && (triesBTrees || candidate.method == .gin || candidate.method == .gist) {
                time[candidate, default: 0] += one.statement.totalMilliseconds
            }
        }
        return time.sorted {
            ($1.value, $0.key.weight, $0.key.table, $0.key.body) < ($0.value, $1.key.weight, $1.key.table, $1.key.body)
        }.map(\.key)
    }

    /// Builds it and plans with it; nil where it is not worth it, or cannot be built.
    private func weigh(
        _ candidate: IndexCandidate, _ planned: [IndexAdvice.Planned], _ costs: [Int64: Double], _ hours: Double,
        keeps: Bool, _ result: inout IndexAdvice.Result
    ) async throws -> IndexAdvice.Advice? {
        guard let table = result.tables[candidate.table] else { return nil }
        let name = QualifiedName(schema: table.name.schema, name: "mainstay_trial_\(result.advice.count + 1)")
        if let reason = try await Self.shortage(of: table, in: work) {
            result.untried.append((candidate, reason))
            result.isCapped = true
            return nil
        }
        let began = clock.monotonic()
        do {
            guard
                try await isBuilt(
                    "create index \(name.name.quotedIdentifier) on \(table.name.quoted) \(candidate.body)")
            else { return nil }
        } catch {
            guard !error.endsLooking else { throw error }
            result.untried.append((candidate, ErrorReport(error).problem))
            if !error.refusesDefinition { result.isCapped = true }
            return nil
        }
        let seconds = (clock.monotonic() - began).inSeconds
        // What an expression's values are is only counted with an index over it.
        guard try await isBuilt("analyze \(table.name.quoted)") else { return nil }
        var one = IndexAdvice.Advice(
            candidate: candidate, bytes: try await bytes(name), saved: 0, written: 0, uses: [],
            trial: .init(backup: backup, seconds: seconds))
        for planned in planned where planned.tables.contains(candidate.table) {
            guard let before = costs[planned.statement.id] else { continue }
            let plan = try PlanNode.read(try await advice.planner.plan(planned.statement.text).json)
            guard plan.indexes.contains(name.name), plan.cost < 0.9 * before else { continue }
            one.uses.append(.init(statement: planned.statement, before: before, after: plan.cost))
            one.saved += (before - plan.cost) * planned.statement.calls / hours
        }
        one.uses.sort { ($0.before - $0.after) * $0.statement.calls > ($1.before - $1.after) * $1.statement.calls }
        one.written = table.writesAnHour * IndexAdvice.costOfEntry * (try await entries(candidate, name))
        let isWorthIt = advice.isWorthIt(one)
        if !keeps || !isWorthIt {
            try await builder.executeScript(
                trusted: "set statement_timeout = 0; drop index \(name.quoted)")
        }
        return isWorthIt ? one : nil
    }

    /// Why an index of a table is not built beside what else lies on that disk, in one clause; nil where it can be: an
    /// index may become as large as its table, and so may what is sorted for it.
    static func shortage(of table: AdviceTable, in work: String) async throws -> String? {
        let free = try await Blocking().run { _ in try SafeDirectory(work).availableSpace() }
        let wanted = ByteCount(table.bytes * 2 + 1_073_741_824)
        return free < wanted ? "'\(work.printable)' has \(free) free, and it may take \(wanted)" : nil
    }

    /// - Returns: false where the time was over first.
    private func isBuilt(_ statement: String) async throws -> Bool {
        let left = end - clock.monotonic()
        guard left > .zero else { return false }
        // The server's setting is an integer of 32 bits.
        let milliseconds = min(max(1, left.microseconds / 1_000), Int64(Int32.max))
        try await builder.executeScript(trusted: "set statement_timeout = \(milliseconds)")
        do {
            try await builder.executeScript(trusted: statement)
            return true
        } catch {
            guard advice.isOver(), ErrorReport(error).exitStatus != .interrupted else { throw error }
            return false
        }
    }

    private func bytes(_ index: QualifiedName) async throws -> Int64 {
        try await session.query(
            """
            select pg_catalog.pg_relation_size(c.oid) as bytes from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(index.schema) and c.relname = \(index.name)
            """
        ).only["bytes"]
    }

    /// What a row written writes into it. GIN has one for each element, trigram or lexeme; of arrays the server counts
    /// them, of the others the width says about how many there are.
    private func entries(_ candidate: IndexCandidate, _ index: QualifiedName) async throws -> Double {
        switch candidate.method {
        case .btree, .gist: return 1
        case .brin: return IndexAdvice.summaries
        case .gin: break
        }
        guard let key = candidate.keys.first else { preconditionFailure("an index over nothing") }
        var column: String?
        if case .column(let name) = key.key { column = name }
        // An expression's statistics are called after the index.
        let row = try await session.query(
            """
            select (s.elem_count_histogram[array_length(s.elem_count_histogram, 1)])::float8 as elements,
                s.avg_width::float8 as width
            from pg_catalog.pg_stats s
            where s.schemaname = \(index.schema) and not s.inherited
                and s.tablename = \(column == nil ? index.name : candidate.table.name)
                and (\(column)::text is null or s.attname = \(column)::text)
            limit 1
            """
        ).first
        guard let row else { return Self.unknownEntries }
        if let elements = try row["elements", as: Double?.self] { return max(1, elements) }
        let width: Double = try row["width"]
        return max(1, key.operatorClass.containsBytes("trgm") ? width : width / Self.bytesOfEntry)
    }
}

extension Error {
    /// Whether the server would build such an index of such rows nowhere (manual, "PostgreSQL Error Codes"). All else, such
    /// as a full disk, says nothing about the index.
    var refusesDefinition: Bool {
        switch self as? PostgreSQLError {
        case .featureMissing: true
        case .other(let server): ["0A", "22", "23", "42", "54"].contains(server.sqlState.prefix(2))
        default: false
        }
    }
}
