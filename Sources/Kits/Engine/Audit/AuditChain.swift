import Maintenance
import Store

/// Walks the trail from its first entry to its head and says what is not as it was written.
///
/// What the chain itself shows: an entry that was edited, deleted, moved or inserted. What it cannot show alone, a tail
/// that was cut off or a chain that was rewritten from some entry on, shows against a head that was kept elsewhere.
package struct AuditChain: Sendable {
    /// How many entries are held in memory at once.
    static let page = 500
    /// More problems than this are counted and not listed: after a rewritten part every line would say the same.
    static let most = 20

    package struct Verdict: Codable, Hashable, Sendable {
        /// Entries that were looked at.
        package var entries = 0
        package var head: AuditHead?
        package var problems: [AuditProblem] = []
        /// Problems beyond those listed.
        package var further = 0
        /// How many heads kept elsewhere were found in the chain.
        package var confirmed = 0

        package var isSound: Bool { problems.isEmpty }

        mutating func add(_ problem: AuditProblem) {
            if problems.count < AuditChain.most { problems.append(problem) } else { further += 1 }
        }
    }

    private var verdict = Verdict()
    private var anchors: [Anchor]
    private var confirmed: Set<Int> = []
    private var lastNumber: Int64 = 0
    private var lastHash = ""
    /// The entry before was named already, so that a link to it says nothing more.
    private var lastIsSuspect = false

    /// A head that was kept elsewhere.
    package struct Anchor: Hashable, Sendable {
        /// Nil where only the hash was kept.
        package var number: Int64?
        /// At least the first twelve digits.
        package var hash: String
        /// Where it was kept, for the answer: a file's path, or nothing.
        package var source: String

        package init(number: Int64? = nil, hash: String, source: String = "") {
            self.number = number
            self.hash = hash
            self.source = source
        }
    }

    private init(anchors: [Anchor]) { self.anchors = anchors }

    /// One consistent moment of the store.
    static func verify(_ reader: StoreReader, against anchors: [Anchor]) throws -> Verdict {
        var chain = AuditChain(anchors: anchors)
        // The least number there is, so that no row hides before the first.
        var after = Int64.min
        while true {
            let rows = try reader.rows(AuditStatement.after, ["number": after, "most": page])
            for stored in rows {
                guard let row = try? AuditRow(stored) else {
                    let number: Int64? = try? stored.get("number")
                    chain.take(unreadable: number)
                    // A number that is none sorts behind all others, so nothing can be asked for after it.
                    guard let number else { return chain.ended() }
                    after = number
                    continue
                }
                try chain.take(row, reader)
                after = row.number
            }
            if rows.count < page { break }
        }
        return chain.ended()
    }

    private mutating func take(unreadable number: Int64?) {
        verdict.entries += 1
        verdict.add(AuditProblem(number: number, kind: .unreadable))
        if let number { lastNumber = number }
        lastIsSuspect = true
    }

    private mutating func take(_ row: AuditRow, _ reader: StoreReader) throws {
        verdict.entries += 1
        let isNext = row.number == lastNumber + 1
        if !isNext, row.number > lastNumber {
            verdict.add(AuditProblem(number: lastNumber + 1, through: row.number - 1, kind: .missing))
        }
        if row.number < 1 {
            verdict.add(AuditProblem(number: row.number, kind: .foreign))
            return
        }
        let isGenuine = row.isGenuine && (try? row.entry()) != nil
        if !isGenuine {
            let origin = try origin(of: row, reader)
            verdict.add(AuditProblem(number: row.number, kind: origin.map { .moved(from: $0) } ?? .edited))
        } else if isNext, row.previous != lastHash, !lastIsSuspect {
            // Behind one that was named already nobody can tell any more.
            let kind: AuditProblem.Kind = lastNumber == 0 ? .beheaded : .unlinked
            verdict.add(AuditProblem(number: row.number, kind: kind))
        }
        if isGenuine, let problem = try Self.contradiction(row.entry(), reader) { verdict.add(problem) }
        confirm(row)
        lastNumber = row.number
        lastHash = row.hash
        lastIsSuspect = !isGenuine
        verdict.head = AuditHead(number: row.number, hash: row.hash)
    }

    /// Whether the run log still has the change as it was when it started, and as it ended. Runs that a retention removed
    /// are gone as a whole, and nothing is said about them.
    private static func contradiction(_ entry: AuditEntry, _ reader: StoreReader) throws -> AuditProblem? {
        guard entry.kind == .changed || entry.kind == .decided, case .integer(let number)? = entry.detail["change"],
            let row = try reader.first(
                AuditStatement.toldOf, ["run_id": entry.runID, "step": entry.step, "number": number])
        else { return nil }
        func problem(_ how: AuditProblem.Contradiction) -> AuditProblem {
            AuditProblem(number: entry.number, kind: .contradicted(change: entry.subject, how: how))
        }
        let content: String? = try row.get("content")
        guard let content else { return problem(.gone) }
        if let digest = entry.detail["content"], digest != .text(Change.contentDigest(content)) {
            return problem(.altered)
        }
        guard case .text(let told)? = entry.detail["state"], ChangeState(rawValue: told)?.isFinal == true else {
            return nil
        }
        let state: String = try row.get("state")
        return state == told ? nil : problem(.otherEnd)
    }

    /// The number under which exactly this content was written; nil where there is none.
    private func origin(of row: AuditRow, _ reader: StoreReader) throws -> Int64? {
        func isOrigin(_ number: Int64) -> Bool { number != row.number && row.hash == row.expectedHash(as: number) }
        if let near = [row.number &- 1, row.number &+ 1, 1].first(where: isOrigin) { return near }
        // A search of the whole trail, so only for problems that will be listed.
        guard verdict.problems.count < Self.most,
            let before = try reader.first(AuditStatement.withHash, ["hash": row.previous])
        else { return nil }
        let number: Int64 = try before.get("number")
        return [number &+ 1, number].first(where: isOrigin)
    }

    private mutating func confirm(_ row: AuditRow) {
        for (index, anchor) in anchors.enumerated() where row.hash.hasPrefix(anchor.hash) {
            if anchor.number == nil || anchor.number == row.number { confirmed.insert(index) }
        }
    }

    private func ended() -> Verdict {
        var verdict = verdict
        verdict.confirmed = confirmed.count
        for (index, anchor) in anchors.enumerated() where !confirmed.contains(index) {
            let isCut = anchor.number.map { $0 > lastNumber } ?? false
            verdict.problems.append(
                AuditProblem(
                    number: anchor.number, kind: isCut ? .cut(to: lastNumber) : .rewritten,
                    against: String(anchor.hash.prefix(12)), source: anchor.source))
        }
        return verdict
    }
}

extension RunLog {
    /// Looks at the whole trail, and compares it with heads that were kept elsewhere.
    package func verifyAudit(against anchors: [AuditChain.Anchor] = []) async throws -> AuditChain.Verdict {
        try await store.read { try AuditChain.verify($0, against: anchors) }
    }
}
