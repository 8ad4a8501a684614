import Maintenance
import Outside
import Settings
import Store

/// What people do with requests: list them, look at them, approve, reject.
package struct Approvals: Sendable {
    let log: RunLog
    let rules: ApprovalRules

    package init(log: RunLog, inventory: Inventory) {
        self.log = log
        rules = ApprovalRules(inventory)
    }

    /// How a request stands, for those who look.
    package struct Standing: Codable, Sendable {
        package var ballot: Ballot
        package var state: State
        /// What is still missing; empty where nothing is.
        package var missing: String

        package enum State: String, Codable, CaseIterable, Sendable {
            case waiting, approved, rejected, expired, over
        }
    }

    /// Everything that waits, the oldest first: one request for each step that has not started.
    package func waiting() async throws -> [Standing] {
        let ballots = try await log.store.read { reader in
            try reader.rows(ApprovalStatement.open).map { try RunLog.ballot($0, reader) }
        }
        let latest = Dictionary(ballots.map { (Ballot.Use(runID: $0.request.runID, step: $0.request.step), $0) }) { $1 }
        return ballots.filter { ballot in
            let use = Ballot.Use(runID: ballot.request.runID, step: ballot.request.step)
            return latest[use]?.request.id == ballot.request.id && !ballot.uses.contains(use)
        }.map { standing($0, stepState: .waiting) }
    }

    /// The request a person means: a whole id or the beginning of one; of a run, the only one that waits.
    package func named(_ name: String) async throws -> Standing {
        let (ballot, state) = try await log.store.read { reader in
            let row = try Self.row(name, reader)
            let ballot = try RunLog.ballot(row, reader)
            return (ballot, try Self.stepState(ballot.request, reader))
        }
        return standing(ballot, stepState: state)
    }

    private static func row(_ name: String, _ reader: StoreReader) throws -> StoreRow {
        if let exact = try reader.first(ApprovalStatement.named, ["id": name]) { return exact }
        let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let rows =
            plain.isEmpty || plain != name
            ? [] : try reader.rows(ApprovalStatement.namedLike, ["pattern": "\(plain)%"])
        guard let only = rows.first else {
            let known = try reader.rows(ApprovalStatement.open).map { try $0.get("id", as: String.self) }
            throw ApprovalError.unknown(name, nearest: nearest(to: name, among: known))
        }
        guard rows.count == 1 else {
            throw ApprovalError.ambiguous(name, try rows.map { try $0.get("id", as: String.self) })
        }
        return only
    }

    private static func stepState(_ request: ApprovalRequest, _ reader: StoreReader) throws -> StepState {
        try reader.first(ApprovalStatement.stateOfStep, ["run_id": request.runID, "number": request.step])?
            .get("state") ?? .skipped
    }

    /// What the request needs by today's configuration; by that of the day it was asked where today's asks nothing.
    private func needs(_ request: ApprovalRequest) -> [ApprovalNeed] {
        let routines = request.routines ?? (request.isRoutine ? [request.runName] : [])
        let now = rules.needs(request.plan, routines: routines)
        return now.isEmpty ? request.needs : now
    }

    private func standing(_ ballot: Ballot, stepState: StepState) -> Standing {
        let obstacle = ballot.obstacle(to: own(ballot)) ?? ""
        let state: Standing.State =
            if ballot.rejection != nil {
                .rejected
            } else if ballot.uses.contains(.init(runID: ballot.request.runID, step: ballot.request.step))
                || stepState.isEnded
            {
                .over
            } else if obstacle.isEmpty {
                .approved
            } else if ballot.isExpired(at: log.clock.now()) {
                .expired
            } else {
                .waiting
            }
        return Standing(ballot: ballot, state: state, missing: obstacle)
    }

    private func own(_ ballot: Ballot) -> Ballot.Case {
        Ballot.Case(
            plan: ballot.request.plan, needs: needs(ballot.request),
            use: Ballot.Use(runID: ballot.request.runID, step: ballot.request.step),
            requester: ballot.request.requesters[0], now: log.clock.now(), standing: rules.settings.standing,
            shared: rules.shared)
    }

    /// Approves for as many occurrences as are said, the one that waits being the first.
    ///
    /// - Parameter isEmergency: it may start at once, in an emergency window; that has a reason and is for this one alone.
    @discardableResult
    package func approve(
        _ name: String, next: Int = 1, reason: String? = nil, isEmergency: Bool = false
    ) async throws -> Standing {
        let now = log.clock.now()
        await log.observer.noted(.approved, .beforeWrite)
        let outcome: (standing: Standing?, error: ApprovalError?) = try await log.store.write { writer in
            let ballot = try RunLog.ballot(try Self.row(name, writer.reader), writer.reader)
            if let error = try obstacle(to: ballot, isEmergency: isEmergency, reason, writer.reader) {
                // That it expired is written down although the approval is refused.
                guard case .expired = error, !ballot.isNotedExpired else { return (nil, error) }
                try log.note(draft(.expired, ballot.request), at: now, in: writer)
                return (nil, error)
            }
            var detail: Facts = ["plan": .text(ballot.request.plan.digest), "next": Scalar(next)]
            if let reason { detail["reason"] = .text(reason) }
            if isEmergency { detail[Ballot.emergency] = .boolean(true) }
            try log.note(draft(.approved, ballot.request, detail), at: now, in: writer)
            let row = try Self.row(ballot.request.id, writer.reader)
            return (standing(try RunLog.ballot(row, writer.reader), stepState: .waiting), nil)
        }
        await log.observer.noted(.approved, .afterWrite)
        if let error = outcome.error { throw error }
        guard let standing = outcome.standing else { preconditionFailure("an approval has neither come nor failed") }
        return standing
    }

    /// What keeps whoever asks now from approving.
    private func obstacle(
        to ballot: Ballot, isEmergency: Bool, _ reason: String?, _ reader: StoreReader
    ) throws -> ApprovalError? {
        let request = ballot.request
        let state = try Self.stepState(request, reader)
        let own = Ballot.Use(runID: request.runID, step: request.step)
        if let rejection = ballot.rejection {
            return .rejected(id: request.id, by: rejection.by.name.printable, reason: rejection.reason)
        }
        if state.isEnded || ballot.uses.contains(own) {
            return .over(id: request.id, run: request.runID, state: state)
        }
        if ballot.isExpired(at: log.clock.now()) { return .expired(id: request.id, at: request.expiresAt) }
        if let latest = try RunLog.ballot(of: own, reader), latest.request.id != request.id {
            return .over(id: request.id, run: request.runID, state: state)
        }
        let person = Person(log.actor, shared: rules.shared)
        let requesters = request.requesters.map { Person($0, shared: rules.shared) }
        if Ballot.isOwn(person, requesters, isProtected: request.isProtected) {
            return .ownRequest(id: request.id, person: person.text, isShared: person.isAnonymous)
        }
        let needs = needs(request)
        guard needs.contains(where: person.mayAnswer) else {
            return .notApprover(
                id: request.id, person: person.text, needed: needs.map(\.people).joined(separator: "; "))
        }
        if let error = emergencyObstacle(to: request, isEmergency: isEmergency, reason) { return error }
        // Who approved it for its window may go further, and so may who did when it was as urgent days ago.
        let now = log.clock.now()
        let given = ballot.approvals
            .filter { !isEmergency || ($0.isEmergency && now < $0.at + rules.settings.expires) }
            .map { Person($0.by, shared: rules.shared) }
        return given.contains { $0.isSame(as: person) } ? .alreadyGiven(id: request.id, person: person.text) : nil
    }

    /// Rejects what waits, for good; what an approval of several occurrences still allowed is withdrawn with it.
    @discardableResult
    package func reject(_ name: String, reason: String) async throws -> ApprovalRequest {
        let now = log.clock.now()
        return try await log.store.write { writer in
            let ballot = try RunLog.ballot(try Self.row(name, writer.reader), writer.reader)
            let request = ballot.request
            if let rejection = ballot.rejection {
                throw ApprovalError.rejected(
                    id: request.id, by: rejection.by.name.printable, reason: rejection.reason)
            }
            let state = try Self.stepState(request, writer.reader)
            let hasStarted = ballot.uses.contains(.init(runID: request.runID, step: request.step))
            guard (!state.isEnded && !hasStarted) || ballot.remaining > 0 else {
                throw ApprovalError.over(id: request.id, run: request.runID, state: state)
            }
            try log.note(draft(.rejected, request, ["reason": .text(reason)]), at: now, in: writer)
            guard !hasStarted else { return request }
            let error = ApprovalError.rejected(id: request.id, by: log.actor.name.printable, reason: reason)
            try writer.run(
                ApprovalStatement.refuseWaiting,
                [
                    "run_id": request.runID, "number": request.step, "at": now,
                    "error": StoredJSON(ErrorReport(error)),
                ])
            let states = try writer.reader.rows(ApprovalStatement.statesOfRun, ["run_id": request.runID])
                .map { try $0.get("state", as: StepState.self) }
            let left = RunState(states)
            if left.isEnded {
                try writer.run(ApprovalStatement.endWaitingRun, ["id": request.runID, "state": left, "at": now])
            }
            return request
        }
    }

    private func draft(_ kind: AuditKind, _ request: ApprovalRequest, _ detail: Facts = [:]) -> AuditDraft {
        AuditDraft(
            kind: kind, target: request.plan.target, runID: request.runID, step: request.step,
            subject: request.plan.task, approval: request.id, detail: detail)
    }

    /// The ids of what waits in a run; empty where the name is none of a run.
    package func waiting(inRun name: String) async throws -> [String] {
        let run: RunRecord
        do { run = try await log.run(name) } catch is EngineError { return [] }
        return try await waiting().filter { $0.ballot.request.runID == run.id }.map(\.ballot.request.id)
    }
}
