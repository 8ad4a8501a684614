import Maintenance
import PostgreSQL

/// What a verdict on one constraint has to tell a person.
struct Violation: Sendable {
    let verdict: ConstraintVerdict
    let code: String
    let severity: Severity
    let summary: String
    private let evidence: Facts

    /// Foreign keys, NOT NULL, unique, check; what is NOT VALID and holds; and what is not compared.
    static let codes = ["DI001", "DI002", "DI003", "DI004", "DI005", "DI006"]

    /// Nil where there is nothing to tell: it holds, as the server says, or nobody could look.
    ///
    /// A constraint the server believes in is critical when broken: plans and the application rely on it. What is NOT VALID
    /// was known to be open.
    init?(_ verdict: ConstraintVerdict) {
        self.verdict = verdict
        switch verdict.outcome {
        case .violated(let count, let keys):
            code = Self.code(verdict.kind)
            severity = verdict.isValidated ? .critical : .warning
            let belief = verdict.isValidated ? ", and the server believes that it holds" : " (NOT VALID)"
            summary = verdict.description + belief
            var evidence: Facts = [verdict.kind == .unique ? "keys" : "rows": .integer(count)]
            for (index, key) in keys.enumerated() {
                evidence["sample \((index + 1).padded(2))"] = .text(key.printable)
            }
            self.evidence = evidence
        case .holds where !verdict.isValidated && verdict.kind != .unique:
            code = "DI005"
            severity = .info
            summary = "\(verdict.description) for every row, and is still NOT VALID"
            evidence = [:]
        case .unverified where verdict.kind == .exclusion:
            code = "DI006"
            severity = .info
            summary = verdict.description
            evidence = [:]
        case .holds, .unverified: return nil
        }
    }

    private static func code(_ kind: ConstraintVerdict.Kind) -> String {
        switch kind {
        case .foreignKey: "DI001"
        case .notNull: "DI002"
        case .unique: "DI003"
        case .check, .exclusion: "DI004"
        }
    }

    func finding(at target: Target, _ statements: MendingStatements) -> Finding {
        Finding(
            code: code, severity: severity, target: target,
            object: "\(verdict.table).\(verdict.name.displayedIdentifier)", summary: summary,
            evidence: evidence.merging(statements.evidence) { own, _ in own },
            mend: mend(statements))
    }

    private func mend(_ statements: MendingStatements) -> String? {
        switch code {
        case "DI005": statements.validate
        case "DI006": nil
        default: "choose one of the statements that 'mainstay findings --verbose' shows"
        }
    }

    /// How many constraints of each kind hold, are broken, and could not be verified.
    static func listing(_ verification: ConstraintVerification) -> Listing {
        Listing(
            "Constraints",
            [
                "kind", Listing.Column("hold", .count), Listing.Column("broken", .count),
                Listing.Column("not verified", .count),
            ],
            ConstraintVerdict.Kind.allCases.map { kind in
                let own = verification.verdicts.filter { $0.kind == kind }
                return [
                    .text(kind.rawValue), Scalar(own.count { $0.outcome == .holds }),
                    Scalar(own.count(where: \.isViolated)),
                    Scalar(own.count { !$0.isVerified }),
                ]
            })
    }
}
