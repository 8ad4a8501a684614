import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Rows without a parent, archived and removed.
package struct RemoveOrphans: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "Relations without a foreign key that count: 'public.orders.customer_id=public.customers'.",
                valueName: "relation,…"))
        package var relation: String?

        @Option(help: ArgumentHelp("How many rows of each table are removed in one run.", valueName: "count"))
        package var limit = 10_000

        @Option(help: ArgumentHelp("How long looking at one constraint may take.", valueName: "duration"))
        package var constraintTimeout: Duration = .seconds(3_600)

        package init() {}

        package func validate() throws {
            guard (1...1_000_000).contains(limit) else { throw ValidationError("'--limit' is between 1 and 1,000,000") }
            guard constraintTimeout >= .seconds(1) else {
                throw ValidationError("'--constraint-timeout' is at least a second")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.cleanup-orphaned",
        summary: "archive and remove rows whose parent is gone",
        explanation: """
            Finds rows that break a foreign key (one that is NOT VALID, or that a load has gone around) and moves them into \
            a table of their own in the schema mainstay_removed, at most 10,000 of each table in a run. Archive, reading it \
            back and removal are one transaction: where the archive does not hold exactly the rows the plan was made of, \
            nothing is removed. The plan has the statement that puts them back; the archive stays until somebody drops it. \
            Rows of relations that only look like one by their names are told, and removed only where '--relation' names \
            the relation. A table is left alone where removing its rows would take rows of other tables with it, or start \
            a trigger of the team's own, or send the archive to subscribers, and so are partitioned tables. In a protected environment an approval is needed.
            """,
        effect: .destroys,
        subject: .resources([.postgresql]),
        aliases: [.init("data:cleanup-orphaned", implied: ["--safe-mode"])])

    private static let kind = "remove-orphans"
    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        try await withSession(look) { session in
            var observation = Observation()
            observation.identity = try await DatabaseIdentity.facts(session)
            var archives: Set<String> = []
            let found = try await orphans(session, look, &observation)
            for (orphans, reason) in found {
                if let obstacle = try await RemovalAct.obstacle(orphans, isArchived: true, session) {
                    observation.findings.append(
                        Finding(
                            code: "DI014", severity: .info, target: look.target, object: orphans.name,
                            summary: "its rows without a parent are left alone: \(obstacle)"))
                    continue
                }
                let all = try await session.query(
                    SurveySQL("select count(*) as n from \(orphans.source) where \(orphans.condition)")
                ).only["n", as: Int64.self]
                guard all > 0 else { continue }
                let picture = try await RemovalAct.picture(orphans, session)
                let archive = try await RemovalAct.newArchive(for: orphans.table, besides: &archives, session)
                let rest =
                    all > picture.rows ? ", and \((all - picture.rows).grouped) more are left for the next run" : ""
                observation.changes.append(
                    RemovalAct.change(
                        orphans, picture, columns: try await RemovalAct.columns(of: orphans.table, session),
                        archive: RemovalAct.Archive(table: archive),
                        reason: "\(picture.rows.grouped) rows without a parent\(rest): \(reason)"))
            }
            // What could not be looked at may still be so, and what is only planned is not over yet.
            if observation.gaps.isEmpty { observation.examined = ["DI014"] }
            if observation.gaps.isEmpty, observation.changes.isEmpty { observation.examined.insert("DI007") }
            return observation
        }
    }

    private func withSession<Value: Sendable>(
        _ look: Look, _ body: (SurveySession) async throws -> Value
    ) async throws -> Value {
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let limits = SurveyLimits(statementTimeout: options.constraintTimeout)
        return try await SurveySession.with(try await look.address(), settings, limits: limits) { session in
            try await body(session.unfiltered.with(settings: ["search_path": "", "constraint_exclusion": "off"]))
        }
    }

    /// Those of declared relations, and of inferred ones that were named.
    private func orphans(
        _ session: SurveySession, _ look: Look, _ observation: inout Observation, among table: QualifiedName? = nil
    ) async throws -> [(RemovalAct.Rows, String)] {
        var found: [(RemovalAct.Rows, String)] = []
        let verification = try await ConstraintVerifier(session, extent: .exact, keys: 0)
            .verify([.foreignKey], among: table, begins: look.tell)
        observation.gaps = UnverifiedTable.all(verification, at: look.target)
        for verdict in verification.violated {
            let name = "\(verdict.table).\(verdict.name.displayedIdentifier)"
            guard let orphans = try await MendingStatements.read(verdict, session).orphans else { continue }
            found.append(
                (
                    .init(
                        kind: Self.kind, name: name, table: verdict.table, source: SQL(trusted: orphans.source),
                        condition: SQL(trusted: orphans.condition), limit: options.limit, breaksKey: true),
                    "foreign key \(verdict.name.printable)"
                ))
        }
        let named = Set((options.relation ?? "").split(separator: ",").map { String($0).trimmingWhitespace() })
        let inferred = try await InferredRelation.all(session, among: table, tell: look.tell)
        observation.gaps += inferred.gaps
        for relation in inferred.relations where relation.orphans > 0 {
            if named.contains(relation.word) {
                found.append(
                    (
                        .init(
                            kind: Self.kind, name: "\(relation.child).\(relation.column.displayedIdentifier)",
                            table: relation.child, source: relation.source, condition: relation.condition,
                            limit: options.limit),
                        "named relation to \(relation.parent)"
                    ))
            } else {
                observation.findings.append(relation.finding(at: look.target))
            }
        }
        for word in named.subtracting(inferred.relations.map(\.word)) where !word.isEmpty {
            observation.gaps.append(
                Observation.Gap(
                    word.printable,
                    IntegrityError.objectIsGone("a relation '\(word)' that the values of its column bear out")))
        }
        observation.evidence = [
            "foreign keys": Scalar(verification.verdicts.count), "broken": Scalar(verification.violated.count),
            "inferred relations": Scalar(inferred.relations.count),
        ]
        return found
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await withSession(look) { session in
            var ignored = Observation()
            guard case .text(let schema)? = change.identity["schema"], case .text(let name)? = change.identity["table"]
            else { preconditionFailure("a removal does not name its table") }
            let table = QualifiedName(schema: schema, name: name)
            guard
                let orphans = try await orphans(session, look, &ignored, among: table).first(where: {
                    $0.0.name == change.object
                })
            else { throw IntegrityError.objectIsGone("what is to be removed of \(change.object)") }
            let picture = try await RemovalAct.picture(orphans.0, session)
            var identity = change.identity.merging(picture.identity) { $1 }
            if let obstacle = try await RemovalAct.obstacle(orphans.0, isArchived: true, session) {
                identity["obstacle"] = .text(obstacle)
            }
            guard let archive = RemovalAct.archive(change) else { preconditionFailure("orphans have an archive") }
            return Inspection(identity: identity, witness: RemovalAct.witness(archive, .none))
        }
    }

    package func apply(_ change: Change, _ act: Act) async throws { try await RemovalAct.apply(change, act) }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await RemovalAct.prove(change, before: witness, try await look.database())
    }
}

extension InferredRelation {
    func finding(at target: Target) -> Finding {
        Finding(
            code: "DI007", severity: .info, target: target, object: "\(child).\(column.displayedIdentifier)",
            summary:
                "it names rows of \(parent) without a foreign key, and \(orphans.grouped) rows name none that is there",
            evidence: ["rows": .integer(orphans), "relation": .text(word)],
            mend: "mainstay data cleanup-orphaned --relation=\(word.shellQuoted)")
    }
}
