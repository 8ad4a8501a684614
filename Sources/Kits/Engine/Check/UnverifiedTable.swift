import Maintenance
import PostgreSQL

/// A table whose constraints could not be verified, and why: what two tasks say when they look at rows.
package struct UnverifiedTable: MaintenanceError {
    package var table: QualifiedName
    /// One clause for each reason, with what it keeps from being verified.
    package var reasons: [String]

    package var code: String { "constraint.unverified" }
    package var problem: String { reasons.joined(separator: "; ") }
    package var hint: String? {
        guard problem.contains("no right") || problem.contains("row security") else { return nil }
        return "Let Mainstay's role read it: grant pg_read_all_data, and bypassrls where row security is on."
    }
    /// Only a missing right is for the configuration to mend.
    package var exitStatus: ExitStatus { hint == nil ? .failure : .configuration }

    /// One gap for each table that could not be looked at in whole, in the order of their names. Exclusion constraints are
    /// none: nothing keeps anybody from looking, there is only no way to compare them but by the index that keeps them.
    package static func all(_ verification: ConstraintVerification, at target: Target) -> [Observation.Gap] {
        Dictionary(grouping: verification.unverified.filter { $0.kind != .exclusion }, by: \.table).sorted {
            $0.key < $1.key
        }.map { table, verdicts in
            let reasons = Dictionary(grouping: verdicts, by: \.reason).sorted { $0.key < $1.key }.map { reason, these in
                let first = these[0]
                let subject = "\(first.kind.rawValue) \(first.name.displayedIdentifier)"
                let rest = these.count > 1 ? " and \(these.count - 1) more" : ""
                return "\(reason) (\(subject)\(rest))"
            }
            return Observation.Gap("\(table) at \(target)", UnverifiedTable(table: table, reasons: reasons))
        }
    }
}

extension ConstraintVerdict {
    /// Why nobody could look.
    fileprivate var reason: String {
        if case .unverified(let reason) = outcome { reason } else { "" }
    }
}
