import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Which indexes the workload wants, and which it does not.
package struct AdviseIndexes: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Build what is worth having.")
        package var create = false

        @Flag(help: "Drop what nothing uses, and watch for two weeks whether it is missed.")
        package var drop = false

        @Flag(
            help: ArgumentHelp(
                "Build what cannot be supposed on a copy, restored from the newest backup into a private server."))
        package var onCopy = false

        @Option(
            help: ArgumentHelp("The indexes of these tables alone: 'orders', 'public.orders,t'.", valueName: "name,…"))
        package var table: String?

        @Option(
            help: ArgumentHelp("How many statements are planned, those that take the most time.", valueName: "count"))
        package var statements = 100

        @Option(
            help: ArgumentHelp(
                "What a statement has to save of its cost for an index to be worth it.", valueName: "percent"))
        package var gain = 30.0

        @Option(help: ArgumentHelp("Faster statements move nobody to build an index.", valueName: "duration"))
        package var slowerThan: Duration = .milliseconds(1)

        @Option(
            help: ArgumentHelp(
                "How long nobody has used an index before it counts as unused.", valueName: "duration"))
        package var cycle: Duration = .seconds(35 * 86_400)

        @Option(help: ArgumentHelp("How long one build may take.", valueName: "duration"))
        package var limit: Duration = .seconds(3_600)

        @Option(help: ArgumentHelp("How long looking may take altogether.", valueName: "duration"))
        package var within: Duration = .seconds(1_800)

        package init() {}

        package func validate() throws {
            guard (1...5_000).contains(statements) else {
                throw ValidationError("'--statements' is between 1 and 5,000")
            }
            guard (1...100).contains(gain) else { throw ValidationError("'--gain' is between 1 and 100") }
            guard slowerThan >= .zero else { throw ValidationError("'--slower-than' is not negative") }
            guard cycle > .zero else { throw ValidationError("'--cycle' is longer than nothing") }
            guard limit >= .seconds(1) else { throw ValidationError("'--limit' is at least a second") }
            guard within >= .seconds(1) else { throw ValidationError("'--within' is at least a second") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.advise-indexes",
        summary: "find the indexes the workload wants, and those it does not",
        explanation: """
            Plans the statements that take the most time (pg_stat_statements) with indexes that do not exist (HypoPG): over \
            one or several columns, in the order a statement sorts by, carrying what it reads, over a part of the rows, or \
            over an expression, as the conditions of its plan suggest. Told is what the whole workload would gain by, one \
            index on top of the other, where a statement saves 30 % of its cost or more and all of them together save twice \
            what writing the index takes; what another index serves already is never told. Indexes that can go are those \
            that nothing has used for a business cycle (35 days) on the primary and every standby, and those that a longer \
            one contains, one of a table in a run; each statement is planned without them where HypoPG 1.4 is \
            installed, else only those go that no plan uses. Without options it only tells. With '--create' it \
            builds, with '--drop' it drops, both without locking anybody out; what makes a dropped index again is \
            kept, and for 14 days the statements of its table are watched: where one takes half as long again, and \
            would not with the index, the index is proposed back. HypoPG supposes no GIN and no GiST index, and where it \
            is not installed none at all. With '--on-copy' these are built to see on a copy: the newest backup is \
            restored into a private server that is gone afterwards, and there the statements are planned with and \
            without each; size and time of the build are measured.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:advise-indexes"),
            .init("maintenance:monthly:index-strategy"),
            .init("maintenance:monthly:query-optimization"),
        ])

    let options: Options

    package init(_ options: Options) { self.options = options }

    /// A connection of its own, whose prepared statements and supposed indexes are in nobody's way.
    static func withPlanner<Value: Sendable>(
        _ look: Look, _ body: (StatementPlanner, SurveySession) async throws -> Value
    ) async throws -> Value {
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        return try await SurveySession.with(try await look.address(), settings) { session in
            try await body(try await StatementPlanner(session), session)
        }
    }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(try await look.database())
        try await Self.withPlanner(look) { planner, session in
            try await survey(planner, session, look, &observation)
        }
        return observation
    }

    private func survey(
        _ planner: StatementPlanner, _ session: SurveySession, _ look: Look, _ observation: inout Observation
    ) async throws {
        var workload: Workload?
        do {
            workload = try await Workload.read(session, most: options.statements)
            if workload == nil { throw CareError.noWorkload }
        } catch let error as any MaintenanceError where error is LintBlindness || error is CareError {
            observation.gaps.append(Observation.Gap("statements", error))
        }
        let clock = look.clock
        let end = clock.monotonic() + options.within
        let isOver: @Sendable () -> Bool = { clock.monotonic() >= end }
        // What was looked for among some tables alone says nothing of the others.
        let isWhole = options.table == nil
        var adviser = IndexAdvice(planner: planner)
        adviser.isOver = isOver
        adviser.limits.leastGain = options.gain / 100
        adviser.limits.leastMilliseconds = options.slowerThan.inSeconds * 1_000
        adviser.limits.tables = options.table.map {
            Set($0.split(separator: ",").map { String($0).trimmingWhitespace() })
        }
        var result = IndexAdvice.Result()
        var taken = Set<String>()
        if let workload {
            result = try await adviser.plan(workload, tell: look.tell)
            result.tables = try await AdviceTable.read(
                result.planned.reduce(into: []) { $0.formUnion($1.tables) }, session)
            if planner.canSuppose {
                try await adviser.advise(workload, &result, tell: look.tell)
                if result.isCut {
                    observation.gaps.append(
                        Observation.Gap("indexes worth having", CareError.cutShort(after: options.within)))
                } else if isWhole {
                    observation.examined.insert("DB006")
                }
            } else if !options.onCopy {
                observation.gaps.append(Observation.Gap("indexes worth having", CareError.noSupposing))
            }
            observation.listings.append(result.listing(workload))
            if let listing = result.unplannedListing { observation.listings.append(listing) }
            observation.evidence["statements planned"] = Scalar(result.planned.count)
            observation.evidence["statements not planned"] = Scalar(result.unplanned.count)
            observation.evidence["indexes considered"] = Scalar(result.considered)
            observation.evidence["hours of workload"] = .number(workload.hours.rounded())
            try await tellCreations(result, "DB006", session, look, &taken, &observation)
            try await tellMissed(workload, planner, session, look, &observation)
        }
        let known = DropAdvice.Known(
            planned: result.planned, unplanned: result.unplanned.count,
            isCut: (workload?.statements.count ?? 0) >= options.statements)
        let dropped = try await DroppedIndexes.read(look).remembered(at: clock.now(), cycle: options.cycle)
        let drops = try await DropAdvice(planner: planner, cycle: options.cycle, isOver: isOver).advise(
            workload == nil ? nil : known, dropped: dropped, chosen: adviser.isChosen, session, look)
        observation.measurements += drops.measurements
        tellDrops(drops, look, &observation)
        try await tellHalfDropped(dropped, session, look, &observation)
        if isWhole { observation.examined.insert("DB007") }
        // Last, because a restore takes what time it takes.
        if options.onCopy, let workload {
            try await tryOnCopy(
                workload, adviser, until: end, triesBTrees: !planner.canSuppose,
                plannedHere: Set(result.planned.map(\.statement.id)), session, look, &taken, &observation)
        }
        // What is only planned is not over yet; the next look says whether it is.
        if observation.changes.contains(where: { $0.kind == CreateIndexAct.kind }) {
            observation.examined.subtract(["DB006", "DB016"])
        }
        if observation.changes.contains(where: { $0.kind == DropIndexAct.kind }) {
            observation.examined.remove("DB007")
        }
        if observation.changes.contains(where: { $0.kind == CreateIndexAct.backKind }) {
            observation.examined.remove("DB008")
        }
    }

    /// Indexes that were dropped here and are missed.
    private func tellMissed(
        _ workload: Workload, _ planner: StatementPlanner, _ session: SurveySession, _ look: Look,
        _ observation: inout Observation
    ) async throws {
        observation.examined.insert("DB008")
        let watched = try await DroppedIndexes.read(look).watched(at: look.clock.now())
        observation.evidence["dropped indexes watched"] = Scalar(watched.count)
        for dropped in watched where try await CareIndex.named(dropped.name, session)?.isValid != true {
            for slower in dropped.regressions(workload) {
                guard try await wouldHelp(dropped, slower.statement, planner) else { continue }
                let reason =
                    "statement \(slower.statement.id) takes \(Self.time(slower.since)) on average since it was "
                    + "dropped, \(Self.time(slower.before)) before"
                let change = CreateIndexAct.change(
                    kind: CreateIndexAct.backKind, name: dropped.name, table: dropped.table,
                    tableOID: dropped.tableOID, definition: dropped.definition, lines: dropped.recreation,
                    tableBytes: dropped.bytes,
                    reason: reason, priority: .warning)
                if options.drop || options.create {
                    observation.changes.insert(change, at: 0)
                } else {
                    observation.findings.append(
                        Finding(
                            code: "DB008", severity: .warning, target: look.target, object: dropped.name.description,
                            summary: "the dropped index is missed: \(reason)",
                            evidence: ["definition": .text(dropped.definition)],
                            mend: change.action.lines.joined(separator: "; ") + ";"))
                }
                break
            }
        }
    }

    /// What the planner says; where it cannot be asked about such an index or statement, what was measured is enough.
    private func wouldHelp(
        _ dropped: DroppedIndexes.Dropped, _ statement: Workload.Statement, _ planner: StatementPlanner
    ) async throws -> Bool {
        guard planner.canSuppose else { return true }
        do {
            let now = try PlanNode.read(try await planner.plan(statement.text).json)
            let then = try PlanNode.read(
                try await planner.plan(statement.text, supposing: [SQL(trusted: dropped.definition)]).json)
            return then.cost < 0.7 * now.cost
        } catch {
            guard !error.endsLooking else { throw error }
            return true
        }
    }

    private static func time(_ milliseconds: Double) -> String {
        Duration.microseconds(Int64(milliseconds * 1_000)).short
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let session = try await look.database()
        guard change.kind != DropIndexAct.kind else {
            var inspection = try await DropIndexAct.inspect(change, session)
            if change.isAdvisedDrop {
                let standbys = try await Standbys.ask(look, session, cycle: options.cycle)
                if let obstacle = standbys.obstacle { inspection.identity["standbys"] = .text(obstacle) }
                if let user = standbys.used[change.objectID] { inspection.identity["is used by"] = .text(user) }
            }
            return inspection
        }
        var inspection = try await CreateIndexAct.inspect(change, session)
        // Here and not in the plan, whose digest would change with every call of a statement.
        if case .text(let table)? = change.identity["table"] {
            do {
                if let before = try await WorkloadCost.of(table: table, look) {
                    inspection.witness["cost"] = .number(before.cost)
                    inspection.witness["statements"] = .text(WorkloadCost.text(before.weights))
                    if let supposed = try await WorkloadCost.of(
                        table: table, supposing: change.supposed, weights: before.weights, look)
                    {
                        inspection.witness["cost predicted"] = .number(supposed.cost)
                    }
                }
            } catch {
                // HypoPG does not take every access method; the index can be built all the same.
                guard !error.endsLooking else { throw error }
            }
        }
        return inspection
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        guard change.kind == DropIndexAct.kind else {
            return try await CreateIndexAct(limit: options.limit).apply(change, act)
        }
        try await remember(change, act.look)
        try await DropIndexAct.apply(change, act)
    }

    /// Before it is dropped, so that nothing dropped is ever unwatched; one that is still there is not looked at.
    private func remember(_ change: Change, _ look: Look) async throws {
        let session = try await look.database()
        guard let index = try await CareIndex.with(oid: change.objectID, session) else {
            throw CareError.objectIsGone(change.object)
        }
        let statements = try await Self.withPlanner(look) { planner, session -> [Workload.Statement] in
            guard let workload = try await Workload.read(session, most: options.statements) else { return [] }
            return try await IndexAdvice(planner: planner).plan(workload) { _ in }.planned
                .filter { $0.tables.contains(index.table) }.map(\.statement)
        }
        var dropped = try await DroppedIndexes.read(look)
        let now = look.clock.now()
        dropped.indexes = dropped.remembered(at: now, cycle: options.cycle).filter { $0.name != index.name }
        var twin: CareIndex?
        if case .integer(let oid)? = change.identity["twin oid"] {
            twin = try await CareIndex.with(oid: oid, session)
        }
        dropped.indexes.append(
            DroppedIndexes.Dropped(
                name: index.name, table: index.table, tableOID: index.tableOID, definition: index.definition,
                recreation: index.recreation, bytes: index.bytes, at: now, twin: twin?.name,
                statements: statements.map {
                    .init(id: $0.id, calls: $0.calls, totalMilliseconds: $0.totalMilliseconds)
                }))
        try await dropped.write(look, by: look.runID)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let session = try await look.database()
        guard change.kind != DropIndexAct.kind else {
            return try await DropIndexAct.prove(change, before: witness, session)
        }
        let proof = try await CreateIndexAct.prove(change, before: witness, session)
        guard case .done(var evidence) = proof, let before = witness["cost"]?.amount, before > 0,
            case .text(let table)? = change.identity["table"],
            case .text(let statements)? = witness["statements"],
            let achieved = try await WorkloadCost.of(
                table: table, weights: WorkloadCost.weights(statements), look)?.cost
        else { return proof }
        if let predicted = witness["cost predicted"]?.amount {
            evidence["cost saved, predicted percent"] = .number((100 * (1 - predicted / before)).rounded())
        }
        evidence["cost saved, achieved percent"] = .number((100 * (1 - achieved / before)).rounded())
        return .done(evidence)
    }
}

extension Change {
    /// The index it makes, as HypoPG takes it.
    fileprivate var supposed: SQL {
        guard let line = action.lines.first(where: { $0.hasPrefix("create ") }) else {
            preconditionFailure("a CREATE INDEX is SQL")
        }
        return SQL(trusted: line.replacing("concurrently ", with: "", maxReplacements: 1))
    }
}
