import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// What copies are for: the directory of the backups is gone, and everything comes back out of a repository.
@Suite("copies come back", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct FetchTests {
    private let estate = StorageEstate()

    private func copied() async throws {
        try await estate.prepare()
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
    }

    @Test("a copy is fetched and proved as any backup is, and what is proved is the copy")
    func verifies() async throws {
        try await copied()
        let proved = try await estate.run("backup", "verify", "--from", "offsite")
        #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
        let listed = try await estate.run("backup", "list", "--format", "json")
        #expect(listed.output.contains("\"verdict\":\"proved\"") || listed.output.contains("\"verdict\" : \"proved\""))
        let left = try FileManager.default.contentsOfDirectory(atPath: TestClusters.directory)
        #expect(left.filter { $0.hasPrefix("fetched-") || $0.hasPrefix("copying-") } == [])
    }

    @Test("the directory is gone: fetch brings the backup back, verify proves it, restore restores it")
    func fetches() async throws {
        try await copied()
        let id = try estate.backups()[0]
        try FileManager.default.removeItem(atPath: estate.folder)
        let fetched = try await estate.run("backup", "fetch", "--from", "offsite")
        #expect(fetched.exitCode == 0, "\(fetched.errors)\(fetched.output)")
        #expect(try estate.backups() == [id])
        let proved = try await estate.run("backup", "verify")
        #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
        let restored = try await estate.run("backup", "restore", "--environment", "test", "--as", "again", "--yes")
        #expect(restored.exitCode == 0, "\(restored.errors)\(restored.output)")
        let again = try await estate.run("backup", "fetch", "--from", "offsite")
        #expect(again.exitCode == 0 && !again.output.contains("restic restore"))
    }

    @Test("killed anywhere while it fetches, no half backup is listed", arguments: FileCrashTests.points)
    func killed(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try await copied()
        try FileManager.default.removeItem(atPath: estate.folder)
        var dying = estate.program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        #expect(try await dying.run("backup", "fetch").status == .signalled(9))
        let listed = try await estate.run("backup", "list", "--format", "csv")
        #expect(listed.exitCode == 0 && !listed.output.contains(",bad"), "\(listed.output)")
        let resumed = try await estate.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try estate.backups().count == 1)
    }

    @Test("the guides' spelling compares the copy with the backup, and reads another part of all data each time")
    func compares() async throws {
        try await copied()
        for part in 1...3 {
            let compared = try await estate.run("maintenance:weekly:cross-region-backup", "--parts=2")
            #expect(compared.exitCode == 0, "\(compared.errors)\(compared.output)")
            let state = "\(estate.program.directory)/state/storages/offsite/reading.json"
            let text = try String(contentsOfFile: state, encoding: .utf8)
            #expect(text.contains("\"part\":\((part - 1) % 2 + 1)"), "\(text)")
        }
        try await estate.backUp()
        let missing = try await estate.run("backup", "cross-region")
        #expect(missing.output.contains("BK006"), "\(missing.output)")
        #expect(missing.exitCode != 0)
    }
}
