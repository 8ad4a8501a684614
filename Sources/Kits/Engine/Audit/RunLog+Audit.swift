import Maintenance
import Outside
import Store

extension RunLog {
    /// Adds an entry in the transaction of what it tells of: both are durable, or neither is.
    ///
    /// The store's writers are one after the other (an immediate transaction each), so the head read here is still the
    /// head when the entry is written; where it were not, the number would be taken and the transaction fail.
    @discardableResult
    func note(_ draft: AuditDraft, at now: Timestamp, in writer: StoreWriter) throws -> AuditHead {
        try note(UnchainedEntry(draft, by: actorText, at: now), in: writer)
    }

    @discardableResult
    func note(_ entry: UnchainedEntry, in writer: StoreWriter) throws -> AuditHead {
        let last: AuditHead? = try writer.recall(Self.headKey) ?? Self.head(writer.reader)
        let row = entry.row(after: last)
        try writer.run(FilledStatement(Self.append, inOrder: row.values))
        let head = AuditHead(number: row.number, hash: row.hash)
        writer.remember(head, as: Self.headKey)
        return head
    }

    private static let headKey = "audit.head"
    private static let append = KnownStatement(AuditStatement.append)

    private static func head(_ reader: StoreReader) throws -> AuditHead? {
        try reader.first(AuditStatement.head).map {
            AuditHead(number: try $0.get("number"), hash: try $0.get("hash"))
        }
    }

    /// The newest entry; nil where nothing was ever written.
    package func auditHead() async throws -> AuditHead? {
        try await store.read { try Self.head($0) }
    }

    /// Adds an entry about something a person or a task signed: a certificate, a checklist.
    ///
    /// - Parameter detail: what tells the signed thing apart, such as its SHA-256.
    @discardableResult
    package func noteSigned(
        _ subject: String, target: Target, runID: String = "", detail: Facts
    ) async throws -> AuditHead {
        let now = clock.now()
        let draft = AuditDraft(kind: .signed, target: target, runID: runID, subject: subject, detail: detail)
        return try await store.write { try note(draft, at: now, in: $0) }
    }

    /// Notes that a configuration is used that differs from the last one that was.
    ///
    /// - Parameters:
    ///   - digest: over the text of all files.
    ///   - files: in reading order.
    func noteConfiguration(
        digest: String, files: [String], at now: Timestamp, in writer: StoreWriter
    ) throws {
        let last = try writer.reader.first(AuditStatement.lastConfigured).map { try AuditRow($0).entry() }
        guard last?.detail["sha256"] != .text(digest) else { return }
        let subject = files.joined(separator: ", ")
        try note(
            AuditDraft(kind: .configured, subject: subject, detail: ["sha256": .text(digest)]), at: now, in: writer)
    }
}

/// Which entries somebody wants to see.
package struct AuditFilter: Sendable {
    package var since: Timestamp?
    package var environments: [String]?
    /// The user or the person behind `sudo`.
    package var actor: String?
    package var kinds: [AuditKind]?
    package var most: Int

    package init(
        since: Timestamp? = nil, environments: [String]? = nil, actor: String? = nil, kinds: [AuditKind]? = nil,
        most: Int = 50
    ) {
        self.since = since
        self.environments = environments
        self.actor = actor
        self.kinds = kinds
        self.most = most
    }

    func accepts(_ entry: AuditEntry) -> Bool {
        (since.map { entry.at >= $0 } ?? true)
            && (environments?.contains(entry.target.environment) ?? true)
            && (actor.map { entry.actor.user == $0 || entry.actor.sudoUser == $0 } ?? true)
            && (kinds?.contains(entry.kind) ?? true)
    }
}

extension RunLog {
    /// Entries newest first. One that cannot be read any more stops the listing: `audit verify` says what is wrong.
    package func audit(_ filter: AuditFilter) async throws -> [AuditEntry] {
        try await store.read { reader in
            var found: [AuditEntry] = []
            var before = Int64.max
            while found.count < filter.most {
                let rows = try reader.rows(AuditStatement.before, ["number": before, "most": AuditChain.page])
                for row in rows {
                    let entry = try AuditRow(row).entry()
                    before = entry.number
                    if found.count < filter.most, filter.accepts(entry) { found.append(entry) }
                }
                // The clock may have been set back, so an old entry does not end the search.
                if rows.count < AuditChain.page { break }
            }
            return found
        }
    }
}

/// Some entries of the trail, newest first, and where the next ones begin.
package struct AuditPage: Sendable {
    package var entries: [AuditEntry]
    /// The number before which the next page begins; nil where there is none.
    package var next: Int64?
}

extension RunLog {
    /// A page of the trail that costs what it shows, however long the trail is.
    ///
    /// - Parameters:
    ///   - before: a number that is not shown any more; nil for the newest.
    ///   - environments: nil for all; the empty name is what is about no environment.
    package func auditPage(before: Int64?, environments: [String]?, most: Int) async throws -> AuditPage {
        try await store.read { reader in
            let before = before ?? .max
            let rows: [StoreRow]
            if let environments {
                rows = try environments.flatMap { environment in
                    try reader.rows(
                        AuditStatement.beforeIn, ["environment": environment, "number": before, "most": most + 1])
                }
            } else {
                rows = try reader.rows(AuditStatement.before, ["number": before, "most": most + 1])
            }
            let entries = try rows.map { try AuditRow($0).entry() }.sorted { $0.number > $1.number }
            let shown = Array(entries.prefix(most))
            return AuditPage(entries: shown, next: entries.count > most ? shown.last?.number : nil)
        }
    }

    /// What was written after an entry, in its order; of all environments.
    package func audit(after number: Int64, most: Int) async throws -> [AuditEntry] {
        try await store.read { reader in
            try reader.rows(AuditStatement.after, ["number": number, "most": most]).map { try AuditRow($0).entry() }
        }
    }
}
