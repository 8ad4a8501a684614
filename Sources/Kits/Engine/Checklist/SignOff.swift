import Maintenance

/// What somebody said about an item of a checklist in an environment. It is an entry of the audit trail and stands nowhere
/// else, so nothing of it can be changed or taken back; a newer one takes the place of the older.
package struct SignOff: Codable, Hashable, Sendable {
    /// The entry's number and hash in the audit trail.
    package var entry: AuditHead
    package var by: Requester
    package var at: Timestamp
    /// Nil for a remark, which answers nothing.
    package var result: Result?
    /// Hostile text.
    package var note: String?
    /// What the item asked for when it was signed.
    package var text: String
    package var attachment: Attachment?

    package enum Result: String, Codable, CaseIterable, Sendable {
        case done
        case notDone = "not-done"
    }

    /// Longer notes are refused, so that the trail stays readable. Bytes.
    package static let longestNote = 4_000

    /// Nil where the entry is none about a checklist, or does not hold what Mainstay writes.
    init?(_ entry: AuditEntry) {
        func text(_ name: String) -> String? {
            if case .text(let text)? = entry.detail[name] { text } else { nil }
        }
        guard let asked = text("text") else { return nil }
        switch entry.kind {
        case .remarked: result = nil
        case .signed:
            guard let word = text("result").flatMap(Result.init(rawValue:)) else { return nil }
            result = word
        default: return nil
        }
        self.entry = entry.head
        by = entry.actor
        at = entry.at
        note = text("note")
        self.text = asked
        if let name = text("attachment") {
            guard let digest = text("sha256"), case .integer(let bytes)? = entry.detail["bytes"] else { return nil }
            attachment = Attachment(name: name, size: ByteCount(bytes), sha256: digest)
        }
    }

    static func detail(_ result: Result?, _ text: String, _ note: String?, _ attachment: Attachment?) -> Facts {
        var detail: Facts = ["text": .text(text)]
        if let result { detail["result"] = .text(result.rawValue) }
        if let note { detail["note"] = .text(note) }
        if let attachment {
            detail["attachment"] = .text(attachment.name)
            detail["sha256"] = .text(attachment.sha256)
            detail["bytes"] = .integer(attachment.size.bytes)
        }
        return detail
    }

    /// What the trail calls an item.
    static func subject(_ list: String, _ item: String) -> String { "checklist \(list)/\(item)" }
}
