import Maintenance
import Store

/// An entry as it stands in the store, column by column: the hash is over what is stored, so that no other way of
/// writing the same value goes unnoticed.
struct AuditRow: Hashable, Sendable {
    var number: Int64
    var recordedAt: Int64
    var kind: String
    var actor: String
    var environment: String
    var resource: String
    var runID: String
    var step: Int64
    var subject: String
    var approval: String?
    var detail: String
    var previous: String
    var hash: String

    /// - Parameter actor: as JSON.
    init(_ draft: AuditDraft, by actor: String, at now: Timestamp, after head: AuditHead?) {
        // After the greatest number there is none: the store then refuses the one that is taken.
        number = min(head?.number ?? 0, .max - 1) + 1
        recordedAt = now.microseconds
        kind = draft.kind.rawValue
        self.actor = actor
        environment = draft.target.environment
        resource = draft.target.resource
        runID = draft.runID
        step = Int64(draft.step)
        subject = draft.subject
        approval = draft.approval
        detail = draft.detail.storedText
        previous = head?.hash ?? ""
        hash = ""
        hash = expectedHash(as: number)
    }

    init(_ row: StoreRow) throws {
        number = try row.get("number")
        recordedAt = try row.get("recorded_at")
        kind = try row.get("kind")
        actor = try row.get("actor")
        environment = try row.get("environment")
        resource = try row.get("resource")
        runID = try row.get("run_id")
        step = try row.get("step")
        subject = try row.get("subject")
        approval = try row.get("approval")
        detail = try row.get("detail")
        previous = try row.get("previous")
        hash = try row.get("hash")
    }

    /// The hash this content has under a number.
    func expectedHash(as number: Int64) -> String {
        var digest = CanonicalDigest()
        digest.add(["mainstay.audit.1", previous, String(number), String(recordedAt), kind, actor])
        digest.add([environment, resource, runID, String(step), subject])
        digest.add(approval.map { [$0] } ?? [])
        digest.add(detail)
        return digest.hexadecimal
    }

    var isGenuine: Bool { hash == expectedHash(as: number) }

    /// In the order of the columns.
    var values: [StoreValue] {
        [
            .integer(number), .integer(recordedAt), .text(kind), .text(actor), .text(environment), .text(resource),
            .text(runID), .integer(step), .text(subject), approval.storeValue, .text(detail), .text(previous),
            .text(hash),
        ]
    }

    /// Throws where a column does not hold what the trail writes there.
    func entry() throws -> AuditEntry {
        guard let kind = AuditKind(rawValue: kind),
            let actor = StoredJSON<Requester>(storeValue: .text(actor))?.value,
            let detail = StoredJSON<Facts>(storeValue: .text(detail))?.value
        else { throw StoreError.unexpectedValue(column: "audit.\(number)", type: "AuditEntry") }
        return AuditEntry(
            number: number, at: Timestamp(microseconds: recordedAt), kind: kind, actor: actor,
            target: Target(environment: environment, resource: resource), runID: runID, step: Int(step),
            subject: subject, approval: approval, detail: detail, previous: previous, hash: hash)
    }
}
