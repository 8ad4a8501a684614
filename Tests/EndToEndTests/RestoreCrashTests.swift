import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// What a crash in the middle of a restore leaves behind: the real program, ended by SIGKILL.
@Suite("crashes of restores", .temporaryDirectory, .cluster, .timeLimit(.minutes(8)))
struct RestoreCrashTests {
    static let faults = CrashTests.points.flatMap { state, moment in
        ["restore", "replace"].map { "kill:\(state.rawValue):\(moment.rawValue):\($0)" }
    }

    @Test("killed anywhere, the database is the old one or the restored one, and resume ends it", arguments: faults)
    func points(fault: String) async throws {
        let estate = RestoreEstate()
        try await estate.after {
            var dying = estate.program
            dying.environment["MAINSTAY_FAULT"] = fault
            let killed = try await dying.run("backup", "restore", "--to", "environment")
            #expect(killed.status == .signalled(SIGKILL), "\(killed.output)\(killed.errors)")
            #expect([500, 1_000].contains(try await estate.orders(in: estate.name)))
            let resumed = try await estate.program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            try await expectDone(estate)
        }
    }

    private func expectDone(_ estate: RestoreEstate) async throws {
        let names = try await estate.names()
        #expect(names.count == 2, "\(names)")
        #expect(try await estate.orders(in: estate.name) == 1_000)
        let kept = try #require(names.first { $0.contains("_before_") })
        #expect(try await estate.orders(in: kept) == 500)
        #expect(!FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/state/restores/test/main/work"))
    }

    @Test("killed while pg_restore works, nothing of the half made database stays after resume")
    func midway() async throws {
        let estate = RestoreEstate()
        try await TestDatabase.current.run(
            "create table large as select n, md5(n::text) as t from generate_series(1, 1000000) n")
        try await estate.after {
            async let running = Programs(environment: [:]).run(
                estate.program.command(["backup", "restore", "--to", "environment"]))
            try await eventually("pg_restore fills the table") { try await isFilling(estate) }
            #expect(kill(try processOfTheProgram(), SIGKILL) == 0)
            #expect(try await running.termination == .signalled(SIGKILL))
            #expect(try await estate.names().contains { $0.hasPrefix("mainstay_restore_") })
            #expect(try await estate.orders(in: estate.name) == 500)
            let resumed = try await estate.program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            try await expectDone(estate)
        }
    }

    @Test("what a run left that nobody resumes is dropped by the next restore, and what is not ours stays")
    func leftover() async throws {
        let estate = RestoreEstate()
        try await TestDatabase.current.run(
            "create table large as select n, md5(n::text) as t from generate_series(1, 1000000) n")
        try await estate.after {
            let stranger = "mainstay_restore_20200101-000000-abcde_1"
            try await estate.server { try await $0.execute("create database \(identifier: stranger)") }
            async let running = Programs(environment: [:]).run(estate.program.command(["backup", "restore"]))
            try await eventually("pg_restore fills the table") { try await isFilling(estate) }
            #expect(kill(try processOfTheProgram(), SIGKILL) == 0)
            _ = try await running
            let half = try #require(try await estate.names().first { $0.hasPrefix("mainstay_restore_") })
            let next = try await estate.program.run("backup", "restore")
            #expect(next.exitCode == 0, "\(next.errors)\(next.output)")
            let names = try await estate.names()
            #expect(!names.contains(half) && names.count == 2, "\(names)")
            let stays = try await estate.server { connection in
                try await connection.query("select from pg_database where datname = \(stranger)").count
            }
            #expect(stays == 1)
            try await estate.drop(stranger)
        }
    }

    /// Other tests restore in the same server.
    private func isFilling(_ estate: RestoreEstate) async throws -> Bool {
        guard let half = try await estate.names().first(where: { $0.hasPrefix("mainstay_restore_") }) else {
            return false
        }
        return try await estate.server { connection in
            let rows = try await connection.query(
                """
                select from pg_stat_activity where datname = \(half) and query like 'COPY %' and state = 'active'
                """)
            return !rows.isEmpty
        }
    }
}
