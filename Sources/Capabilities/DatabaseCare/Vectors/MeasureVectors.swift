import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// What indexes of vectors find, and how far a search has to look to find enough.
package struct MeasureVectors: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("The share of the nearest that a search is to find.", valueName: "percent"))
        package var recall = 95.0

        @Option(help: ArgumentHelp("How many nearest neighbours a search asks for.", valueName: "count"))
        package var nearest = 10

        @Option(help: ArgumentHelp("How many rows are asked for their neighbours.", valueName: "count"))
        package var queries = 30

        @Flag(help: "Set for the database how far searches look, where more is needed.")
        package var apply = false

        @Option(help: ArgumentHelp("How long one exact search may take.", valueName: "duration"))
        package var timeout: Duration = .seconds(60)

        package init() {}

        package func validate() throws {
            guard (1...100).contains(recall) else { throw ValidationError("'--recall' is between 1 and 100") }
            guard (1...1_000).contains(nearest) else { throw ValidationError("'--nearest' is between 1 and 1,000") }
            guard (5...1_000).contains(queries) else { throw ValidationError("'--queries' is between 5 and 1,000") }
            guard timeout >= .seconds(1) else { throw ValidationError("'--timeout' is at least a second") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.vectors",
        summary: "measure what vector indexes find, and how far a search has to look",
        explanation: """
            Asks each HNSW and IVFFlat index of pgvector for the nearest neighbours of some rows of its table, asks the \
            table itself without the index, and says how many of the true ones the index found (recall), how long both \
            took, and from which ef_search or probes on the wanted share is found. Where the index finds too little it says \
            what mends it: looking farther, which '--apply' sets for the database and sessions that begin afterwards; \
            VACUUM where many rows are dead, since the graph leads over them; or building it anew. It says too how much \
            memory a build takes against maintenance_work_mem, beyond which it is many times slower. Recall is recorded for \
            each index, so that it is seen to fall. An exact search reads the whole table: with 30 rows that is 30 times.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:vectors"), .init("db:vector:optimize", arguments: ["--apply"]),
            .init("maintenance:weekly:vector-optimization", arguments: ["--apply"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        observation.examined = ["DB014", "DB015"]
        let indexes = try await VectorIndex.all(session)
        observation.evidence["vector indexes"] = Scalar(indexes.count)
        guard !indexes.isEmpty else { return observation }
        let row = try await session.query(
            """
            select pg_catalog.current_database() as name,
                pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) as memory,
                (select pg_catalog.pg_has_role(datdba, 'USAGE') from pg_catalog.pg_database
                    where datname = pg_catalog.current_database()) as may_set
            """
        ).only
        let memory: Int64 = try row["memory"]
        var rows: [[Scalar]] = []
        var needed: [String: Int] = [:]
        var standing: [String: Int] = [:]
        for index in indexes {
            look.tell("searching \(index.name)")
            let head: [Scalar] = [.text(index.name.description), .integer(index.bytes)]
            if let obstacle = index.obstacle {
                rows.append(head + [.null, .null, .null, .text("not measured: \(obstacle)")])
                continue
            }
            let now = try await SearchSettingAct.effective(index.setting, session) ?? index.standard
            standing[index.setting] = now
            do {
                let measurement = RecallMeasurement(
                    session: session.limited(to: options.timeout), index: index, clock: look.clock,
                    nearest: options.nearest)
                let result = try await measurement.run(
                    queries: options.queries, now: now, wanted: options.recall / 100)
                rows.append(head + self.row(result, index))
                tell(result, index, memory, look, &observation, &needed)
            } catch let trouble as RecallMeasurement.Trouble {
                let why =
                    trouble == .tooFewRows ? "the table has too few rows" : "the planner does not go by it"
                rows.append(head + [.null, .null, .null, .text("not measured: \(why)")])
            } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
                observation.gaps.append(Observation.Gap(index.name.description, error))
            }
        }
        observation.listings = [
            Listing(
                "Vector indexes",
                [
                    "index", Listing.Column("size", .bytes), Listing.Column("recall", .percent),
                    Listing.Column("search", .seconds), Listing.Column("exact", .seconds), "for the wanted recall",
                ], rows)
        ]
        // What is only planned is not over yet.
        if options.apply, !needed.isEmpty { observation.examined.remove("DB014") }
        let database: String = try row["name"]
        for (name, value) in needed.sorted(by: { $0.key < $1.key }) where options.apply {
            // Looking less far is nobody's wish, wherever it was set.
            guard try row["may_set", as: Bool.self], value > standing[name] ?? 0 else { continue }
            observation.changes.append(
                SearchSettingAct.change(
                    name, to: value, from: try await SearchSettingAct.current(name, session), database: database,
                    reason: "\(Percentage(options.recall)) of the nearest are found from there on"))
        }
        return observation
    }

    private func row(_ result: RecallMeasurement.Result, _ index: VectorIndex) -> [Scalar] {
        guard let first = result.points.first, let last = result.points.last else { return [.null, .null, .null, ""] }
        let reached = last.recall * 100 >= options.recall
        let advice =
            reached
            ? "\(index.setting) \(last.value)"
            : "not reached: \(Percentage((last.recall * 100).rounded())) with \(index.setting) \(last.value)"
        return [
            .number((first.recall * 1_000).rounded() / 10), .number(first.latency.inSeconds),
            .number(result.exact.inSeconds), .text(advice),
        ]
    }

    private func tell(
        _ result: RecallMeasurement.Result, _ index: VectorIndex, _ memory: Int64, _ look: Look,
        _ observation: inout Observation, _ needed: inout [String: Int]
    ) {
        guard let first = result.points.first, let last = result.points.last else { return }
        observation.measurements.append(
            Measurement(
                "vector.recall", look.target, object: index.name.description, unit: .percent,
                value: first.recall * 100))
        var evidence: Facts = [
            "queries": Scalar(result.queries), "bytes": .integer(index.bytes), "dead rows": .integer(index.deadRows),
            "memory of a build": .text(
                "about \(ByteCount(index.bytes)), maintenance_work_mem is \(ByteCount(memory))"),
        ]
        for point in result.points {
            evidence["with \(index.setting) \(point.value)"] = .text(
                "\(Percentage((point.recall * 1_000).rounded() / 10)) in \(point.latency.short)")
        }
        guard first.recall * 100 < options.recall else { return }
        let found = "\(Percentage((first.recall * 100).rounded())) of the \(options.nearest) nearest are found"
        if last.recall * 100 >= options.recall {
            needed[index.setting] = max(needed[index.setting] ?? 0, last.value)
            guard !options.apply else { return }
            observation.findings.append(
                Finding(
                    code: "DB014", severity: .warning, target: look.target, object: index.name.description,
                    summary: "\(found) with \(index.setting) \(first.value), and \(Percentage(options.recall)) from "
                        + "\(last.value) on", evidence: evidence, mend: "mainstay db vectors --apply"))
            return
        }
        let isDead = Double(index.deadRows) > 0.1 * max(1, index.rows)
        observation.findings.append(
            Finding(
                code: "DB015", severity: .warning, target: look.target, object: index.name.description,
                summary: "\(found), and never more than \(Percentage((last.recall * 100).rounded()))"
                    + (isDead ? "; a tenth of the rows or more is dead" : ""), evidence: evidence,
                mend: isDead
                    ? ("vacuum \(relation: index.table);" as SQL).literalText
                    : ("reindex index concurrently \(relation: index.name);" as SQL).literalText))
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await SearchSettingAct.inspect(change, try await look.database())
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("an ALTER DATABASE is SQL") }
        for statement in statements { try await act.connection().executeScript(trusted: statement) }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await SearchSettingAct.prove(change, try await look.database())
    }
}
