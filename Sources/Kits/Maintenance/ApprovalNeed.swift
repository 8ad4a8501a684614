/// What has to be approved before a plan may start: how many people, which, and why.
package struct ApprovalNeed: Codable, Hashable, Sendable {
    /// How many different people.
    package var count: Int
    /// Who may, by the operating system's names; empty where anybody may who can use Mainstay here.
    package var approvers: [String]
    /// One clause: what in the plan calls for it, and where that is written.
    package var reason: String
    /// How long a request waits, and an approval counts.
    package var seconds: Double
    /// It is for a start outside of its window, and what is approved for any other reason does not answer it; nil for no.
    package var isEmergency: Bool?

    package init(count: Int, approvers: [String], reason: String, expires: Duration, isEmergency: Bool? = nil) {
        self.count = count
        self.isEmergency = isEmergency
        self.approvers = approvers
        self.reason = reason
        seconds = expires.inSeconds
    }

    package var expires: Duration { .seconds(seconds) }

    /// `2 of ann, bob, carl` or `1 person`.
    package var people: String {
        guard !approvers.isEmpty else { return count == 1 ? "1 person" : "\(count) people" }
        let names = approvers.map(\.printable).joined(separator: ", ")
        return count == approvers.count && count > 1 ? "all of \(names)" : "\(count) of \(names)"
    }
}

/// How far an update reaches, in the words teams write policies in: `requireApproval: [major, kernel]`.
package enum ChangeClass: String, Codable, CaseIterable, Sendable {
    case patch, minor, major
    /// Mends a known vulnerability.
    case security
    /// Needs a restart of the machine.
    case kernel
}
