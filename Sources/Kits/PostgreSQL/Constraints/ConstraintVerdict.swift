import Maintenance

/// What looking at the rows says about one constraint.
package struct ConstraintVerdict: Hashable, Sendable, Codable {
    package enum Kind: String, Codable, CaseIterable, Sendable {
        case foreignKey = "foreign key"
        case notNull = "not null"
        case unique
        case check
        case exclusion
    }

    package enum Outcome: Hashable, Sendable, Codable {
        case holds
        /// How many rows break it (for unique: how many keys are there more than once), and some of them.
        case violated(count: Int64, keys: [String])
        /// Nobody could look: the clause says why.
        case unverified(String)
    }

    package let kind: Kind
    package let table: QualifiedName
    /// The constraint's, or the index's; for NOT NULL the column's.
    package let name: String
    package let columns: [String]
    /// False for NOT VALID and NOT ENFORCED, and for an invalid index: the server itself does not claim that it holds.
    package let isValidated: Bool
    /// How many rows were looked at, where it was a sample; nil means all of them.
    package let sample: Int64?
    package let outcome: Outcome

    package var isViolated: Bool { if case .violated = outcome { true } else { false } }
    package var isVerified: Bool { if case .unverified = outcome { false } else { true } }

    /// `foreign key orders_customer_fkey of public.orders: 3 rows break it`, safe to print.
    package var description: String {
        let subject = "\(kind.rawValue) \(name.displayedIdentifier) of \(table)"
        let scope = sample.map { " (sample of \($0.grouped) rows)" } ?? ""
        switch outcome {
        case .holds: return "\(subject) holds\(scope)"
        case .violated(let count, _):
            let what =
                kind == .unique
                ? (count == 1 ? "key is there twice or more" : "keys are there twice or more")
                : (count == 1 ? "row breaks it" : "rows break it")
            return "\(subject): \(count.grouped) \(what)\(scope)"
        case .unverified(let reason): return "\(subject) could not be verified: \(reason)"
        }
    }
}

/// How much is looked at.
package enum VerificationExtent: Hashable, Sendable {
    /// Every row.
    case exact
    /// About so many rows of each table, from blocks chosen at random.
    case sample(rows: Int)
}

/// What looking at rows said about all constraints of a database.
package struct ConstraintVerification: Hashable, Sendable, Codable {
    package let verdicts: [ConstraintVerdict]

    package var violated: [ConstraintVerdict] { verdicts.filter(\.isViolated) }
    /// Never empty in silence: a table without rights is here by name.
    package var unverified: [ConstraintVerdict] { verdicts.filter { !$0.isVerified } }
}
