import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// ANALYZE of exactly what is stale.
package struct UpdateStatistics: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "Rows changed since the last ANALYZE, in percent of the table, from which statistics are stale.",
                valueName: "percent"))
        package var changed = 10.0

        @Option(help: ArgumentHelp("Tables with fewer changed rows than this are left alone.", valueName: "count"))
        package var minimumRows = 50

        @Option(help: ArgumentHelp("Statistics older than this are stale if anything changed.", valueName: "duration"))
        package var olderThan: Duration?

        @Flag(help: "Every table, stale or not.")
        package var everything = false

        package init() {}

        package func validate() throws {
            guard (0...100).contains(changed) else { throw ValidationError("'--changed' is between 0 and 100") }
            guard minimumRows >= 0 else { throw ValidationError("'--minimum-rows' is not negative") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.update-stats",
        summary: "refresh the planner statistics that are stale",
        explanation: """
            Finds the tables and materialised views whose planner statistics no longer describe them (never analysed, or \
            more than 10 % of the rows and at least 50 of them changed since) and runs ANALYZE on exactly those, one \
            after the other. Stale statistics make the planner choose slow plans. Partitioned tables are among them: \
            autovacuum never refreshes theirs, and the server does not count their changes, so they are judged by what \
            it knows of their partitions; before version 18 their ANALYZE goes on to every partition. Foreign tables \
            are left alone, because their ANALYZE reads another server. ANALYZE reads a sample and takes a SHARE UPDATE \
            EXCLUSIVE lock: reads and writes go on. Each table is proved afterwards: the server's own counter of manual \
            ANALYZE runs has grown.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:update-stats"), .init("maintenance:weekly:db-analyze"),
            .init("db:analyze", arguments: ["--everything"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        let version = await session.serverVersion
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        observation.examined = ["DB001"]
        let tables = try await StatisticsTable.all(session)
        observation.evidence["tables"] = Scalar(tables.count)
        let now = look.clock.now()
        // Parents last: one that was analysed before its children looks stale again.
        let stale =
            tables.filter { $0.children == nil && isStale($0, now) }
            + tables.filter { $0.children != nil && isStale($0, now) }
        // A partition is analysed with the partitioned table it lies in, where the server does that.
        let reached = Set(
            stale.filter { $0.mayAnalyze && $0.reachesPartitions(serverVersion: version) }.map(\.oid))
        for table in stale {
            if table.mayAnalyze {
                guard reached.isDisjoint(with: table.ancestors) else { continue }
                observation.changes.append(try await change(table, version, look))
            } else {
                observation.findings.append(notOurs(table, version, look))
            }
        }
        observation.evidence["stale"] = Scalar(stale.count)
        observation.measurements = [
            Measurement("statistics.stale", look.target, unit: .count, value: Double(stale.count))
        ]
        return observation
    }

    private func isStale(_ table: StatisticsTable, _ now: Timestamp) -> Bool {
        if options.everything { return true }
        let minimum = Int64(max(1, options.minimumRows))
        guard let last = table.lastAnalyzed else { return table.rows >= minimum }
        guard table.changed >= minimum else { return false }
        if let limit = options.olderThan, now - last > limit { return true }
        return table.share.value >= options.changed
    }

    private func change(_ table: StatisticsTable, _ version: Int, _ look: Look) async throws -> Change {
        let name = table.name.description
        let history = try await look.log.durations(
            kind: "analyze", object: name, task: Self.declaration.name, target: look.target)
        return Change(
            kind: "analyze", object: name, action: .sql([table.statement(serverVersion: version).literalText]),
            effect: .maintains, lock: .shareUpdateExclusive, reversal: "nothing to undo", identity: table.identity,
            reason: table.reason, estimate: Change.Estimate(history: history))
    }

    private func notOurs(_ table: StatisticsTable, _ version: Int, _ look: Look) -> Finding {
        Finding(
            code: "DB001", severity: .warning, target: look.target, object: table.name.description,
            summary: "statistics are stale (\(table.reason)), and this role may not analyse the table",
            evidence: ["changed rows": .integer(table.changed)],
            mend: version >= 170_000
                ? "grant maintain on \(table.name.quoted) to the role Mainstay uses"
                : "let Mainstay use the role that owns \(table.name.quoted), or a member of it")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let table = try await StatisticsTable.find(change, try await look.database())
        return Inspection(identity: table.identity, witness: table.witness)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("an ANALYZE is SQL") }
        for statement in statements { try await act.connection().executeScript(trusted: statement) }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let table = try await StatisticsTable.find(change, try await look.database())
        let after = table.witness
        guard case .integer(let countBefore)? = witness["analyze count"],
            case .integer(let count)? = after["analyze count"]
        else { return .unknown("the journal holds no count of ANALYZE runs") }
        // A server that crashed has forgotten its counters: then only a newer time of analysis shows anything.
        if count > countBefore || (count > 0 && after["last analyze"] != witness["last analyze"]) {
            return .done([
                "analyze count": .integer(count), "analyze count before": .integer(countBefore),
                "changed rows": .integer(table.changed),
                "last analyze": after["last analyze"] ?? .null,
            ])
        }
        return .notDone("the server counts \(count) manual ANALYZE runs of \(change.object), as before")
    }
}

extension Change.Estimate {
    /// The longest of the last runs of the same change; nil where it never ran.
    package init?(history: [Duration]) {
        guard let longest = history.max() else { return nil }
        self.init(
            seconds: longest.inSeconds,
            source: history.count == 1 ? "its last run" : "longest of its last \(history.count) runs")
    }
}
