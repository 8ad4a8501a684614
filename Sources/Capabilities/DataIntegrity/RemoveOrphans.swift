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

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        try await withSession(look) { session in
            var observation = Observation()
            observation.identity = try await DatabaseIdentity.facts(session)
            var archives: Set<String> = []
            let found = try await orphans(session, look, &observation)
            for (orphans, reason) in found {
                if let obstacle = try await obstacle(orphans, session) {
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
                let picture = try await RemovalAct.picture(orphans, limit: options.limit, session)
                let archive = try await archive(for: orphans.child, besides: &archives, session)
                observation.changes.append(
                    RemovalAct.change(
                        orphans, picture, columns: try await RemovalAct.columns(of: orphans.child, session), all: all,
                        archive: archive, limit: options.limit, reason: reason))
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
    ) async throws -> [(RemovalAct.Orphans, String)] {
        var found: [(RemovalAct.Orphans, String)] = []
        let verification = try await ConstraintVerifier(session, extent: .exact, keys: 0)
            .verify([.foreignKey], among: table, begins: look.tell)
        observation.gaps = UnverifiedTable.all(verification, at: look.target)
        for verdict in verification.violated {
            let name = "\(verdict.table).\(verdict.name.displayedIdentifier)"
            guard let orphans = try await MendingStatements.read(verdict, session).orphans else { continue }
            found.append(
                (
                    .init(
                        name: name, child: verdict.table, source: SQL(trusted: orphans.source),
                        condition: SQL(trusted: orphans.condition), breaksKey: true),
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
                            name: "\(relation.child).\(relation.column.displayedIdentifier)", child: relation.child,
                            source: relation.source, condition: relation.condition, breaksKey: false),
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

    /// What else would happen to whoever removes the rows.
    private func obstacle(_ orphans: RemovalAct.Orphans, _ session: SurveySession) async throws -> String? {
        let row = try await session.query(
            """
            select c.relkind::text as kind, exists (
                    select from pg_catalog.pg_inherits h where h.inhparent = c.oid) as has_children,
                (select r.conrelid::regclass::text from pg_catalog.pg_constraint r
                    where r.contype = 'f' and r.confrelid = c.oid and r.confdeltype in ('c', 'n', 'd') limit 1) as follows,
                (select t.tgname::text from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
                    and t.tgenabled <> 'D' and (t.tgtype & 8) <> 0 limit 1) as trigger_name,
                (select p.pubname::text from pg_catalog.pg_publication p
                    where p.puballtables or exists (
                        select from pg_catalog.pg_publication_namespace pn
                        join pg_catalog.pg_namespace own on own.oid = pn.pnnspid
                        where pn.pnpubid = p.oid and own.nspname = \(RemovalAct.schema)) limit 1) as publication,
                (select w.rulename::text from pg_catalog.pg_rewrite w where w.ev_class = c.oid limit 1) as rule_name,
                pg_catalog.has_table_privilege(c.oid, 'DELETE')
                    and pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') as may
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(orphans.child.schema) and c.relname = \(orphans.child.name)
            """
        ).only
        if try row["kind", as: String.self] != "r" { return "it is partitioned; remove them by hand" }
        if let name = try row["follows", as: String?.self] {
            return "rows of \(name.printable) would go or change with them"
        }
        if let name = try row["trigger_name", as: String?.self] { return "its trigger '\(name.printable)' would run" }
        if let name = try row["rule_name", as: String?.self] { return "its rule '\(name.printable)' would apply" }
        if let name = try row["publication", as: String?.self] {
            return "the publication '\(name.printable)' would send the archive to subscribers that do not have it"
        }
        guard try row["may", as: Bool.self] else { return "this role may not delete from it, or not create a schema" }
        return try await named(orphans, session)
    }

    /// Who names the rows themselves and keeps them so: a foreign key without an action.
    private func named(_ orphans: RemovalAct.Orphans, _ session: SurveySession) async throws -> String? {
        let keys = try await session.query(
            """
            select n.nspname::text as schema, r.relname::text as name,
                array(select a.attname::text from unnest(k.conkey) with ordinality u (num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num
                    order by u.place) as columns,
                array(select a.attname::text from unnest(k.confkey) with ordinality u (num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num
                    order by u.place) as own_columns
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class r on r.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
            join pg_catalog.pg_class c on c.oid = k.confrelid join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
            where k.contype = 'f' and k.confdeltype in ('a', 'r') and k.conparentid = 0
                and cn.nspname = \(orphans.child.schema) and c.relname = \(orphans.child.name)
            """)
        for key in keys {
            let table = QualifiedName(schema: try key["schema"], name: try key["name"])
            let pairs = zip(try key["columns", as: [String].self], try key["own_columns", as: [String].self])
                .map { "r.\(identifier: $0) = c.\(identifier: $1)" as SQL }.joined(separator: " and ")
            let isNamed = try await session.query(
                SurveySQL(
                    """
                    select exists (select from \(orphans.source) where (\(orphans.condition))
                        and exists (select from \(relation: table) r where \(pairs))) as named
                    """)
            ).only["named", as: Bool.self]
            if isNamed { return "rows of \(table) name some of them" }
        }
        return nil
    }

    /// A name that is free: `orders`, `orders_2`, ….
    ///
    /// - Parameter others: those this plan has given already.
    private func archive(
        for table: QualifiedName, besides others: inout Set<String>, _ session: SurveySession
    ) async throws -> QualifiedName {
        let taken = Set(
            try await session.query(
                """
                select c.relname::text as name from pg_catalog.pg_class c
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = \(RemovalAct.schema)
                """
            ).map { try $0["name", as: String.self] }
        ).union(others)
        // The server cuts names to 63 bytes, and with them what tells two archives apart.
        var base = ""
        for character in "\(table.schema)_\(table.name)" {
            guard base.utf8.count + character.utf8.count <= 58 else { break }
            base.append(character)
        }
        var name = base
        var number = 1
        while taken.contains(name) {
            number += 1
            name = "\(base)_\(number)"
        }
        others.insert(name)
        return QualifiedName(schema: RemovalAct.schema, name: name)
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
            let picture = try await RemovalAct.picture(orphans.0, limit: options.limit, session)
            var identity = change.identity.merging(picture.identity) { $1 }
            if let obstacle = try await obstacle(orphans.0, session) { identity["obstacle"] = .text(obstacle) }
            return Inspection(
                identity: identity,
                witness: ["archive": .text(RemovalAct.archive(change).description)])
        }
    }

    package func apply(_ change: Change, _ act: Act) async throws { try await RemovalAct.apply(change, act) }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await RemovalAct.prove(change, try await look.database())
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
