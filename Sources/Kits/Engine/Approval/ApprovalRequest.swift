import Maintenance

/// What waits for people: one step's plan, who asked for it, and what it needs. Written once and never changed; what
/// people say to it are entries of the audit trail, and nothing else is.
package struct ApprovalRequest: Codable, Hashable, Sendable, Identifiable {
    package var id: String
    package var runID: String
    /// The routine's name or the task's.
    package var runName: String
    package var isRoutine: Bool
    /// The routines the step belongs to, nested ones too; nil in requests of before there were any.
    package var routines: [String]?
    package var step: Int
    package var plan: Plan
    package var needs: [ApprovalNeed]
    /// Whoever asked for the run, and whoever went on with it so that it asks again.
    package var requesters: [Requester]
    package var isProtected: Bool
    package var askedAt: Timestamp
    package var expiresAt: Timestamp

    /// Whether all that it asks for is a start outside of its window: then it starts in the next one by itself.
    package var isOnlyForEmergency: Bool { needs.allSatisfy { $0.isEmergency == true } }

    package var shape: PlanShape { PlanShape(plan) }

    /// `2 of ann, bob, carl: removes data in production, which is protected`.
    package var needed: String { needs.map { "\($0.people): \($0.reason)" }.joined(separator: "; ") }
}
