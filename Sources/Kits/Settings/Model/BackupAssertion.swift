import Maintenance

/// What a team says must be so in every restored copy of its database.
package struct BackupAssertion: Sendable, Hashable {
    package var rule: Rule
    /// One statement.
    package var statement: String

    package enum Rule: String, Sendable, Hashable, CaseIterable {
        /// It gives one row, whose first column is true.
        case holds
        /// It gives no row.
        case findsNothing = "finds-nothing"
    }

    package init(_ rule: Rule, _ statement: String) {
        self.rule = rule
        self.statement = statement
    }
}
