import Maintenance
import Outside
import Store

/// A finding as it is now, and when it was last as bad as this.
struct Sighting: Sendable {
    var record: FindingRecord
    var severity: Severity
    var seenAt: Timestamp
}

extension RunLog {
    /// How far back a walk through the runs of one task at one target goes.
    static let mostSteps = 200

    /// The steps of a task at a target that began, the newest first, dry runs left out.
    func begunSteps(of task: String, at target: Target) async throws -> [StepRecord] {
        try await store.read { reader in
            try reader.rows(
                ChecklistStatement.steps,
                [
                    "task": task, "environment": target.environment, "resource": target.resource,
                    "most": Self.mostSteps,
                ]
            ).map(StepRecord.init)
        }
    }

    /// What is open in an environment or about the estate, or was seen there at or after an instant, once for each
    /// severity it had; the latest first.
    func sightings(in environment: String, since: Timestamp) async throws -> [Sighting] {
        try await store.read { reader in
            try reader.rows(ChecklistStatement.findings, ["environment": environment, "since": since]).map { row in
                Sighting(
                    record: try FindingRecord(row), severity: try row.get("was_severity"),
                    seenAt: try row.get("was_seen"))
            }
        }
    }

    /// Remembers how bad a finding was, since the next time it is seen its row will only say how bad it is then.
    func noteSeverity(of finding: Finding, at now: Timestamp, in writer: StoreWriter) throws {
        try writer.run(
            ChecklistStatement.noteSeverity,
            ["fingerprint": finding.fingerprint, "severity": finding.severity, "seen": now])
    }

    /// What was said about an item, the newest first: as far as the last word that answers it, and at most 50 of them.
    ///
    /// Throws `ChecklistError.forged` where one of them is not in its place in the chain.
    func signOffs(_ list: String, _ item: String, in environment: String) async throws -> [SignOff] {
        try await store.read { reader in
            let rows = try reader.rows(
                ChecklistStatement.signOffs,
                ["environment": environment, "subject": SignOff.subject(list, item), "most": 50])
            var found: [SignOff] = []
            for row in rows {
                let row = try AuditRow(row)
                guard row.isGenuine, try Self.isLinked(row, reader), let signOff = SignOff(try row.entry()) else {
                    throw ChecklistError.forged(entry: row.number)
                }
                found.append(signOff)
                if signOff.result != nil { break }
            }
            return found
        }
    }

    /// Writes a signature or, without a result, a remark.
    func sign(
        _ list: String, _ item: String, in environment: String, _ result: SignOff.Result?, detail: Facts
    ) async throws -> SignOff {
        let now = clock.now()
        let kind: AuditKind = result == nil ? .remarked : .signed
        await observer.noted(kind, .beforeWrite)
        let written = try await store.write { writer in
            let head = try note(
                AuditDraft(
                    kind: kind, target: Target(environment: environment), subject: SignOff.subject(list, item),
                    detail: detail),
                at: now, in: writer)
            let row = try writer.reader.first(AuditStatement.after, ["number": head.number - 1, "most": 1])
            guard let entry = try row.map({ try AuditRow($0).entry() }), let signOff = SignOff(entry) else {
                preconditionFailure("what was just signed cannot be read as a signature")
            }
            return signOff
        }
        await observer.noted(kind, .afterWrite)
        return written
    }
}
