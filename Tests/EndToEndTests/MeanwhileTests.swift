import Backup
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// What happens around a backup while it is taken or proved: its server restarts, a second one begins, its log cannot be
/// archived.
@Suite("backups while other things happen", .temporaryDirectory, .timeLimit(.minutes(4)))
struct MeanwhileTests {
    private let program = Program()
    private var folder: String { "\(program.directory)/state/backups/test/main" }

    private func configure(_ estate: PhysicalEstate, _ more: String = "") throws {
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                    backups: { physical: { stanza: shop, configuration: \(estate.configuration) } }
            backups:
              work: \(estate.work)
            \(more)
            """)
    }

    private func backups() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { BackupID($0) != nil }.sorted()
    }

    private func restart(_ estate: PhysicalEstate) async throws {
        try await estate.cluster.stop(.immediate)
        try await estate.cluster.start()
    }

    @Test("a server that restarts in the middle of a backup leaves none, and the next one is whole")
    func restartsUnderBackup() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table t as select g, md5(g::text) as h from generate_series(1, 1500000) g")
            try configure(estate)
            async let running = program.run("backup", "run")
            try await eventually("pg_dump reads") {
                try await estate.connect { connection in
                    try await connection.query("select from pg_stat_activity where query like 'COPY %'").count
                } > 0
            }
            try await restart(estate)
            let ended = try await running
            let said = "\(ended.errors)\(ended.output)".inOneLine
            #expect([1, 5].contains(ended.exitCode), "\(said)")
            #expect(said.contains("connection") || said.contains("terminat") || said.contains("shut"), "\(said)")
            #expect(backups() == [])
            let listed = try await program.run("backup", "list", "--format", "csv")
            #expect(!listed.output.contains("main,2"), "\(listed.output)")
            let next = try await program.run("backup", "run")
            #expect(next.exitCode == 0, "\(next.errors)\(next.output)")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".partial") }
            #expect(backups().count == 1 && left == [], "\(left)")
        }
    }

    @Test("a server that restarts in the middle of a proof changes nothing about it, logical or physical")
    func restartsUnderProof() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table t as select g, md5(g::text) as h from generate_series(1, 200000) g")
            try configure(estate)
            #expect(try await program.run("backup", "run").exitCode == 0)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let known = Set(try FileManager.default.contentsOfDirectory(atPath: estate.work))
            for words in [["backup", "verify", "--backup", backups()[0]], ["backup", "verify", "--physical"]] {
                async let running = Programs(environment: [:]).run(program.command(words))
                try await eventually("a private server is made") {
                    !Set(try FileManager.default.contentsOfDirectory(atPath: estate.work)).subtracting(known).isEmpty
                }
                try await restart(estate)
                let ended = try await running
                #expect(ended.isSuccess, "\(words): \(ended.errorOutput.text)\(ended.output.text)")
            }
            let listed = try await program.run("backup", "list")
            #expect(!listed.output.contains("refuted") && listed.output.contains("proved"), "\(listed.output)")
        }
    }

    @Test("a server that restarts under pgBackRest leaves no half backup, and the next one is whole and proved")
    func restartsUnderPhysical() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table t as select g, md5(g::text) as t from generate_series(1, 2500000) g")
            try configure(estate)
            async let running = program.run("backup", "run", "--type", "full")
            try await eventually("pgBackRest works") { try await estate.engine().info().isBusy }
            try await restart(estate)
            let ended = try await running
            let there = try await estate.engine().info().backups.count
            // It may have had all it needs of the server.
            #expect(there == (ended.exitCode == 0 ? 1 : 0), "\(ended.errors)\(ended.output)")
            let next = try await program.run("backup", "run", "--type", "full", "--prove")
            #expect(next.exitCode == 0, "\(next.errors)\(next.output)")
        }
    }

    @Test("two backups begun at once are two whole ones, or one and a clear word")
    func twice() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            try configure(estate)
            for words in [["backup", "run"], ["backup", "run", "--type", "full"]] {
                async let one = Programs(environment: [:]).run(program.command(words))
                async let other = Programs(environment: [:]).run(program.command(words))
                let results = try await [one, other]
                #expect(results.contains { $0.isSuccess }, "\(results.map(\.errorOutput.text))")
                for result in results where !result.isSuccess {
                    let said = "\(result.errorOutput.text)\(result.output.text)".inOneLine
                    #expect(
                        said.contains("already") || said.contains("lock") || said.contains("is working on"), "\(said)")
                }
            }
            #expect(try await program.run("backup", "verify", "--all").exitCode == 0)
        }
    }

    @Test("a log that cannot be archived is a finding with since when, how much waits and when the disk is full")
    func archiveFails() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.archive()
            try configure(estate, "checks: {backup.wal: {warning: 1s, critical: 1h, retries: 0}}")
            let well = try await program.run("health", "check", "--check", "backup.wal")
            #expect(well.exitCode == 0 && !well.output.contains("HC046"), "\(well.output)")
            try await estate.sql("alter system set archive_command = 'false'")
            try await estate.sql("select pg_reload_conf()")
            try await estate.sql("create table t as select g from generate_series(1, 100000) g; select pg_switch_wal()")
            try await eventually("archiving fails") {
                try await estate.connect { connection in
                    try await ArchiverState.read { try await connection.query($0.sql) }
                }.isFailing
            }
            let known = try await estate.connect { connection in
                try await connection.query("select last_archived_time as at from pg_stat_archiver").only[
                    "at", as: Timestamp.self]
            }
            try await eventually("it has failed for a second") {
                try await estate.connect { connection in
                    try await connection.query("select clock_timestamp() as now").only["now", as: Timestamp.self]
                } - known > .seconds(2)
            }
            let failing = try await program.run("health", "check", "--check", "backup.wal", "--fail-on", "warning")
            let said = failing.output.inOneLine
            #expect(failing.exitCode == 3 && said.contains("HC046"), "\(said)")
            for words in ["archiving has failed for", String("since \(known)".prefix(20)), "of log wait", "are free"] {
                #expect(said.contains(words), "\(words): \(said)")
            }
            let found = try await program.run("findings", "--format", "csv")
            #expect(found.output.contains("HC046"), "\(found.output)")
        }
    }
}
