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

    /// Without a place in the chain.
    ///
    /// - Parameter actor: as JSON.
    fileprivate init(_ draft: AuditDraft, by actor: String, at now: Timestamp) {
        number = 0
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
        previous = ""
        hash = ""
    }

    init(_ draft: AuditDraft, by actor: String, at now: Timestamp, after head: AuditHead?) {
        self = UnchainedEntry(draft, by: actor, at: now).row(after: head)
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
    func expectedHash(as number: Int64) -> String { hash(as: number, ending: unchained) }

    fileprivate func hash(as number: Int64, ending: CanonicalEncoding) -> String {
        var beginning = CanonicalEncoding()
        beginning.begin(listOf: 6)
        for text in ["mainstay.audit.1", previous, String(number)] { beginning.add(text) }
        var digest = CanonicalDigest()
        digest.add(beginning)
        digest.add(ending)
        return digest.hexadecimal
    }

    /// What the hash is over behind the place in the chain.
    fileprivate var unchained: CanonicalEncoding {
        var encoding = CanonicalEncoding()
        for text in [String(recordedAt), kind, actor] { encoding.add(text) }
        encoding.add([environment, resource, runID, String(step), subject])
        encoding.add(approval.map { [$0] } ?? [])
        encoding.add(detail)
        return encoding
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

/// An entry that lacks nothing but its place in the chain: written out before the transaction, which holds up every other
/// writer.
struct UnchainedEntry: Sendable {
    private let content: AuditRow
    private let ending: CanonicalEncoding

    /// - Parameter actor: as JSON.
    init(_ draft: AuditDraft, by actor: String, at now: Timestamp) {
        content = AuditRow(draft, by: actor, at: now)
        ending = content.unchained
    }

    func row(after head: AuditHead?) -> AuditRow {
        var row = content
        // After the greatest number there is none: the store then refuses the one that is taken.
        row.number = min(head?.number ?? 0, .max - 1) + 1
        row.previous = head?.hash ?? ""
        row.hash = row.hash(as: row.number, ending: ending)
        return row
    }
}
