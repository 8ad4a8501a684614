import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// What a crash in the middle of a backup leaves behind: the real program, ended by SIGKILL.
@Suite("crashes of backups", .temporaryDirectory, .cluster, .timeLimit(.minutes(4)))
struct BackupCrashTests {
    private let program = Program()
    private var folder: String { "\(TemporaryDirectory.current)/state/backups/test/main" }

    private func prepare(rows: Int) async throws {
        try await TestDatabase.current.connect(.unlimited()) { connection in
            try await connection.execute(
                "create table t as select n, md5(n::text) as t from generate_series(1, \(rows)::int) n")
        }
        try program.configureTestDatabase()
    }

    /// All names, hidden ones too, sorted.
    private func listing() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("a backup that was killed anywhere is there once and whole after resume", arguments: CrashTests.points)
    func points(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try await prepare(rows: 100)
        #expect(try await program.run("backup", "run").exitCode == 0)
        let old = try listing()
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        #expect(try await dying.run("backup", "run").status == .signalled(SIGKILL))
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        let all = try listing()
        #expect(all.count == 2)
        #expect(all.first == old.first)
    }

    @Test("one that is killed while pg_dump writes is never listed, and nothing of it stays")
    func midway() async throws {
        try await prepare(rows: 1_500_000)
        async let running = program.run("backup", "run")
        try await eventually("pg_dump writes") { try isUnderWay() }
        #expect(kill(try processOfTheProgram(), SIGKILL) == 0)
        #expect(try await running.status == .signalled(SIGKILL))
        #expect(try listing().allSatisfy { $0.hasSuffix(".partial") })
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        let all = try listing()
        #expect(all.count == 1 && !all[0].hasPrefix("."), "\(all)")
        let sessions = try await TestDatabase.current.connect { connection in
            try await connection.query(
                """
                select count(*) as n from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                """
            ).only["n", as: Int.self]
        }
        #expect(sessions == 0)
    }

    /// Whether a file of the dump has been compressed in part.
    private func isUnderWay() throws -> Bool {
        guard let name = try? listing().first else { return false }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)/database")) ?? []
        return files.contains { file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)/database/\(file)")
            return (attributes?[.size] as? Int ?? 0) > 100_000
        }
    }
}

/// The one whose environment names this test's state.
func processOfTheProgram() throws -> Int32 {
    let mark = Data("MAINSTAY_STATE=\(TemporaryDirectory.current)/state".utf8)
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
    return try #require(
        processes.first { process in
            FileManager.default.contents(atPath: "/proc/\(process)/environ")?.range(of: mark) != nil
        })
}
