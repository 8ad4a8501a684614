import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Backup
@testable import Backups

@Suite("backup prune", .temporaryDirectory)
struct PruneBackupsTests {
    private func shelf(
        retention: String? = "90d", minimum: Int? = nil, keep: ((inout BackupKeep) -> Void)? = nil
    ) throws -> MadeShelf {
        try MadeShelf { policy in
            let place = SourceLocation(file: "mainstay.yaml", line: 9, column: 14)
            policy.retention = try retention.map { Written(try #require(Period($0)), at: place) }
            policy.minimum = minimum.map { Written($0, at: place) }
            if let keep {
                var rules = BackupKeep()
                keep(&rules)
                policy.keep = Written(rules, at: place)
            }
        }
    }

    @Test("what the policy does not keep goes, as the dry run says item by item, and nothing else is touched")
    func removes() async throws {
        let shelf = try shelf()
        let oldest = try shelf.add(age: 200, .expired)
        let old = try shelf.add(age: 91, .refuted)
        let young = try shelf.add(age: 89)
        let proved = try shelf.add(age: 1, .proved)
        let before = try shelf.names()
        let dry = try await shelf.prune(isDryRun: true)
        #expect(try shelf.names() == before)
        let plan = try #require(dry.plans.first)
        #expect(plan.changes.map(\.object) == [oldest, old].map(\.description))
        #expect(plan.changes.map(\.reason) == ["older than 90d", "its proof failed, older than 90d"])
        #expect(plan.changes.allSatisfy { $0.authority == "mainstay.yaml:9:14" && $0.effect == .destroys })
        let rows = try #require(dry.listing("Backups of live/main")).rows.map { "\($0[0]) \($0[2]) \($0[3])" }
        #expect(
            rows == [
                "\(proved) proved kept: newest proved; minimum; younger than 90d",
                "\(young) none kept: younger than 90d",
                "\(old) refuted goes: its proof failed, older than 90d", "\(oldest) expired goes: older than 90d",
            ])

        let summary = try await shelf.prune()
        #expect(summary.run.state == .succeeded, "\(summary.changes.compactMap(\.error?.problem))")
        #expect(summary.changes.map(\.state) == [.proved, .proved])
        #expect(summary.changes.last?.evidence?["others"] == 2)
        #expect(
            try shelf.names()
                == before.filter { name in
                    ![oldest, old].contains { name.hasPrefix($0.description) }
                })
        #expect(try await shelf.prune().changes.isEmpty)
    }

