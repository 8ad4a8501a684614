import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Every constraint of a database against every row.
package struct ValidateRelationships: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("How many of the rows that break a constraint are named.", valueName: "count"))
        package var keys = 10

        @Option(help: ArgumentHelp("How long looking at one constraint may take.", valueName: "duration"))
        package var constraintTimeout: Duration = .seconds(3_600)

        package init() {}

        package func validate() throws {
            guard (0...1_000).contains(keys) else { throw ValidationError("'--keys' is between 0 and 1,000") }
            guard constraintTimeout >= .seconds(1) else {
                throw ValidationError("'--constraint-timeout' is at least a second")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.validate-relationships",
        summary: "verify every constraint against every row",
        explanation: """
            Looks at every row to see whether the foreign keys, NOT NULL, unique and check constraints of the database hold: \
            those that are NOT VALID, behind which rows without a parent may hide, and those the server believes in, which a \
            broken index, a broken disk, or a load with session_replication_role = replica can have made untrue. Each broken \
            one is a finding with the number of rows, some of their keys, and the statements that show and mend them; a NOT \
            VALID one that holds is told with the statement that validates it. Nothing is changed. A table this role may not \
            read, or that row security filters, is named, and the step is then unproven. Each constraint is one statement \
            that reads with an ACCESS SHARE lock; exclusion constraints and keys WITHOUT OVERLAPS are only named, since \
            nothing but their own index could compare them; the server does the comparing, and only numbers and keys come back.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [.init("data:validate-relationships")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        // A connection of its own: one statement here may take longer than any other survey is allowed to.
        let settings = look.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let limits = SurveyLimits(statementTimeout: options.constraintTimeout)
        return try await SurveySession.with(try await look.address(), settings, limits: limits) { session in
            let verification = try await ConstraintVerifier(session, extent: .exact, keys: options.keys)
                .verify(begins: look.tell)
            var observation = Observation()
            observation.gaps = UnverifiedTable.all(verification, at: look.target)
            // What could not be looked at may still be broken, so nothing of it is over.
            if observation.gaps.isEmpty { observation.examined = Set(Violation.codes) }
            for verdict in verification.verdicts {
                guard let violation = Violation(verdict) else { continue }
                let statements = try await MendingStatements.read(verdict, session)
                observation.findings.append(violation.finding(at: look.target, statements))
            }
            observation.findings.sort { ($1.severity, $0.object ?? "") < ($0.severity, $1.object ?? "") }
            observation.evidence = [
                "constraints": Scalar(verification.verdicts.count),
                "verified": Scalar(verification.verdicts.count - verification.unverified.count),
                "broken": Scalar(verification.violated.count),
            ]
            observation.listings = [Violation.listing(verification)]
            observation.measurements = [
                Measurement(
                    "constraints.broken", look.target, unit: .count, value: Double(verification.violated.count))
            ]
            return observation
        }
    }
}
