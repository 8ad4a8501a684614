import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Which tables have a policy, and what is there for longer than it says.
package struct LookAtRetention: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("How long looking at one table may take.", valueName: "duration"))
        package var tableTimeout: Duration = .seconds(600)

        package init() {}

        package func validate() throws {
            guard tableTimeout >= .seconds(1) else { throw ValidationError("'--table-timeout' is at least a second") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.retention-status",
        summary: "count the rows that are kept for longer than their policy says",
        explanation: """
            Counts, of each table that 'retention' of a database names, the rows that may go, and from when to when they \
            are. Rows that have been allowed to go for more than two days are overdue (DI030): 'data retain' has not run, or \
            could not. Nothing is changed. A table that is gone, or whose column holds no time, is a gap: nobody can say \
            whether its policy is kept.
            """,
        effect: .observes,
        subject: .resources([.postgresql]))

    /// What is old for so long is overdue; a nightly run that failed once is not worth a finding.
    static let patience: Duration = .seconds(2 * 86_400)
    /// The listing that the function 'gdpr-compliance' reads, with the names of its columns; hostile texts as they are.
    private static let listing = "Retention"

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database().unfiltered.limited(to: options.tableTimeout)
            .with(settings: ["search_path": ""])
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        var listing = Listing(
            Self.listing,
            ["table", "column", "keep", "archive", .init("may go", .count), .init("overdue", .count), "oldest"])
        let now = look.clock.now()
        var overdue: Int64 = 0
        for rule in look.resource.retention {
            look.tell(rule.name.printable)
            do {
                let old = try await OldRows(rule, before: rule.keep.before(now), session)
                let extent = try await old.extent(session)
                let late = try await OldRows(rule, before: old.instant - Self.patience, session).extent(session)
                overdue += late?.rows ?? 0
                listing.rows.append([
                    .text(rule.name), .text(rule.column), .text(rule.keep.description),
                    .boolean(rule.isArchived), .integer(extent?.rows ?? 0), .integer(late?.rows ?? 0),
                    extent.map { .text($0.oldest) } ?? .null,
                ])
                if let late { observation.findings.append(Self.finding(late, old, at: look.target)) }
            } catch let error as any MaintenanceError where error.exitStatus != .unreachable {
                if Task.isCancelled { throw CancellationError() }
                observation.gaps.append(Observation.Gap(rule.name.printable, error))
            }
        }
        if observation.gaps.isEmpty { observation.examined = ["DI030"] }
        observation.evidence = ["policies": Scalar(look.resource.retention.count), "overdue": .integer(overdue)]
        if !listing.rows.isEmpty { observation.listings = [listing] }
        return observation
    }

    private static func finding(_ late: OldRows.Extent, _ old: OldRows, at target: Target) -> Finding {
        let count = "row".counted(Int(late.rows))
        return Finding(
            code: "DI030", severity: .warning, target: target, object: old.table.description,
            summary: "\(count) (oldest \(late.oldest)) are kept for longer than \(old.rule.keep), as the policy says",
            evidence: ["rows": .integer(late.rows), "oldest": .text(late.oldest), "newest": .text(late.newest)],
            mend: "mainstay data retain --environment \(target.environment.shellQuoted) "
                + "--table=\(old.rule.name.shellQuoted)")
    }
}
