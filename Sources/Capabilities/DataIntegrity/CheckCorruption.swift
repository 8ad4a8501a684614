import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Every page of every table and B-tree, read and compared.
package struct CheckCorruption: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Rebuild damaged indexes from their tables, where those are sound.")
        package var autoRepair = false

        @Option(help: ArgumentHelp("These tables and their indexes alone.", valueName: "name,…"))
        package var table: String?

        @Option(help: ArgumentHelp("How long looking at one table or index may take.", valueName: "duration"))
        package var timeout: Duration = .seconds(3_600)

        package init() {}

        package func validate() throws {
            guard timeout >= .seconds(1) else { throw ValidationError("'--timeout' is at least a second") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.corruption-check",
        summary: "read every table and index to see whether they are sound",
        explanation: """
            Reads every table with its TOAST values (verify_heapam) and every B-tree (bt_index_check with heapallindexed, \
            which looks for each row of the table in the index), and compares the visibility map with the rows where \
            pg_visibility is installed; with data checksums every page that is read is checked too, and failures that the \
            server has counted are told. All of it takes the weakest lock: reads and writes go on; it costs one read of the \
            database. With '--auto-repair' a damaged index is rebuilt from its table without locking anybody out, if \
            nothing is wrong with that table, and proved by the same check. A damaged table cannot be rebuilt from \
            anything here: the finding says so, and the backups are where it comes back from. Indexes of other methods \
            cannot be checked; they are counted. Without the extension amcheck the step is unproven.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("data:corruption-check")])

    static let codes: Set<String> = ["DI010", "DI011", "DI012", "DI013"]

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let limits = SurveyLimits(statementTimeout: options.timeout)
        return try await SurveySession.with(try await look.address(), settings, limits: limits) { session in
            var observation = Observation()
            observation.identity = try await DatabaseIdentity.facts(session)
            var check = StructureCheck(session: session)
            check.tables = options.table.map {
                Set($0.split(separator: ",").map { String($0).trimmingWhitespace() })
            }
            let result = try await check.run(tell: look.tell)
            observation.gaps = result.gaps
            if result.gaps.isEmpty, check.tables == nil { observation.examined = Self.codes }
            try await tell(result, session, look, &observation)
            // What is only planned is not over yet.
            if !observation.changes.isEmpty { observation.examined.remove("DI010") }
            try await tellChecksums(session, look, &observation)
            observation.evidence.merge([
                "tables read": Scalar(result.tables), "indexes read": Scalar(result.indexes),
                "bytes read": .integer(result.bytes), "indexes nothing can check": Scalar(result.unchecked),
                "visibility map compared": .boolean(result.seesVisibility),
            ]) { _, new in new }
            observation.measurements = [
                Measurement("relations.damaged", look.target, unit: .count, value: Double(result.damages.count))
            ]
            return observation
        }
    }

    private func tell(
        _ result: StructureCheck.Result, _ session: SurveySession, _ look: Look, _ observation: inout Observation
    ) async throws {
        for damage in result.damages {
            let relation = damage.relation
            let canRebuild =
                damage.kind == .index && relation.isRebuildable && relation.mayRebuild
                && result.sound.contains(relation.tableOID)
            if canRebuild, options.autoRepair {
                let leftovers = try await RepairIndexAct.leftovers(relation.tableOID, session)
                observation.changes.append(RepairIndexAct.change(damage, leftovers: leftovers))
            } else {
                observation.findings.append(Self.finding(damage, canRebuild: canRebuild, look))
            }
        }
    }

    private static func finding(_ damage: StructureCheck.Damage, canRebuild: Bool, _ look: Look) -> Finding {
        let (code, what): (String, String) =
            switch damage.kind {
            case .index: ("DI010", "the index is damaged")
            case .table: ("DI011", "the table is damaged")
            case .visibility: ("DI012", "the visibility map is wrong")
            }
        var evidence: Facts = ["bytes": .integer(damage.relation.bytes)]
        for (number, complaint) in damage.complaints.enumerated() {
            evidence["complaint \(number + 1)"] = .text(complaint.printable)
        }
        let mend: String =
            switch damage.kind {
            case .index:
                canRebuild
                    ? "mainstay data corruption-check --auto-repair"
                    : "look at its table first; then: reindex index \(damage.relation.name.quoted);"
            case .table: "restore the table from a proved backup: mainstay backup list"
            case .visibility:
                "select pg_truncate_visibility_map(\(damage.relation.name.quoted.quotedLiteral)); then VACUUM it"
            }
        return Finding(
            code: code, severity: .critical, target: look.target, object: damage.relation.name.description,
            summary: "\(what): \(damage.complaints.first ?? "")", evidence: evidence, mend: mend)
    }

    /// What the server itself has met.
    private func tellChecksums(_ session: SurveySession, _ look: Look, _ observation: inout Observation) async throws {
        let row = try await session.query(
            """
            select pg_catalog.current_setting('data_checksums') = 'on' as checks,
                coalesce(checksum_failures, 0)::bigint as failures, checksum_last_failure as last
            from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()
            """
        ).only
        let failures: Int64 = try row["failures"]
        observation.evidence["data checksums"] = .boolean(try row["checks"])
        guard failures > 0 else { return }
        let last: Timestamp? = try row["last"]
        observation.findings.append(
            Finding(
                code: "DI013", severity: .critical, target: look.target,
                summary: "the server has met \(failures.grouped) pages whose checksum is wrong",
                evidence: ["failures": .integer(failures), "last": last.map { .text($0.iso8601) } ?? .null],
                mend: "look at the disk, and restore what is damaged from a proved backup: mainstay backup list"))
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await RepairIndexAct.inspect(change, try await look.database())
    }

    package func apply(_ change: Change, _ act: Act) async throws { try await RepairIndexAct.apply(change, act) }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let limits = SurveyLimits(statementTimeout: options.timeout)
        return try await SurveySession.with(try await look.address(), settings, limits: limits) { session in
            try await RepairIndexAct.prove(change, before: witness, session)
        }
    }
}
