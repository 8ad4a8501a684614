import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Old rows of tables that a policy names, archived and removed.
package struct RetainRows: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Only this table of those with a policy.", valueName: "schema.table"))
        package var table: String?

        @Option(
            help: ArgumentHelp(
                "Only rows from before this instant, such as 2026-10-01T00:00:00Z; needs '--table'.", valueName: "time")
        )
        package var before: Timestamp?

        @Option(help: ArgumentHelp("How many rows one transaction removes.", valueName: "count"))
        package var batch = 10_000

        @Option(help: ArgumentHelp("How many rows of each table are removed in one run.", valueName: "count"))
        package var limit = 1_000_000

        @Option(help: ArgumentHelp("How long one transaction may take.", valueName: "duration"))
        package var batchTimeout: Duration = .seconds(60)

        @Option(help: ArgumentHelp("How long looking at one table may take.", valueName: "duration"))
        package var tableTimeout: Duration = .seconds(1_800)

        package init() {}

        package func validate() throws {
            guard (1...1_000_000).contains(batch) else { throw ValidationError("'--batch' is between 1 and 1,000,000") }
            guard (batch...100_000_000).contains(limit) else {
                throw ValidationError("'--limit' is between '--batch' and 100,000,000")
            }
            guard batchTimeout >= .seconds(1), tableTimeout >= .seconds(1) else {
                throw ValidationError("'--batch-timeout' and '--table-timeout' are at least a second")
            }
            guard before == nil || table != nil else { throw ValidationError("'--before' needs '--table'") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.retain",
        summary: "archive and remove rows that are older than their policy keeps",
        explanation: """
            Removes the rows that 'retention' of a database lets go: of the tables it names, by the column it names, older \
            than it keeps. Each batch of rows is one transaction with its own limits, and one change of the plan, with how \
            many rows it is about, from when to when. Rows go into a table of the schema mainstay_removed first and are \
            read back there, unless the policy says 'archive: false'; where the archive does not hold exactly those rows, \
            nothing is removed. Afterwards they are counted again. A table is left alone, and the step is unproven, where \
            rows of tables would go with them that the policy does not name, where other rows name them, where a trigger \
            or rule of the team's own would run, and where it is partitioned. Tables that no policy names are never touched.
            """,
        effect: .destroys,
        subject: .resources([.postgresql]),
        aliases: [
            .init("data:retention"), .init("maintenance:monthly:data-retention"),
            .init("maintenance:monthly:data-archival"),
        ])

    static let kind = "retain"
    private static let lockTimeout: Duration = .seconds(2)
    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        try await withSession(look) { session in
            var observation = Observation()
            observation.identity = try await DatabaseIdentity.facts(session)
            var listing = Listing(
                "Retention",
                [
                    "table", "column", "keep", "before", .init("old rows", .count), "oldest", "newest",
                    .init("bytes", .bytes), "archive",
                ])
            var archives: Set<String> = []
            for rule in try rules(look) {
                look.tell(rule.name.printable)
                do {
                    try await survey(rule, look, session, &observation, &listing, besides: &archives)
                } catch let error as any MaintenanceError where error.exitStatus != .unreachable {
                    if Task.isCancelled { throw CancellationError() }
                    observation.gaps.append(Observation.Gap(rule.name.printable, error))
                }
            }
            observation.evidence["policies"] = Scalar(look.resource.retention.count)
            if !listing.rows.isEmpty { observation.listings = [listing] }
            return observation
        }
    }

    /// Those of the configuration, or the one that was asked for: none where another database has it.
    private func rules(_ look: Look) throws -> [RetentionRule] {
        let rules = look.resource.retention
        guard let wanted = options.table else { return rules }
        let (schema, table) = RetentionRule.parts(wanted)
        let isWanted = { (rule: RetentionRule) in rule.schema == schema && rule.table == table }
        let all = look.inventory.environments.flatMap(\.resources).flatMap(\.retention)
        guard all.contains(where: isWanted) else {
            throw IntegrityError.noPolicy(wanted, look.target, known: all.map(\.name))
        }
        return rules.filter(isWanted)
    }

    private func survey(
        _ rule: RetentionRule, _ look: Look, _ session: SurveySession, _ observation: inout Observation,
        _ listing: inout Listing, besides archives: inout Set<String>
    ) async throws {
        let now = look.clock.now()
        var instant = rule.cutoff(at: now)
        if let before = options.before {
            let latest = rule.keep.before(now)
            guard before <= latest else { throw IntegrityError.keptStill(rule.name, before, keep: rule.keep, latest) }
            instant = before
        }
        let old = try await OldRows(rule, before: instant, session)
        let extent = try await old.extent(session)
        let batches =
            extent == nil ? [] : try await old.batches(of: options.batch, limit: options.limit, session)
        let planned = batches.reduce(0) { $0 + $1.picture.rows }
        listing.rows.append([
            .text(old.table.description), .text(rule.column.printable), .text(rule.keep.description),
            .text(instant.iso8601), .integer(extent?.rows ?? 0), Self.scalar(extent?.oldest),
            Self.scalar(extent?.newest), .integer(batches.reduce(0) { $0 + $1.bytes }),
            .text(rule.isArchived ? "yes" : "no"),
        ])
        guard let extent, !batches.isEmpty else { return }
        let following = try await allowed(old.all, by: rule, session)
        let archive =
            rule.isArchived
            ? try await RemovalAct.standingArchive(for: old.table, by: rule.column, besides: &archives, session) : nil
        let columns = try await RemovalAct.columns(of: old.table, session)
        for (index, batch) in batches.enumerated() {
            var reason =
                "\("row".counted(Int(batch.picture.rows))) from \(batch.oldest), about \(ByteCount(batch.bytes)), "
                + "older than \(rule.keep)"
            if index == 0, !following.isEmpty {
                reason += "; of all: \(following.map(\.words).joined(separator: ", "))"
            }
            if index == batches.count - 1, extent.rows > planned {
                reason += "; \((extent.rows - planned).grouped) more are left for the next run"
            }
            observation.changes.append(
                RemovalAct.change(
                    old.rows(of: batch), batch.picture, columns: columns, archive: archive, facts: old.facts(of: batch),
                    reason: reason, authority: "\(rule.location)"))
        }
        observation.evidence["left of \(old.table)"] = .integer(max(0, extent.rows - planned))
    }

    private static func scalar(_ text: String?) -> Scalar { text.map { .text($0) } ?? .null }

    /// What follows the rows and was named, where nothing else would happen.
    ///
    /// - Throws: `IntegrityError.leftAlone`, or `.goesInCircles`.
    private func allowed(
        _ rows: RemovalAct.Rows, by rule: RetentionRule, _ session: SurveySession
    ) async throws -> [FollowingRows] {
        let obstacle = try await RemovalAct.obstacle(rows, isArchived: rule.isArchived, isFollowed: true, session)
        if let obstacle { throw IntegrityError.leftAlone(rows.table.description, obstacle, names: []) }
        let following = try await FollowingRows.all(rows, session)
        let unnamed = following.filter { !rule.following.contains("\($0.table.schema).\($0.table.name)") }
        guard unnamed.isEmpty else {
            throw IntegrityError.leftAlone(
                rows.table.description, unnamed.map(\.words).joined(separator: ", "),
                names: unnamed.map(\.table.description))
        }
        return following
    }

    private func withSession<Value: Sendable>(
        _ look: Look, _ body: (SurveySession) async throws -> Value
    ) async throws -> Value {
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let limits = SurveyLimits(statementTimeout: options.tableTimeout)
        return try await SurveySession.with(try await look.address(), settings, limits: limits) { session in
            try await body(session.unfiltered.with(settings: ["search_path": ""]))
        }
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let rows = OldRows.rows(of: change)
        let rules = look.resource.retention
        guard let rule = rules.first(where: { $0.schema == rows.table.schema && $0.table == rows.table.name }) else {
            throw IntegrityError.noPolicy(rows.table.description, look.target, known: rules.map(\.name))
        }
        return try await withSession(look) { session in
            let old = try await OldRows(rule, before: rule.keep.before(look.clock.now()), session)
            // What the policy keeps by now is not old any more, and is missed then.
            var found = rows
            found.condition = "\(rows.condition) and \(old.condition)"
            let picture = try await RemovalAct.picture(found, session)
            _ = try await allowed(rows, by: rule, session)
            var identity = change.identity.merging(picture.identity) { $1 }
            identity["column"] = .text(rule.column)
            identity["type"] = .text(old.type.rawValue)
            guard let archive = RemovalAct.archive(change) else {
                if rule.isArchived { identity["archive"] = "the policy wants one by now" }
                return Inspection(identity: identity, witness: [:])
            }
            let isThere = try await RemovalAct.exists(archive, session)
            let before: RemovalAct.Picture =
                isThere ? try await RemovalAct.kept(archive, rows.condition) { try await session.query($0) } : .none
            return Inspection(identity: identity, witness: RemovalAct.witness(archive, before))
        }
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        try await RemovalAct.apply(
            change, act, holding: OldRows.rows(of: change).condition,
            within: RemovalAct.Limits(statement: options.batchTimeout, lock: Self.lockTimeout))
    }

    /// Counts them again, where they were and where they are now.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let wanted = RemovalAct.Picture(change.identity) else {
            preconditionFailure("a removal does not say of which rows")
        }
        let rows = OldRows.rows(of: change)
        return try await withSession(look) { session in
            let left = try await RemovalAct.picture(rows, session)
            var evidence: Facts = ["rows": .integer(wanted.rows), "digest": .text(wanted.digest)]
            if RemovalAct.archive(change) != nil {
                let proof = try await RemovalAct.prove(change, before: witness, holding: rows.condition, session)
                guard case .done(let facts) = proof else { return proof }
                evidence = facts
            } else if left == wanted {
                return .notDone("the rows are there still")
            }
            guard left.rows == 0 else {
                return .failed("\("row".counted(Int(left.rows))) of that time are in the table", left.identity)
            }
            evidence["left"] = 0
            return .done(evidence)
        }
    }
}
