import Foundation
import MaintenanceTesting
import Testing

/// What becomes of copies later: when the policy lets them go, the key changes, or one of them is found wrong.
@Suite("copies, later", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct CopyLifeTests {
    private func copied(_ estate: StorageEstate) async throws {
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
    }

    @Test("a copy goes only behind a newer one that is proved, and the newest proved one stays")
    func prunes() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        try await copied(estate)
        try estate.configure(backups: "  keep: { last: 1 }")
        try await estate.backUp()
        try await copied(estate)
        #expect(try await estate.snapshotCount() == 2)
        let newest = try #require(try estate.backups().first)

        let unproved = try await estate.run("backup", "prune-copies")
        #expect(unproved.exitCode == 0, "\(unproved.errors)\(unproved.output)")
        #expect(try await estate.snapshotCount() == 2, "no copy is proved")

        #expect(try await estate.run("backup", "verify").exitCode == 0)
        let receipt = "\(estate.folder)/\(newest).copy-offsite.json"
        let seen = try Data(contentsOf: URL(fileURLWithPath: receipt))
        try FileManager.default.removeItem(atPath: receipt)
        #expect(try await estate.run("backup", "prune-copies").exitCode == 0)
        #expect(try await estate.snapshotCount() == 2, "the backup is proved, and nobody has seen its copy")

        try seen.write(to: URL(fileURLWithPath: receipt))
        let pruned = try await estate.run("backup", "prune-copies")
        #expect(pruned.exitCode == 0, "\(pruned.errors)\(pruned.output)")
        let left = try await estate.restic("snapshots", "--json", "--no-lock").output
        #expect(left.contains("backup=\(newest)"), "\(left)")
        #expect(try await estate.snapshotCount() == 1)
        #expect(try await estate.run("backup", "verify", "--from", "offsite").exitCode == 0)
    }

    @Test("when the backup key has changed, copies of before are still believed; the repository may be a link")
    func changesKeys() async throws {
        var estate = StorageEstate()
        let place = "\(TemporaryDirectory.current)/volume"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        estate.repository = "\(TemporaryDirectory.current)/link"
        try FileManager.default.createSymbolicLink(atPath: estate.repository, withDestinationPath: place)
        try await estate.prepare()
        try await copied(estate)
        let state = "\(estate.program.directory)/state"
        try FileManager.default.moveItem(atPath: "\(state)/backup.key", toPath: "\(state)/backup.key.old")
        try estate.configure(backups: "  former-keys: [\(state)/backup.key.old]")
        try await estate.backUp()
        try await copied(estate)
        #expect(try await estate.snapshotCount() == 2, "one copy of each, and none twice")
        for command in [["verify", "--from", "offsite", "--all"], ["cross-region"], ["copy"]] {
            let done = try await estate.program.shell("mainstay backup " + command.joined(separator: " "))
            #expect(done.exitCode == 0, "\(command): \(done.errors)\(done.output)")
        }
        let health = try await estate.run("health", "check", "--check", "backup.age")
        #expect(!health.output.contains("was signed with the key"), "\(health.output)")
        #expect(try await estate.snapshotCount() == 2)
    }

    @Test("a copy found wrong counts as unseen, and the next copy takes its place before it goes")
    func isMended() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        try await copied(estate)
        try await estate.replace { try FileManager.default.removeItem(atPath: "\($0)/roles.sql") }
        #expect(try await estate.run("backup", "list", "--format", "csv").output.contains(",offsite"))
        let compared = try await estate.run("backup", "cross-region")
        #expect(compared.exitCode != 0 && compared.output.contains("is missing"), "\(compared.output)")
        #expect(try await !estate.run("backup", "list", "--format", "csv").output.contains(",offsite"))
        #expect(try await estate.snapshotCount() == 1, "a bad copy is better than none")
        try await copied(estate)
        #expect(try await estate.snapshotCount() == 1)
        #expect(try await estate.run("backup", "cross-region").exitCode == 0)
        #expect(try await estate.run("backup", "list", "--format", "csv").output.contains(",offsite"))
    }
}
