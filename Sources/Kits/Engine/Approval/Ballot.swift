import Maintenance

/// What people have said to a request, read from the audit trail.
package struct Ballot: Codable, Sendable {
    package var request: ApprovalRequest
    package var approvals: [Approval] = []
    package var rejection: Rejection?
    /// Steps that started on the strength of it, each once, in their order.
    package var uses: [Use] = []
    /// Somebody has written down that it expired.
    package var isNotedExpired = false

    package struct Approval: Codable, Hashable, Sendable {
        package var by: Requester
        package var at: Timestamp
        package var reason: String?
        /// For how many occurrences, the one that asked being the first.
        package var next: Int
        /// Given for a start outside of its window.
        package var isEmergency = false
    }

    package struct Rejection: Codable, Hashable, Sendable {
        package var by: Requester
        package var at: Timestamp
        package var reason: String
    }

    package struct Use: Codable, Hashable, Sendable {
        package var runID: String
        package var step: Int
    }

    init(_ request: ApprovalRequest, _ entries: [AuditEntry]) {
        self.request = request
        for entry in entries {
            let reason: String? = if case .text(let text)? = entry.detail["reason"] { text } else { nil }
            switch entry.kind {
            case .approved:
                guard entry.detail["plan"] == .text(request.plan.digest) else { continue }
                var next = 1
                if case .integer(let count)? = entry.detail["next"] { next = Int(clamping: count) }
                approvals.append(
                    Approval(
                        by: entry.actor, at: entry.at, reason: reason, next: next,
                        isEmergency: entry.detail[Self.emergency] == .boolean(true)))
            case .rejected: rejection = rejection ?? Rejection(by: entry.actor, at: entry.at, reason: reason ?? "")
            case .expired: isNotedExpired = true
            case .used:
                let use = Use(runID: entry.runID, step: entry.step)
                if !uses.contains(use) { uses.append(use) }
            default: break
            }
        }
    }

    /// The fact of an approval that says that it is for a start outside of its window.
    static let emergency = "emergency"

    /// Whether anybody approved a start outside of its window.
    package var hasEmergency: Bool { approvals.contains(where: \.isEmergency) }

    /// Whether the step that asked still waits in time.
    package func isExpired(at now: Timestamp) -> Bool { isNotedExpired || now >= request.expiresAt }

    /// A plan that wants to start, and the circumstances.
    struct Case {
        var plan: Plan
        var needs: [ApprovalNeed]
        var use: Use
        /// Who asked for the run it belongs to.
        var requester: Requester
        var now: Timestamp
        /// How long an approval of several occurrences counts.
        var standing: Duration
        var shared: [String]
    }

    /// What keeps the case from starting on the strength of this ballot, one clause; nil where nothing does.
    ///
    /// An approval counts for the very plan it was given for; one for several occurrences also for another plan within
    /// its shape, and then not where the person approves a run of their own.
    func obstacle(to wanted: Case) -> String? {
        if rejection != nil { return "rejected" }
        for need in wanted.needs {
            let given = Self.different(counted(for: wanted, need).filter { $0.mayAnswer(need) }).count
            if given < need.count { return "\(given) of \(need.count) given (\(need.people)): \(need.reason)" }
        }
        return nil
    }

    /// - Parameter need: for a start outside of its window counts only what was given for that, by this very step's
    ///   request, and for no longer than `expires`: what is urgent now is not in a week.
    private func counted(for wanted: Case, _ need: ApprovalNeed) -> [Person] {
        let isEmergency = need.isEmergency == true
        let isOwn = wanted.use == Use(runID: request.runID, step: request.step)
        let occurrence = (uses.firstIndex(of: wanted.use) ?? uses.count) + 1
        let isSamePlan = isOwn && wanted.plan.digest == request.plan.digest
        let isWithinShape = request.shape.departures(of: PlanShape(wanted.plan)).isEmpty
        let asked = (isOwn ? request.requesters : [wanted.requester]).map { Person($0, shared: wanted.shared) }
        return approvals.compactMap { approval in
            let person = Person(approval.by, shared: wanted.shared)
            let latest = isEmergency ? min(request.expiresAt, approval.at + need.expires) : request.expiresAt
            let until = approval.next > 1 ? approval.at + wanted.standing : latest
            guard approval.next >= occurrence, wanted.now < until,
                !isEmergency || (approval.isEmergency && approval.reason != nil && isSamePlan),
                isSamePlan || (approval.next > 1 && isWithinShape),
                !Self.isOwn(person, asked, isProtected: request.isProtected)
            else { return nil }
            return person
        }
    }

    /// Whether somebody would approve their own request where that is not allowed: in a protected environment nobody
    /// does, and a shared account nowhere.
    static func isOwn(_ person: Person, _ requesters: [Person], isProtected: Bool) -> Bool {
        (isProtected || person.isAnonymous) && requesters.contains { $0.isSame(as: person) }
    }

    /// Those of whom each shares no name with one before: never more people than there are.
    static func different(_ people: [Person]) -> [Person] {
        people.reduce(into: []) { found, person in
            if !found.contains(where: { $0.isSame(as: person) }) { found.append(person) }
        }
    }

    /// How many occurrences it still allows by shape, beyond those that were used.
    package var remaining: Int {
        guard rejection == nil else { return 0 }
        return max(0, (approvals.map(\.next).filter { $0 > 1 }.max() ?? 0) - uses.count)
    }
}
