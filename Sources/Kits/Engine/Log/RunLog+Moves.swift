import Maintenance
import Outside
import Store

extension RunLog {
    private static let change = KnownStatement(RunStatement.moveChange)
    private static let applied = KnownStatement(RunStatement.applyChange)
    private static let journal = KnownStatement(RunStatement.insertJournal)

    /// Moves a change to another state, durably and only from the state it is believed to be in.
    ///
    /// - Parameter target: what its step works on, for the audit trail.
    /// - Returns: the change as it now stands.
    /// - Throws: `EngineError.journalMoved` where another process moved it meanwhile.
    func move(
        _ record: ChangeRecord, at target: Target, to state: ChangeState, witness: Facts? = nil,
        evidence: Facts? = nil, error: ErrorReport? = nil
    ) async throws -> ChangeRecord {
        guard record.state.successors.contains(state) else {
            preconditionFailure("a change cannot go from \(record.state) to \(state)")
        }
        await observer.reached(record, state, .beforeWrite)
        var moved = record
        moved.state = state
        moved.witness = witness ?? record.witness
        moved.evidence = evidence
        moved.error = error
        if state == .started, moved.contentDigest == nil { moved.contentDigest = try await contentDigest(of: record) }
        let now = clock.now()
        if state == .started { moved.startedAt = now }
        moved.endedAt = state.isFinal ? now : nil
        let write = try statements(moved, from: record, at: target, witness: witness, now: now)
        // The move that follows it, whatever the proof says, is durable, and this one with it. A crash before that is one
        // in the middle of applying, as it were some milliseconds earlier: the target is asked.
        let name = "\(record.runID)/\(record.step)/\(record.number)"
        if state == .applied {
            store.postpone(as: name, write)
        } else {
            try await store.write(after: name, work: write)
        }
        await observer.reached(moved, state, .afterWrite)
        return moved
    }

    /// Everything about a move but its place in the chain is written out before the transaction, which holds up every
    /// other writer.
    private func statements(
        _ moved: ChangeRecord, from record: ChangeRecord, at target: Target, witness: Facts?, now: Timestamp
    ) throws -> @Sendable (StoreWriter) throws -> Void {
        let state = moved.state
        let place: [StoreValue] = [
            .text(record.runID), .integer(Int64(record.step)), .integer(Int64(record.number)),
        ]
        let (from, to) = (StoreValue.text(record.state.rawValue), StoreValue.text(state.rawValue))
        let (seen, shown) = ((witness?.storedText).storeValue, (moved.evidence?.storedText).storeValue)
        let attempt = state == .applied ? record.startedAt : nil
        let change = try FilledStatement(
            attempt == nil ? Self.change : Self.applied,
            inOrder: [
                to, seen, shown, moved.error.map { StoredJSON($0).text }.storeValue,
                (state == .started ? now : nil).storeValue, moved.endedAt.storeValue,
            ] + place + [from] + (attempt.map { [$0.storeValue] } ?? []))
        var detail = moved.evidence == nil ? seen : shown
        if let error = moved.error {
            var facts = moved.evidence ?? witness ?? [:]
            facts["error"] = .text(error.code)
            detail = .text(facts.storedText)
        } else if detail == .null {
            detail = "{}"
        }
        let entry = try FilledStatement(Self.journal, inOrder: place + [from, to, now.storeValue, detail])
        // The trail tells of what began and of what came of it, and not of what lies between.
        let told = AuditDraft(move: moved, from: record.state, target: target).map {
            UnchainedEntry($0, by: actorText, at: now)
        }
        let (id, runID) = (record.change.id, record.runID)
        return { writer in
            guard try writer.run(change) == 1 else { throw EngineError.journalMoved(change: id, run: runID) }
            try writer.run(entry)
            if let told { try note(told, in: writer) }
        }
    }

    /// Of what the store holds, which is what verification will read.
    private func contentDigest(of record: ChangeRecord) async throws -> String {
        try await store.read { reader in
            let row = try reader.first(
                RunStatement.contentOfChange,
                ["run_id": record.runID, "step": record.step, "number": record.number])
            return Change.contentDigest(try row?.get("content") ?? "")
        }
    }
}