    @Test("nothing goes where no proof counts, and that is a finding that ends with the next proof")
    func needsProof() async throws {
        let shelf = try shelf(retention: "7d")
        let old = try shelf.add(age: 30, .expired)
        try shelf.add(age: 20)
        try shelf.add(age: 1, .expired)
        let summary = try await shelf.prune()
        #expect(summary.changes.isEmpty)
        let finding = try #require(summary.findings("BK003").first)
        #expect(
            finding.summary
                == "2 backups stay that the policy does not keep, because no newer one has a proof that counts")
        #expect(finding.evidence["oldest"] == .text(old.description))
        #expect(finding.mend == "mainstay backup verify")
        try shelf.add(age: 0, .proved)
        let proved = try await shelf.prune()
        #expect(proved.changes.map(\.state) == [.proved, .proved])
        #expect(proved.findings.isEmpty)
        #expect(try await shelf.harness().log.openFindings().isEmpty)
    }

    @Test("a proof of an older backup lets nothing go that is newer")
    func provedIsOlder() async throws {
        let shelf = try shelf(retention: "7d")
        let first = try shelf.add(age: 40)
        let proved = try shelf.add(age: 30, .proved)
        let newer = try shelf.add(age: 20)
        let newest = try shelf.add(age: 10)
        let summary = try await shelf.prune()
        #expect(summary.changes.map(\.change.object) == [first.description])
        #expect(try shelf.ids() == [proved, newer, newest])
    }

    @Test("a backup nobody can judge is neither removed nor counted, and is a finding")
    func keepsUnknown() async throws {
        let shelf = try shelf(retention: nil) { $0.last = 1 }
        let altered = try shelf.add(age: 50)
        let cut = try shelf.add(age: 40)
        let old = try shelf.add(age: 30)
        let good = try shelf.add(age: 2, .proved)
        let badProof = try shelf.add(age: 1, .proved)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(shelf.folder.path(of: altered))/manifest.json"))
        try FileManager.default.removeItem(atPath: "\(shelf.folder.path(of: cut))/signature.json")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: shelf.folder.certificatePath(of: badProof)))
        let summary = try await shelf.prune()
        #expect(summary.changes.map(\.change.object) == [old.description])
        #expect(try shelf.ids() == [altered, cut, good, badProof])
        #expect(
            Set(summary.findings("BK002").compactMap(\.object)) == Set([altered, cut, badProof].map(\.description)))
    }

    @Test("a newest proved backup that lacks a file proves nothing any more")
    func notWhole() async throws {
        let shelf = try shelf(retention: "7d")
        try shelf.add(age: 31)
        try shelf.add(age: 30)
        let proved = try shelf.add(age: 1, .proved)
        try Data().write(to: URL(fileURLWithPath: "\(shelf.folder.path(of: proved))/database/3001.dat.zst"))
        let summary = try await shelf.prune()
        #expect(summary.changes.isEmpty)
        #expect(summary.findings("BK002").map(\.object) == [proved.description])
        #expect(summary.findings("BK002").first?.summary.contains("'database/3001.dat.zst'") == true)
        #expect(summary.findings("BK003").count == 1)
    }

    @Test("without a policy everything stays, and a folder that was never used is no trouble")
    func noPolicy() async throws {
        let shelf = try shelf(retention: nil)
        #expect(try await shelf.prune().run.state == .succeeded)
        try shelf.add(age: 5_000)
        try shelf.add(age: 1, .proved)
        let summary = try await shelf.prune()
        #expect(summary.changes.isEmpty && summary.findings.isEmpty)
        #expect(summary.step.observation?.evidence["policy"] == "none: all backups stay")
    }

    @Test("backups without the key that signed them fail the step, and stay")
    func noKey() async throws {
        let shelf = try shelf()
        try shelf.add(age: 200)
        try shelf.add(age: 1, .proved)
        try FileManager.default.removeItem(atPath: "\(shelf.state)/backup.key")
        let summary = try await shelf.prune()
        #expect(summary.step.error?.code == "backup.key")
        #expect(try shelf.ids().count == 2)
    }

    @Test("a plan whose proof has ended when it starts is refused, and everything stays")
    func proofEnds() async throws {
        let shelf = try shelf()
        try shelf.add(age: 200)
        let proved = try shelf.add(age: 1, .proved)
        let harness = try shelf.harness()
        let dry = try await harness.run("backup prune", isDryRun: true)
        let digest = try #require(dry.plans.first).digest
        try FileManager.default.removeItem(atPath: shelf.folder.certificatePath(of: proved))
        await #expect(throws: EngineError.self) {
            try await harness.run("backup prune", planDigest: digest, confirm: { _ in true })
        }
        #expect(try shelf.ids().count == 2)
    }

    @Test("each removal asks again whether what all hangs on is still there")
    func asksAgain() async throws {
        let shelf = try shelf()
        let first = try shelf.add(age: 200)
        let second = try shelf.add(age: 199)
        let certificate = shelf.folder.certificatePath(of: try shelf.add(age: 1, .proved))
        let observer = JournalObserver { _, state, moment in
            guard state == .proved, moment == .afterWrite else { return }
            #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: certificate) }
        }
        let summary = try await shelf.harness(observer).run("backup prune", confirm: { _ in true })
        #expect(summary.changes.map(\.change.object) == [first, second].map(\.description))
        #expect(summary.changes.map(\.state) == [.proved, .refused])
        #expect(summary.changes.last?.error?.problem.contains("no newer one is proved") == true)
        #expect(try shelf.ids().contains(second))
    }

    @Test("what an interrupted removal left is never listed, and goes with the next run", arguments: 0...3)
    func clearsUp(lost: Int) async throws {
        let shelf = try shelf()
        let old = try shelf.add(age: 200)
        let proved = try shelf.add(age: 1, .proved)
        try shelf.beginRemoval(of: old)
        let left = "\(shelf.folder.path)/.\(old).removed"
        for file in ["manifest.json", "roles.sql", "database"].prefix(lost) {
            try FileManager.default.removeItem(atPath: "\(left)/\(file)")
        }
        #expect(try shelf.ids() == [proved])
        let summary = try await shelf.prune()
        #expect(summary.changes.map(\.change.id) == ["clear \(old)"])
        #expect(summary.changes.map(\.state) == [.proved])
        #expect(!FileManager.default.fileExists(atPath: left))
        #expect(try shelf.names().allSatisfy { $0.hasPrefix(proved.description) })
    }

    @Test("at most a hundred go in one run, the oldest first")
    func isBounded() async throws {
        let shelf = try shelf()
        let ids = try (0..<103).map { try shelf.add(age: 400 - Double($0)) }
        try shelf.add(age: 0, .proved)
        let plan = try #require(try await shelf.prune(isDryRun: true).plans.first)
        #expect(plan.changes.map(\.object) == ids.prefix(100).map(\.description))
    }
}

@Suite("removing a backup", .temporaryDirectory)
struct BackupRemovalTests {
    @Test("another directory of the same name stays, and so does one while a backup is taken")
    func refusesOthers() throws {
        let shelf = try MadeShelf()
        let id = try shelf.add(age: 1)
        guard case .whole(let seen) = try shelf.folder.presence(of: id) else {
            Issue.record("it is not there")
            return
        }
        let lock = try SafeDirectory(shelf.folder.path).lock()
        #expect(throws: FileError.self) { try shelf.folder.remove(id, seen: seen, .init()) }
        lock.release()
        let other = FileIdentity(device: seen.device, inode: seen.inode + 1)
        #expect(throws: FileError.changed(path: shelf.folder.path(of: id))) {
            try shelf.folder.remove(id, seen: other, .init())
        }
        #expect(try shelf.ids() == [id])
        try shelf.folder.remove(id, seen: seen, .init())
        #expect(try shelf.folder.isGone(id))
        try shelf.folder.remove(id, seen: seen, .init())
    }

    @Test("a link inside goes, and what it leads to stays")
    func followsNoLinks() throws {
        let shelf = try MadeShelf()
        let id = try shelf.add(age: 1)
        let outside = TemporaryDirectory.current + "/outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(outside)/file"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(shelf.folder.path(of: id))/database/link", withDestinationPath: outside)
        guard case .whole(let seen) = try shelf.folder.presence(of: id) else {
            Issue.record("it is not there")
            return
        }
        try shelf.folder.remove(id, seen: seen, .init())
        #expect(try shelf.folder.isGone(id))
        #expect(FileManager.default.fileExists(atPath: "\(outside)/file"))
    }
}
