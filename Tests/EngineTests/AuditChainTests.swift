import Maintenance
import MaintenanceTesting
import Outside
import Store
import Testing

@testable import Engine

/// What somebody who can write to the store's file might do to the trail.
private enum Tamper: String, StatementSet {
    case allowUpdate = "drop trigger audit_no_update"
    case allowDelete = "drop trigger audit_no_delete"
    case all = "select * from audit order by number"
    case delete = "delete from audit where number = :number"
    case cut = "delete from audit where number >= :number"
    case renumber = "update audit set number = :new where number = :number"
    case recordedAt = "update audit set recorded_at = recorded_at + 1 where number = :number"
    case kind = "update audit set kind = 'approved' where number = :number"
    case actor = "update audit set actor = replace(actor, 'ann', 'bob') where number = :number"
    case environment = "update audit set environment = environment || 'x' where number = :number"
    case resource = "update audit set resource = 'x' where number = :number"
    case runID = "update audit set run_id = 'x' where number = :number"
    case step = "update audit set step = step + 1 where number = :number"
    case subject = "update audit set subject = subject || ' ' where number = :number"
    case approval = "update audit set approval = coalesce(approval, '') || 'x' where number = :number"
    case emptyApproval = "update audit set approval = '' where number = :number"
    case detail = "update audit set detail = '{ }' where number = :number"
    case previous = "update audit set previous = 'x' where number = :number"
    case hash = "update audit set hash = 'x' where number = :number"
    case notText = "update audit set detail = x'00ff' where number = :number"
    case refuse = "create trigger refuse before insert on audit begin select raise(abort, 'full'); end"
}

private let edits: [Tamper] = [
    .recordedAt, .kind, .actor, .environment, .resource, .runID, .step, .subject, .approval, .emptyApproval, .detail,
    .previous, .hash, .notText,
]

@Suite("the audit trail's chain", .temporaryDirectory)
struct AuditChainTests {
    /// A trail of its own for each use.
    private struct Trail {
        let store: Store
        let log: RunLog
        let count: Int64

        init(_ count: Int, using random: inout SeededGenerator) async throws {
            let directory = "\(TemporaryDirectory.current)/\(random.next())"
            store = try Store(directory: directory, migrations: EngineSchema.migrations)
            let actor = Requester(
                user: "ann", sudoUser: Bool.random(using: &random) ? "root" : nil, host: "h", processID: 1)
            log = RunLog(store: store, clock: .system, actor: actor)
            self.count = Int64(count)
            let (log, numbers) = (log, (0..<count).map { _ in Int.random(in: 0...1_000_000, using: &random) })
            try await store.write { writer in
                for number in numbers {
                    let draft = AuditDraft(
                        kind: .signed, target: Target(environment: "production"), subject: "é\u{301}' \(number)",
                        detail: ["number": Scalar(number), "text": .text("\u{0}\"\n")])
                    try log.note(draft, at: Timestamp(microseconds: Int64(number)), in: writer)
                }
            }
            try await run(.allowUpdate)
            try await run(.allowDelete)
        }

        func run(_ statement: Tamper, _ number: Int64? = nil, new: Int64? = nil) async throws {
            try await store.write { writer in
                var values: [String: any StoreConvertible] = [:]
                if let number { values["number"] = number }
                if let new { values["new"] = new }
                try writer.run(statement, values)
            }
        }

        func rows() async throws -> [AuditRow] { try await store.read { try $0.rows(Tamper.all).map(AuditRow.init) } }

        func append(_ row: AuditRow) async throws {
            try await store.write { try $0.run(FilledStatement(AuditStatement.append, inOrder: row.values)) }
        }

        /// Everything from `first` on again, each with the right hash for what now stands there.
        func rewrite(from first: Int64, edit: (inout AuditRow) -> Void) async throws {
            let rows = try await rows()
            try await run(.cut, first)
            var previous = rows.last { $0.number < first }?.hash ?? ""
            for var row in rows where row.number >= first {
                if row.number == first { edit(&row) }
                row.previous = previous
                row.hash = row.expectedHash(as: row.number)
                previous = row.hash
                try await append(row)
            }
        }
    }

