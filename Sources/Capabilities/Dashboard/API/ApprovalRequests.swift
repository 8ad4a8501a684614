import Command
import Engine
import Maintenance
import Web

/// What waits for people, and the two answers, for programs that speak for one of them.
enum ApprovalRequests {
    static func all(_ visit: Visit) async throws -> WebResponse {
        let waiting = try await ApprovalsPage.approvals(visit).waiting().filter {
            visit.sees(ApprovalsPage.environment($0))
        }
        return try visit.answer(waiting.map(ApprovalDocument.init), next: nil)
    }

    static func one(_ visit: Visit) async throws -> WebResponse {
        try WebResponse(json: ApprovalDocument(try await standing(visit)))
    }

    /// By its whole id and nothing shorter: a program means one, and learns nothing of those it may not see.
    private static func standing(_ visit: Visit) async throws -> Approvals.Standing {
        let standing: Approvals.Standing
        do { standing = try await ApprovalsPage.approvals(visit).named(visit.value(0)) } catch is ApprovalError {
            throw Refusal.notFound
        }
        guard standing.ballot.request.id == visit.value(0), visit.sees(ApprovalsPage.environment(standing)) else {
            throw Refusal.notFound
        }
        return standing
    }

    static func approve(_ visit: Visit) async throws -> WebResponse {
        let known = try await standing(visit)
        try visit.hold(.approver, in: ApprovalsPage.environment(known))
        let members = try visit.members(["plan", "reason"])
        guard try visit.text("plan", in: members) == known.ballot.request.plan.digest else {
            throw visit.wrong("plan", "it names another plan than the one that waits")
        }
        let standing = try await ApprovalsPage.approvals(visit).approve(
            known.ballot.request.id, reason: try visit.text("reason", in: members))
        try await ApprovalsPage.leaveHead(visit, "approval \(known.ballot.request.id)")
        return try WebResponse(json: ApprovalDocument(standing))
    }

    static func reject(_ visit: Visit) async throws -> WebResponse {
        let known = try await standing(visit)
        try visit.hold(.approver, in: ApprovalsPage.environment(known))
        let members = try visit.members(["reason"])
        guard let reason = try visit.text("reason", in: members) else {
            throw visit.wrong("reason", "a rejection says why")
        }
        _ = try await ApprovalsPage.approvals(visit).reject(known.ballot.request.id, reason: reason)
        try await ApprovalsPage.leaveHead(visit, "rejection \(known.ballot.request.id)")
        return try WebResponse(json: ApprovalDocument(try await standing(visit)))
    }
}
