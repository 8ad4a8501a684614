import Command
import Engine
import Maintenance
import Page
import Web

/// What waits for people: the plan to the letter, who asked, what is missing; and the two answers.
enum ApprovalsPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let waiting = try await approvals(visit).waiting().filter { visit.sees(environment($0)) }
        guard !waiting.isEmpty else {
            return visit.page(
                "Approvals",
                """
                <h1>Approvals</h1>
                \(Pieces.empty("Nothing waits for an approval. What has to be approved, and by whom, is written under <code>approvals</code> in the configuration."))
                """)
        }
        return visit.page("Approvals", "<h1>Approvals</h1>\n\(waiting.map { card($0, visit, isWhole: false) })")
    }

    static func one(_ visit: Visit) async throws -> WebResponse {
        let standing = try await standing(visit)
        let request = standing.ballot.request
        return visit.page(
            "Approval \(request.id)", isLive: false,
            """
            <p class="path"><a href="/approvals">Approvals</a></p>
            <h1>\(Pieces.command(request.plan.task)) on \(request.plan.target.description)</h1>
            \(card(standing, visit, isWhole: true))
            """)
    }

    static func approve(_ visit: Visit) async throws -> WebResponse {
        let known = try await standing(visit)
        try visit.hold(.approver, in: environment(known))
        try holdToShownPlan(known, visit)
        let reason = visit.request.form["reason"]?.trimmingWhitespace() ?? ""
        _ = try await approvals(visit).approve(known.ballot.request.id, reason: reason.isEmpty ? nil : reason)
        try await leaveHead(visit, "approval \(known.ballot.request.id)")
        return .see("/approvals")
    }

    static func reject(_ visit: Visit) async throws -> WebResponse {
        let known = try await standing(visit)
        try visit.hold(.approver, in: environment(known))
        let reason = visit.request.form["reason"]?.trimmingWhitespace() ?? ""
        guard !reason.isEmpty else { throw Refusal.unusable("a rejection says why") }
        _ = try await approvals(visit).reject(known.ballot.request.id, reason: reason)
        try await leaveHead(visit, "rejection \(known.ballot.request.id)")
        return .see("/approvals")
    }

    /// What was approved is what was seen: a request that another took the place of since is not meant.
    private static func holdToShownPlan(_ standing: Approvals.Standing, _ visit: Visit) throws(Refusal) {
        guard visit.request.form["plan"] == standing.ballot.request.plan.digest else {
            throw .unusable("the form names another plan than the one that waits")
        }
    }

    static func leaveHead(_ visit: Visit, _ event: String) async throws {
        visit.site.session.leave(try await visit.site.log.auditHead(), after: event)
    }

    static func approvals(_ visit: Visit) -> Approvals {
        Approvals(log: visit.site.log(for: visit.visitor), inventory: visit.site.inventory)
    }

    static func standing(_ visit: Visit) async throws -> Approvals.Standing {
        let standing: Approvals.Standing
        do { standing = try await approvals(visit).named(visit.value(0)) } catch let error as ApprovalError {
            // Several that begin so may be others' too.
            switch error {
            case .unknown, .ambiguous: throw Refusal.notFound
            default: throw error
            }
        }
        guard visit.sees(environment(standing)) else { throw Refusal.notFound }
        return standing
    }

    static func environment(_ standing: Approvals.Standing) -> String {
        standing.ballot.request.plan.target.environment
    }

    private static func card(_ standing: Approvals.Standing, _ visit: Visit, isWhole: Bool) -> HTML {
        let request = standing.ballot.request
        let link = "/approvals/\(request.id.urlComponent)"
        let asked = request.requesters.map { "\($0.name) on \($0.host)" }.joined(separator: ", ")
        let said = standing.ballot.approvals.map { approval -> HTML in
            let why: HTML? = approval.reason.map { ": \(Pieces.clipped($0, to: 1_000))" }
            return Pieces.item(.good, "approved by \(approval.by.name) at \(time: approval.at)\(why)")
        }
        let rejection: HTML? = standing.ballot.rejection.map {
            Pieces.item(
                .critical, "rejected by \($0.by.name) at \(time: $0.at): \(Pieces.clipped($0.reason, to: 1_000))")
        }
        let votes: HTML? = said.isEmpty && rejection == nil ? nil : "<ul class=\"plain\">\(said)\(rejection)</ul>\n"
        let missing: HTML? =
            standing.missing.isEmpty
            ? nil : "<p><strong>Missing:</strong> \(Pieces.clipped(standing.missing, to: 2_000))</p>\n"
        let plan: HTML =
            isWhole
            ? PlanPiece.changes(request.plan)
            : "<p>\("change".counted(request.plan.changes.count)): <a href=\"\(url: link)\">look at the plan</a></p>\n"
        return """
            <section class="card"><div class="row"><h3><a href="\(url: link)">\(Pieces.command(request.plan.task)) on \
            \(request.plan.target.description)</a></h3><span>\(standing.state.standing.badge(standing.state.rawValue))</span></div>
            <div class="facts"><span>asked by \(asked)</span><span>run \(Pieces.run(request.runID)), step \(request.step)</span>\
            <span>waits until \(time: request.expiresAt)</span></div>
            \(missing)\(votes)\(plan)\(isWhole ? forms(standing, visit) : HTML())</section>

            """
    }

    private static func forms(_ standing: Approvals.Standing, _ visit: Visit) -> HTML {
        guard standing.state == .waiting || standing.state == .approved else { return HTML() }
        guard visit.grants.may(.approver, in: environment(standing)) else {
            return "<p class=\"muted\">To answer it you need the role approver in \(environment(standing)).</p>\n"
        }
        let request = standing.ballot.request
        let link = "/approvals/\(request.id.urlComponent)"
        let approve: HTML? =
            standing.state == .waiting && !request.isOnlyForEmergency
            ? """
            <form class="inline" method="post" action="\(url: "\(link)/approve")">\(visit.formToken)\
            <input type="hidden" name="plan" value="\(request.plan.digest)">
            <label for="why-yes">Why (may be empty)</label><input id="why-yes" name="reason" type="text" maxlength="1000">
            <button class="primary" type="submit">Approve exactly this</button></form>

            """ : nil
        return """
            \(approve)<form class="inline" method="post" action="\(url: "\(link)/reject")">\(visit.formToken)
            <label for="why-no">Why not</label><input id="why-no" name="reason" type="text" required maxlength="1000">
            <button type="submit">Reject</button></form>

            """
    }
}

extension Approvals.Standing.State {
    fileprivate var standing: Standing {
        switch self {
        case .waiting: .warning
        case .approved: .good
        case .rejected: .critical
        case .expired, .over: .unknown
        }
    }
}
