import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Pruning as its user sees it, and what a crash in its middle leaves behind: real backups, the real program.
@Suite("backup prune from end to end", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct PruneBackupsEndToEndTests {
    private let program = Program()
    private var folder: String { "\(TemporaryDirectory.current)/state/backups/test/main" }

    /// Three backups, the newest of them proved by its policy and not by an option; the name of that one.
    private func prepare() async throws -> String {
        try await TestDatabase.current.run("create table t as select n from generate_series(1, 100) n")
        try program.configureTestDatabase()
        for _ in 0..<2 { #expect(try await program.run("backup", "run").exitCode == 0) }
        try program.configureTestDatabase(
            "backups: {work: \"\(TestClusters.directory)\", keep: {last: 1}, verification: true}")
        let proved = try await program.run("backup", "run")
        #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
        #expect(try whole().count == 3)
        return String(try #require(try names().first { $0.hasSuffix(".certificate.json") }).prefix { $0 != "." })
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    private func whole() throws -> [String] { try names().filter { !$0.contains(".") } }

    @Test("the dry run says what becomes of each, a run by its digest does exactly that, and a restore still works")
    func prunes() async throws {
        let newest = try await prepare()
        let dry = try await program.run("backup", "prune", "--dry-run")
        #expect(dry.exitCode == 0)
        #expect(dry.output.contains("goes: no 'keep' rule chooses it"), "\(dry.output)")
        #expect(dry.output.contains("kept: newest proved; minimum; last 1"), "\(dry.output)")
        #expect(try whole().count == 3)
        let digest = try #require(dry.output.split(separator: "\n").first { $0.hasPrefix("plan ") }).dropFirst(5)
        let done = try await program.run("backup", "prune", "--plan", String(digest))
        #expect(done.exitCode == 0, "\(done.errors)\(done.output)")
        #expect(try whole() == [newest])
        let again = try await program.run("backup", "verify")
        #expect(again.exitCode == 0, "\(again.errors)\(again.output)")
    }

    @Test("killed anywhere, nothing half is listed, and resume ends it", arguments: FileCrashTests.points)
    func points(state: ChangeState, moment: JournalObserver.Moment) async throws {
        let newest = try await prepare()
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        #expect(try await dying.run("backup", "prune").status == .signalled(SIGKILL))
        let listed = try await program.run("backup", "list", "--format", "csv")
        #expect(listed.exitCode == 0 && !listed.output.contains(",bad"), "\(listed.output)")
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try whole() == [newest])
        let left = try names()
        #expect(left.filter { !$0.hasPrefix(newest) } == [])
    }
}
