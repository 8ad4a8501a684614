import Maintenance
import Outside
import Store

extension RunLog {
    /// A request with all that was said to it, each held against the trail: a request that is not the one that was
    /// written, and an entry that is not in its place in the chain, are refused and not counted.
    static func ballot(_ row: StoreRow, _ reader: StoreReader) throws -> Ballot {
        let id: String = try row.get("id")
        let stored: String = try row.get("content")
        let entries = try reader.rows(AuditStatement.ofApproval, ["approval": id]).map { row in
            let entry = try AuditRow(row)
            guard try entry.isGenuine && isLinked(entry, reader) else {
                throw ApprovalError.forged(
                    id: id, reason: "entry \(entry.number) of the audit trail was edited or inserted")
            }
            return try entry.entry()
        }
        let asked = entries.first { $0.kind == .waited }
        guard asked?.detail["request"] == .text(digest(stored)),
            let request = StoredJSON<ApprovalRequest>(storeValue: .text(stored))?.value, request.id == id,
            request.runID == asked?.runID, request.step == asked?.step
        else { throw ApprovalError.forged(id: id, reason: "the audit trail tells of another request") }
        return Ballot(request, entries)
    }

    static func isLinked(_ row: AuditRow, _ reader: StoreReader) throws -> Bool {
        let before = try reader.rows(AuditStatement.before, ["number": row.number, "most": 1]).first
        let hash: String = try before?.get("hash") ?? ""
        return hash == row.previous
    }

    private static func digest(_ content: String) -> String {
        var digest = CanonicalDigest()
        digest.add(content)
        return digest.hexadecimal
    }

    /// The newest request of a step; nil where it never waited.
    func ballot(of use: Ballot.Use) async throws -> Ballot? {
        try await store.read { try Self.ballot(of: use, $0) }
    }

    static func ballot(of use: Ballot.Use, _ reader: StoreReader) throws -> Ballot? {
        try reader.first(ApprovalStatement.ofStep, ["run_id": use.runID, "step": use.step])
            .map { try ballot($0, reader) }
    }

    /// The approval a case may start on: the step's own, or one of several occurrences of the same at the same target.
    /// Else what keeps the step's own one from being enough.
    func approval(for wanted: Ballot.Case) async throws -> (id: String?, own: Ballot?) {
        try await store.read { reader in
            let own = try Self.ballot(of: wanted.use, reader)
            if let own, own.obstacle(to: wanted) == nil { return (own.request.id, own) }
            let rows = try reader.rows(
                ApprovalStatement.standing,
                [
                    "task": wanted.plan.task, "environment": wanted.plan.target.environment,
                    "resource": wanted.plan.target.resource, "since": wanted.now - .seconds(2 * 366 * 86_400),
                ])
            for row in rows {
                let ballot = try Self.ballot(row, reader)
                if ballot.obstacle(to: wanted) == nil { return (ballot.request.id, own) }
            }
            return (nil, own)
        }
    }

    /// The step waits from now on: its request, its plan and its entry in the trail, all or nothing. An older request of
    /// the step ends with that.
    func wait(_ step: StepRecord, _ request: ApprovalRequest, error: ErrorReport) async throws {
        let now = clock.now()
        await observer.noted(.waited, .beforeWrite)
        try await store.write { writer in
            let use = Ballot.Use(runID: step.runID, step: step.number)
            if let old = try Self.ballot(of: use, writer.reader), old.rejection == nil, !old.isNotedExpired {
                try note(
                    AuditDraft(
                        kind: .expired, target: step.target, runID: step.runID, step: step.number,
                        subject: step.task, approval: old.request.id),
                    at: now, in: writer)
            }
            let content = StoredJSON(request).text
            try writer.run(
                ApprovalStatement.insert,
                [
                    "id": request.id, "run_id": request.runID, "step": request.step, "task": request.plan.task,
                    "environment": step.target.environment, "resource": step.target.resource, "content": content,
                    "asked_at": request.askedAt,
                ])
            try note(
                AuditDraft(
                    kind: .waited, target: step.target, runID: step.runID, step: step.number, subject: step.task,
                    approval: request.id,
                    detail: [
                        "request": .text(Self.digest(content)), "plan": .text(request.plan.digest),
                        "needs": .text(request.needed),
                    ]),
                at: now, in: writer)
            try writer.run(
                RunStatement.planStep,
                [
                    "run_id": step.runID, "number": step.number, "plan": StoredJSON(request.plan),
                    "digest": request.plan.digest,
                ])
            try writer.run(
                RunStatement.endStep,
                [
                    "run_id": step.runID, "number": step.number, "state": StepState.waiting,
                    "at": Timestamp?.none, "error": StoredJSON(error),
                ])
        }
        await observer.noted(.waited, .afterWrite)
    }

    /// The same, in a transaction of its own, for a step that goes on.
    func use(_ approval: ApprovalUse, _ step: StepRecord) async throws {
        try await store.write { try use(approval.id, for: approval.wanted, step, in: $0) }
    }

    /// Writes down that a step starts on the strength of an approval, in the transaction that lets it start; throws where
    /// it no longer allows it, since somebody rejected it, or another run used its last occurrence, meanwhile.
    func use(_ id: String, for wanted: Ballot.Case, _ step: StepRecord, in writer: StoreWriter) throws {
        guard let row = try writer.reader.first(ApprovalStatement.named, ["id": id]) else {
            throw ApprovalError.unknown(id, nearest: nil)
        }
        let ballot = try Self.ballot(row, writer.reader)
        if let rejection = ballot.rejection {
            throw ApprovalError.rejected(id: id, by: rejection.by.name.printable, reason: rejection.reason)
        }
        guard ballot.obstacle(to: wanted) == nil else { throw ApprovalError.usedMeanwhile(id: id) }
        guard !ballot.uses.contains(wanted.use) else { return }
        var detail: Facts = ["plan": .text(wanted.plan.digest)]
        if wanted.needs.contains(where: { $0.isEmergency == true }) { detail[Ballot.emergency] = .boolean(true) }
        try note(
            AuditDraft(
                kind: .used, target: step.target, runID: step.runID, step: step.number, subject: step.task,
                approval: id, detail: detail),
            at: wanted.now, in: writer)
    }
}
