import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// What the server could believe and does not, and what it would do wrong next.
package struct MendConsistency: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Validate constraints that hold, and bring sequences ahead of their columns.")
        package var fixIssues = false

        @Option(help: ArgumentHelp("How long looking at one constraint may take.", valueName: "duration"))
        package var constraintTimeout: Duration = .seconds(3_600)

        package init() {}

        package func validate() throws {
            guard constraintTimeout >= .seconds(1) else {
                throw ValidationError("'--constraint-timeout' is at least a second")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.consistency-check",
        summary: "find what data and schema do not agree about, and mend what can be",
        explanation: """
            Looks for constraints that are NOT VALID and broken or in truth hold, and for sequences that are behind the \
            columns they fill. With '--fix-issues' it mends what needs no decision and loses nothing: a constraint that \
            holds for every row is validated (reads and writes go on), and a sequence is set to its column's largest value, \
            looked up while inserts wait, unless that is near the last number there is. \
            Rows that break a constraint are told; 'data cleanup-orphaned' archives and removes orphans. Each environment is \
            looked at by itself: comparing one with another is not supported yet.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("data:consistency-check")])

    private let options: Options
    private let constraints: ValidateRelationships

    package init(_ options: Options) throws {
        self.options = options
        constraints = ValidateRelationships(
            try ValidateRelationships.Options.parse([
                "--constraint-timeout=\(Int64(options.constraintTimeout.inSeconds.rounded(.up)))s"
            ]))
    }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = try await constraints.survey(look)
        let session = try await look.database()
        observation.identity = try await DatabaseIdentity.facts(session)
        var late: [LateSequence] = []
        do {
            let sequences = try await LateSequence.all(session)
            late = sequences.late
            observation.gaps += sequences.gaps
            if sequences.gaps.isEmpty { observation.examined.insert("DI008") }
        } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
            observation.gaps.append(Observation.Gap("sequences", error))
        }
        observation.evidence["sequences behind"] = Scalar(late.count)
        guard options.fixIssues else {
            observation.findings += late.map { $0.finding(at: look.target) }
            return observation
        }
        for sequence in late {
            if sequence.mayChange, !sequence.isNearEnd {
                observation.changes.append(Self.change(sequence))
            } else {
                observation.findings.append(sequence.finding(at: look.target))
            }
        }
        let open = observation.findings.filter { $0.code == "DI005" }
        observation.findings.removeAll { $0.code == "DI005" }
        for finding in open {
            if let change = try await Self.change(finding, session) {
                observation.changes.append(change)
            } else {
                observation.findings.append(finding)
            }
        }
        // What is only planned is not over yet; the next look says whether it is.
        if observation.changes.contains(where: { $0.kind == "set-sequence" }) { observation.examined.remove("DI008") }
        if observation.changes.contains(where: { $0.kind == "validate" }) { observation.examined.remove("DI005") }
        return observation
    }

    private static func change(_ sequence: LateSequence) -> Change {
        Change(
            kind: "set-sequence", object: sequence.name.description,
            action: .sql(sequence.statements.map(\.literalText)),
            effect: .maintains, lock: .shareRowExclusive, reversal: "nothing to undo: numbers are only left out",
            identity: [
                "schema": .text(sequence.name.schema), "name": .text(sequence.name.name),
                "column": .text("\(sequence.table).\(sequence.column.displayedIdentifier)"),
            ],
            reason: "\(sequence.table).\(sequence.column.displayedIdentifier) has come to \(sequence.largest.grouped)",
            estimate: Change.Estimate(seconds: 1, source: "nothing is read"), priority: .critical)
    }

    /// Nil where this role may not validate it.
    private static func change(_ finding: Finding, _ session: SurveySession) async throws -> Change? {
        guard let statement = finding.mend, statement.hasSuffix(";"), let object = finding.object else { return nil }
        let rows = try await session.query(
            """
            select k.oid::bigint as oid, n.nspname::text as schema, c.relname::text as table_name,
                k.conname::text as name, c.relpages::bigint * 8192 as bytes
            from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where not k.convalidated and pg_catalog.pg_has_role(c.relowner, 'USAGE')
            """)
        for row in rows {
            let table = QualifiedName(schema: try row["schema"], name: try row["table_name"])
            let name: String = try row["name"]
            guard "\(table).\(name.displayedIdentifier)" == object else { continue }
            return Change(
                kind: "validate", object: object, action: .sql([String(statement.dropLast())]), effect: .maintains,
                lock: .shareUpdateExclusive, reversal: "nothing to undo", identity: ["oid": .integer(try row["oid"])],
                reason: "it holds for every row, and is NOT VALID",
                estimate: Change.Estimate(
                    seconds: max(1, Double(max(0, try row["bytes", as: Int64.self])) / 209_715_200),
                    source: "assumed 200 MB of table a second"))
        }
        return nil
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let session = try await look.database()
        if case .integer(let oid)? = change.identity["oid"] {
            let row = try await session.query(
                "select convalidated as valid from pg_catalog.pg_constraint where oid = \(oid)::oid"
            ).first
            guard let row else { throw IntegrityError.objectIsGone(change.object) }
            return Inspection(identity: change.identity, witness: ["valid": .boolean(try row["valid"])])
        }
        // The number itself is looked up when it is set, since rows may come until then.
        guard let late = try await sequence(change, session) else {
            throw IntegrityError.objectIsGone("what is wrong with the sequence \(change.object)")
        }
        var identity = change.identity
        if late.isNearEnd { identity["is near its end"] = true }
        return Inspection(
            identity: identity, witness: ["last value": .integer(late.last), "largest value": .integer(late.largest)])
    }

    /// Nil where it is not behind any more.
    private func sequence(_ change: Change, _ session: SurveySession) async throws -> LateSequence? {
        guard case .text(let schema)? = change.identity["schema"], case .text(let name)? = change.identity["name"]
        else { preconditionFailure("a change of a sequence does not name it") }
        let found = try await LateSequence.all(session, only: QualifiedName(schema: schema, name: name))
        if let gap = found.gaps.first { throw gap.reason }
        return found.late.first
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("mending is SQL") }
        let connection = try await act.connection()
        guard change.kind == "set-sequence" else {
            for statement in statements { try await connection.executeScript(trusted: statement) }
            return
        }
        try await connection.transaction {
            // Whoever inserts waits while the largest number is looked up.
            try await connection.executeScript(
                trusted: "set local lock_timeout = '5s'; set local statement_timeout = '60s'; "
                    + "set local row_security = off; set local search_path = ''")
            for statement in statements { try await connection.executeScript(trusted: statement) }
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let session = try await look.database()
        if case .integer(let oid)? = change.identity["oid"] {
            let row = try await session.query(
                "select convalidated as valid from pg_catalog.pg_constraint where oid = \(oid)::oid"
            ).first
            guard let row else { return .unknown("the constraint is gone") }
            return try row["valid", as: Bool.self]
                ? .done(["valid": true]) : .notDone("the server does not believe in it yet")
        }
        if let late = try await sequence(change, session) {
            return .notDone("it has come to \(late.position) still")
        }
        return .done(["ahead of": witness["largest value"] ?? .null])
    }
}
