import Maintenance

/// What has to be approved, by whom, and for how long an approval counts.
package struct ApprovalSettings: Sendable, Equatable {
    package var rules: [ApprovalRule] = []
    /// How long a request waits where its rule does not say.
    package var expires: Duration = .seconds(86_400)
    /// How long an approval of several occurrences counts.
    package var standing: Duration = .seconds(100 * 86_400)
    /// Names for groups of people, for `approvers`.
    package var teams: [String: [String]] = [:]
    /// Accounts that several people use; `root` is always one.
    package var sharedAccounts: [String] = []

    package init() {}

    /// Users, with teams replaced by their people; each once.
    package func people(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.flatMap { teams[$0] ?? [$0] }.filter { seen.insert($0).inserted }
    }
}

/// One rule: a change that meets every condition that is written needs these people's approval.
package struct ApprovalRule: Sendable, Equatable {
    package var effects: [Effect]?
    /// Stored names: `db.update-stats`.
    package var tasks: [String]?
    package var routines: [String]?
    package var environments: [String]?
    package var classes: [ChangeClass]?
    package var count: Count = .number(1)
    /// Users and teams; nil where anybody may.
    package var approvers: [String]?
    package var expires: Duration?
    package var location: SourceLocation

    package init(location: SourceLocation) { self.location = location }

    package enum Count: Sendable, Hashable {
        case number(Int)
        /// Everybody in `approvers`.
        case all
    }
}