    @Test("is sound as it was written, and knows heads that were kept elsewhere")
    func isSound() async throws {
        var random = SeededGenerator(seed: 1)
        let trail = try await Trail(30, using: &random)
        let rows = try await trail.rows()
        let verdict = try await trail.log.verifyAudit(against: [
            .init(number: 7, hash: rows[6].hash), .init(hash: String(rows[29].hash.prefix(12))),
        ])
        #expect(verdict.isSound && verdict.entries == 30 && verdict.confirmed == 2)
        #expect(verdict.head == (try await trail.log.auditHead()))
        #expect(try await Trail(0, using: &random).log.verifyAudit().isSound)
    }

    @Test("entries of many who write at once are one chain, also where some of them fail", arguments: [1, 3, 100])
    func isOneChain(every: Int) async throws {
        struct Refused: Error {}
        var random = SeededGenerator(seed: 1)
        let trail = try await Trail(0, using: &random)
        let now = Timestamp(microseconds: 1)
        let written = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        try await trail.store.write { writer in
                            try trail.log.note(AuditDraft(kind: .signed, subject: "a \(number)"), at: now, in: writer)
                            if number % every == 0 { throw Refused() }
                            try trail.log.note(AuditDraft(kind: .signed, subject: "b \(number)"), at: now, in: writer)
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(written == (0..<200).count { $0 % every != 0 })
        let verdict = try await trail.log.verifyAudit()
        #expect(verdict.isSound && verdict.entries == 2 * written)
    }

    @Test("whatever is done to it is found, and the entry named", arguments: 1...12 as ClosedRange<UInt64>)
    func findsTampering(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for form in 0..<9 {
            let trail = try await Trail(Int.random(in: 3...40, using: &random), using: &random)
            let (last, head) = (trail.count, try #require(try await trail.log.auditHead()))
            let number = Int64.random(in: 1..<last, using: &random)
            let expected: AuditProblem
            var isSeenAlone = true
            switch form {
            case 0:
                let edit = edits[Int.random(in: 0..<edits.count, using: &random)]
                // Any entry, the last one too.
                let edited = Int64.random(in: 1...last, using: &random)
                try await trail.run(edit, edited)
                let isRead = edit != .notText
                expected = AuditProblem(number: edited, kind: isRead ? .edited : .unreadable)
            case 1:
                try await trail.run(.delete, number)
                expected = AuditProblem(number: number, kind: .missing)
            case 2:
                try await trail.run(.renumber, number, new: -1)
                try await trail.run(.renumber, last, new: number)
                try await trail.run(.renumber, -1, new: last)
                expected = AuditProblem(number: number, kind: .moved(from: last))
            case 3:
                // Deleted, and the gap closed.
                try await trail.run(.delete, number)
                for moved in (number + 1)...last { try await trail.run(.renumber, moved, new: moved - 1) }
                expected = AuditProblem(number: number, kind: .moved(from: number + 1))
            case 4:
                // Inserted with a right hash, and room made for it.
                for moved in (number...last).reversed() { try await trail.run(.renumber, moved, new: moved + 1) }
                let before = try await trail.rows().last { $0.number < number }
                let forged = AuditRow(
                    AuditDraft(kind: .approved), by: trail.log.actorText, at: Timestamp(microseconds: 0),
                    after: before.map { AuditHead(number: $0.number, hash: $0.hash) })
                try await trail.append(forged)
                expected = AuditProblem(number: number + 1, kind: .moved(from: number))
            case 5:
                // Edited, its own hash made right, the rest left.
                let row = try await trail.rows()[Int(number) - 1]
                try await trail.run(.delete, number)
                var forged = row
                forged.subject = "forged"
                forged.hash = forged.expectedHash(as: number)
                try await trail.append(forged)
                expected = AuditProblem(number: number + 1, kind: .unlinked)
            case 6:
                // Behind the first: the trail never gives such a number.
                var forged = try await trail.rows()[0]
                forged.number = -5
                try await trail.append(forged)
                expected = AuditProblem(number: -5, kind: .foreign)
            case 7:
                try await trail.run(.cut, number + 1)
                expected = AuditProblem(
                    number: last, kind: .cut(to: number), against: String(head.hash.prefix(12)), source: "")
                isSeenAlone = false
            default:
                try await trail.rewrite(from: number) { $0.subject = "forged" }
                expected = AuditProblem(
                    number: last, kind: .rewritten, against: String(head.hash.prefix(12)), source: "")
                isSeenAlone = false
            }
            let alone = try await trail.log.verifyAudit()
            #expect(alone.isSound != isSeenAlone, "seed \(seed), form \(form): \(alone.problems)")
            if isSeenAlone {
                #expect(alone.problems.contains(expected), "seed \(seed), form \(form): \(alone.problems)")
            }
            // The bare hash, as it may have been written down, finds what no chain shows alone.
            let anchors: [AuditChain.Anchor] = [.init(number: head.number, hash: head.hash)]
            let compared = try await trail.log.verifyAudit(against: anchors)
            #expect(!compared.isSound)
            if !isSeenAlone { #expect(compared.problems == [expected], "seed \(seed), form \(form)") }
            if !isSeenAlone { #expect(!(try await trail.log.verifyAudit(against: [.init(hash: head.hash)])).isSound) }
        }
    }

    @Test("every column is under the hash", arguments: edits.indices)
    func coversColumns(index: Int) async throws {
        var random = SeededGenerator(seed: 99)
        let trail = try await Trail(5, using: &random)
        try await trail.run(edits[index], 3)
        #expect(try await trail.log.verifyAudit().problems.map(\.number) == [3])
    }

    @Test("the store refuses to update or delete an entry")
    func isAppendOnly() async throws {
        let store = try Store(directory: TemporaryDirectory.current + "/s", migrations: EngineSchema.migrations)
        let log = RunLog(store: store, clock: .system, actor: TaskHarness.requester)
        try await log.noteSigned("x", target: .estate, detail: [:])
        for statement in [Tamper.delete, .subject] {
            await #expect {
                try await store.write { try $0.run(statement, ["number": Int64(1)]) }
            } throws: { "\($0)".contains("audit is append-only") }
        }
        #expect(try await log.verifyAudit().isSound)
    }

    @Test("two writers at once make one chain")
    func doesNotFork() async throws {
        let directory = TemporaryDirectory.current + "/s"
        let logs = try (0..<2).map { number in
            RunLog(
                store: try Store(directory: directory, migrations: EngineSchema.migrations), clock: .system,
                actor: Requester(user: "u\(number)", host: "h", processID: Int32(number)))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for log in logs {
                for number in 0..<150 {
                    group.addTask { try await log.noteSigned("\(number)", target: .estate, detail: [:]) }
                }
            }
            try await group.waitForAll()
        }
        let verdict = try await logs[0].verifyAudit()
        #expect(verdict.isSound && verdict.entries == 300, "\(verdict.problems)")
    }

    @Test("what cannot be told to the trail does not happen")
    func sharesTheCommit() async throws {
        let store = try Store(directory: TemporaryDirectory.current + "/s", migrations: EngineSchema.migrations)
        let log = RunLog(store: store, clock: .system, actor: TaskHarness.requester)
        try await store.write { try $0.run(Tamper.refuse) }
        let run = RunRecord(
            id: "r", name: "db.update-stats", isRoutine: false, isDryRun: false, environments: [], state: .running,
            requester: TaskHarness.requester, startedAt: Timestamp(microseconds: 0))
        await #expect(throws: StoreError.self) { try await log.begin(run, steps: [], audit: RunAudit(tasks: ["x"])) }
        #expect(try await log.recentRuns(most: 1).isEmpty)
    }

    @Test(
        "a head is found in whatever text it was kept in",
        arguments: [
            ("x audit:12:\(String(repeating: "a", count: 64))</code>", 1),
            ("sha256:\(String(repeating: "a", count: 64))", 0),
            ("audit:12:\(String(repeating: "a", count: 65))", 0), ("audit:x:\(String(repeating: "a", count: 64))", 0),
            ("\"audit:1:\(String(repeating: "0", count: 64))\" audit:2:\(String(repeating: "f", count: 64))", 2),
        ])
    func readsHeads(text: String, count: Int) {
        let heads = AuditHead.all(in: text)
        #expect(heads.count == count)
        for head in heads { #expect(text.contains(head.description)) }
    }
}
