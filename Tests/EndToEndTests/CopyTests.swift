import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Copies in restic repositories as their user sees them: real backups, real repositories, the real program.
@Suite("backup copy from end to end", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct CopyTests {
    private let estate = StorageEstate()

    @Test("a copy is made, looked at, listed, and not made twice")
    func copies() async throws {
        try await estate.prepare(more: "price: 1000000 EUR")
        let dry = try await estate.run("backup", "copy", "--dry-run")
        #expect(dry.exitCode == 0, "\(dry.errors)\(dry.output)")
        #expect(dry.output.contains("restic backup --json --tag backup="), "\(dry.output)")
        #expect(!FileManager.default.fileExists(atPath: estate.repository))
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        let snapshots = try await estate.restic("snapshots", "--json")
        #expect(snapshots.output.contains("backup=\(try estate.backups()[0])"), "\(snapshots.output)")
        let listed = try await estate.run("backup", "list", "--format", "csv")
        #expect(listed.output.contains(",offsite"), "\(listed.output)")
        let shown = try await estate.run("backup", "show")
        #expect(shown.output.contains("copy in 'offsite'"), "\(shown.output)")
        let page = "\(estate.program.directory)/report.md"
        let report = try await estate.run("report", "backup", "--as", "markdown", "--output", page)
        #expect(report.exitCode == 0, "\(report.errors)\(report.output)")
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.contains(#/offsite.*1000000 EUR \| [0-9]+\.[0-9]{2} EUR/#), "\(text)")
        let again = try await estate.run("backup", "copy")
        #expect(again.exitCode == 0 && !again.output.contains("restic backup"), "\(again.errors)\(again.output)")
        #expect(try await estate.snapshotCount() == 1)
    }

    @Test("what lies in the repository restores with PostgreSQL's own programs, and is what was dumped")
    func restoresByHand() async throws {
        try await estate.prepare()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        let target = "\(TemporaryDirectory.current)/out"
        #expect(try await estate.restic("restore", "latest", "--target", target).exitCode == 0)
        let copy = "\(target)/test/main/\(try estate.backups()[0])"
        let dump = try await estate.program.shell(
            "pg_restore -f - '\(copy)/database' | grep -cE '^[0-9]+[[:space:]][0-9a-f]{32}'")
        #expect((Int(dump.output.trimmingWhitespace()) ?? 0) >= 5_000, "\(dump.errors)")
        let instructions = try String(contentsOfFile: "\(copy)/RESTORE.txt", encoding: .utf8)
        #expect(!instructions.contains("zstd"))
    }

    @Test("neither password nor credentials reach an argument, the state or what is printed")
    func secrets() async throws {
        try await estate.prepare(more: "environment: {AWS_SECRET_ACCESS_KEY: \"hidden-credential\"}")
        let copied = try await estate.run("backup", "copy", "--format", "json")
        #expect(copied.exitCode == 0, "\(copied.errors)")
        let shown = try await estate.run("config", "show")
        for text in [copied.output, copied.errors, shown.output] {
            #expect(!text.contains(StorageEstate.password) && !text.contains("hidden-credential"), "\(text)")
        }
        let found = try await estate.program.shell(
            "grep -rl -e \(StorageEstate.password) -e hidden-credential '\(estate.program.directory)/state' | wc -l")
        #expect(found.output.trimmingWhitespace() == "0")
    }

    @Test("killed anywhere, no half copy is listed, and resume ends it", arguments: FileCrashTests.points)
    func points(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try await estate.prepare()
        var dying = estate.program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        #expect(try await dying.run("backup", "copy").status == .signalled(9))
        let resumed = try await estate.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try await estate.snapshotCount() == 1)
        let listed = try await estate.run("backup", "list", "--format", "csv")
        #expect(listed.output.contains(",offsite"), "\(listed.output)")
    }
}
