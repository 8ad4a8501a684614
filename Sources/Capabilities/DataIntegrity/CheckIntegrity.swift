import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Everything that can be asked about whether data are what they should be, in one look.
package struct CheckIntegrity: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Also read every table and index, as 'data corruption-check' does.")
        package var comprehensive = false

        @Option(
            help: ArgumentHelp("How long looking at one constraint, table or index may take.", valueName: "duration"))
        package var timeout: Duration = .seconds(3_600)

        package init() {}

        package func validate() throws {
            guard timeout >= .seconds(1) else { throw ValidationError("'--timeout' is at least a second") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.integrity-check",
        summary: "verify constraints, relations and sequences against every row",
        explanation: """
            Looks at every row to see whether the constraints hold ('data validate-relationships'), whether columns that \
            name rows of another table without a foreign key name ones that are there, and whether sequences are ahead of \
            the columns they fill. A column is taken for such a relation where it is called after the table, has its key's \
            type, and nine of ten of its values are found there. With '--comprehensive' every table and B-tree is read too \
            ('data corruption-check'). Nothing is changed.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [
            .init("data:integrity-check"), .init("db:integrity:check", arguments: ["--comprehensive"]),
        ])

    private let options: Options
    private let constraints: ValidateRelationships
    /// Nil where it was not asked for.
    private let structures: CheckCorruption?

    package init(_ options: Options) throws {
        self.options = options
        let seconds = "\(Int64(options.timeout.inSeconds.rounded(.up)))s"
        constraints = ValidateRelationships(
            try ValidateRelationships.Options.parse(["--constraint-timeout=\(seconds)"]))
        structures =
            options.comprehensive
            ? CheckCorruption(try CheckCorruption.Options.parse(["--timeout=\(seconds)"])) : nil
    }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = try await constraints.survey(look)
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let limits = SurveyLimits(statementTimeout: options.timeout)
        observation.merge(
            try await SurveySession.with(try await look.address(), settings, limits: limits) { session in
                try await relations(session, look)
            })
        if let structures { observation.merge(try await structures.survey(look)) }
        observation.findings.sort { ($1.severity, $0.object ?? "") < ($0.severity, $1.object ?? "") }
        return observation
    }

    private func relations(_ session: SurveySession, _ look: Look) async throws -> Observation {
        var observation = Observation()
        let inferred = try await InferredRelation.all(session, tell: look.tell)
        observation.gaps = inferred.gaps
        if inferred.gaps.isEmpty { observation.examined = ["DI007"] }
        observation.findings = inferred.relations.filter { $0.orphans > 0 }.map { $0.finding(at: look.target) }
        observation.listings = [
            Listing(
                "Relations without a foreign key", ["relation", Listing.Column("rows without a parent", .count)],
                inferred.relations.map { [.text($0.description), .integer($0.orphans)] })
        ]
        do {
            let sequences = try await LateSequence.all(session)
            observation.findings += sequences.late.map { $0.finding(at: look.target) }
            observation.gaps += sequences.gaps
            if sequences.gaps.isEmpty { observation.examined.insert("DI008") }
            observation.evidence["sequences behind"] = Scalar(sequences.late.count)
        } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
            observation.gaps.append(Observation.Gap("sequences", error))
        }
        observation.evidence["inferred relations"] = Scalar(inferred.relations.count)
        return observation
    }
}
