import Maintenance

/// Who somebody is, as far as the operating system lets one know.
///
/// A name may be given falsely where nobody checks it (`SUDO_USER` is a variable like any other), so every name counts
/// against a person and none for: whoever shares one name with a requester is that requester, and two approvals that
/// share one name are one person's.
struct Person: Hashable, Sendable {
    var names: Set<String>
    /// Several people use the account, and nothing says which of them it was.
    var isAnonymous: Bool

    /// - Parameter shared: accounts that several people use; `root` is always one.
    init(_ requester: Requester, shared: [String]) {
        let isShared = requester.user == "root" || shared.contains(requester.user)
        switch (isShared, requester.sudoUser) {
        case (true, let person?) where !person.isEmpty && person != "root" && !shared.contains(person):
            names = [person]
            isAnonymous = false
        case (true, _):
            names = [requester.user]
            isAnonymous = true
        case (false, let person?) where !person.isEmpty:
            names = [requester.user, person]
            isAnonymous = false
        default:
            names = [requester.user]
            isAnonymous = false
        }
    }

    func isSame(as other: Person) -> Bool { !names.isDisjoint(with: other.names) }

    /// Whether this need may be answered by them: every name they go by is on the list.
    func mayAnswer(_ need: ApprovalNeed) -> Bool {
        need.approvers.isEmpty || names.isSubset(of: need.approvers)
    }

    var text: String { names.sorted().map(\.printable).joined(separator: ", ") }
}
