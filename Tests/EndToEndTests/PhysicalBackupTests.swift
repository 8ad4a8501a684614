import Backup
import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("physical backups from the command line", .temporaryDirectory, .timeLimit(.minutes(4)))
struct PhysicalBackupTests {
    private func configured(_ estate: PhysicalEstate, _ more: String = "") throws -> Program {
        let program = Program()
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                    backups:
                      physical: { stanza: shop, configuration: \(estate.configuration) }
                      \(more)
            backups:
              work: \(estate.work)
            """)
        return program
    }

    @Test("one is planned, taken, proved, listed and shown; a point in time is tried; a missing segment is found")
    func whole() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let program = try configured(estate)
            let planned = try await program.run("backup", "run", "--type", "full", "--dry-run")
            #expect(planned.exitCode == 0, "\(planned.output)\(planned.errors)")
            #expect(planned.output.contains("--stanza=shop"), "\(planned.output)")
            #expect(planned.output.contains("repo1-retention-full=2"), "\(planned.output)")
            let none = try await program.run("backup", "verify", "--physical")
            #expect(none.exitCode == 1 && none.output.contains("has no backup"), "\(none.output)\(none.errors)")

            let taken = try await program.run("backup", "run", "--type", "full", "--prove")
            #expect(taken.exitCode == 0, "\(taken.output)\(taken.errors)")
            let listed = try await program.run("backup", "list", "--format", "csv")
            let line = try #require(listed.output.split(separator: "\n").last { $0.contains("F,") }, "\(listed.output)")
            #expect(line.contains("proved, 5 of 8"), "\(line)")
            let label = String(try #require(line.split(separator: ",").dropFirst().first))
            let certificates = "\(program.directory)/state/backups/test/main/physical"
            let verified = try await program.shell(
                """
                cd '\(certificates)' && for f in \(label).certificate.json \(label).certificate.html; do
                openssl dgst -sha256 -verify ../../../certificate-*.pub.pem -signature $f.sig $f; done
                """)
            #expect(verified.output == "Verified OK\nVerified OK\n", "\(verified.errors)\(verified.output)")
            let certified = try String(contentsOfFile: "\(certificates)/\(label).certificate.html", encoding: .utf8)
            #expect(certified.contains("Proved: the cluster was restored from this backup"))
            let shown = try await program.run("backup", "show", label)
            #expect(shown.exitCode == 0 && shown.output.contains("heapallindexed"), "\(shown.output)\(shown.errors)")

            // Who has physical backups alone is not told that there are none.
            let ready = try await program.run("dr", "readiness-check", "--format", "json")
            let answers = ready.output
            #expect(!answers.contains("there is no backup"), "\(answers)")
            #expect(answers.contains("the newest physical one"), "\(answers)")
            #expect(answers.contains("\(label), 5 of 8 rungs"), "\(answers)")
            let ages = try await program.run("health", "check", "--check", "backup.age", "--check", "backup.proof")
            #expect(ages.exitCode == 0, "\(ages.output)\(ages.errors)")
            #expect(!ages.output.contains("can be believed"), "\(ages.output)")

            let drill = try await program.run(
                "recovery", "pitr-test", "--for", "500ms", "--every", "20ms", "--seed", "7")
            #expect(drill.exitCode == 0, "\(drill.output)\(drill.errors)")
            let well = try await health(program)
            #expect(well.exitCode == 0, "\(well.output)\(well.errors)")

            _ = try configured(estate, "recovery: { rpo: 1s, rto: 1s }")
            let slow = try await health(program)
            #expect(slow.exitCode == 3 && slow.output.contains("'rpo' is 1.0 s"), "\(slow.output)\(slow.errors)")
            _ = try configured(estate)

            let page = "\(program.directory)/report.md"
            let report = try await program.run("report", "backup", "--as", "markdown", "--output", page)
            #expect(report.exitCode == 0, "\(report.errors)\(report.output)")
            let text = try String(contentsOfFile: page, encoding: .utf8)
            #expect(text.contains("Physical backups and points in time") && text.contains(label), "\(text)")
            #expect(text.contains("Every database has a backup that is proved"), "\(text)")

            try await estate.archive()
            try await estate.archive()
            let segments = "\(estate.repository)/archive/shop/15-1/0000000100000000"
            let names = try FileManager.default.contentsOfDirectory(atPath: segments).filter { $0.contains("-") }
                .sorted()
            let missing = names[names.count - 2]
            try FileManager.default.removeItem(atPath: "\(segments)/\(missing)")
            let gap = try await health(program)
            #expect(gap.exitCode == 3, "\(gap.output)\(gap.errors)")
            #expect(gap.output.contains("WAL segment \(missing.prefix(24)) is missing"), "\(gap.output)")
            let refuted = try await program.run("backup", "verify", "--physical")
            #expect(refuted.exitCode == 1, "\(refuted.output)")
            #expect("\(refuted.output)\(refuted.errors)".contains("\(missing.prefix(24)) is missing"))
            let after = try await program.run("backup", "list", "--format", "csv")
            #expect(after.output.contains("refuted, 2 of 8"), "\(after.output)")
        }
    }

    @Test("pgBackRest's retention lets a proved backup go only behind one that is proved too")
    func retention() async throws {
        try await PhysicalEstate.with(more: "repo1-retention-full=1") { estate in
            try await estate.fill()
            let program = try configured(estate)
            func labels() async throws -> [String] { try await estate.engine().info().backups.map(\.label) }
            #expect(try await program.run("backup", "run", "--type", "full", "--prove").exitCode == 0)
            let first = try #require(try await labels().first)

            // Not proved: the first stays, and somebody is told.
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let both = try await labels()
            #expect(both.count == 2 && both.contains(first), "\(both)")
            let held = try await program.run("backup", "prune", "--yes")
            let told = held.output.inOneLine
            #expect(told.contains("BK003") && told.contains("would go"), "\(told)\(held.errors)")
            #expect(try await labels().count == 2)

            // Refuted: as before.
            let second = try #require(try await labels().last)
            let file = "\(estate.repository)/backup/shop/\(second)/backup.manifest"
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.write(contentsOf: Data([0]))
            try handle.close()
            #expect(try await program.run("backup", "verify", "--backup", second).exitCode == 1)
            #expect(try await program.run("backup", "prune", "--yes").output.contains("BK003"))
            #expect(try await labels().count == 2)
            let again = try #require(FileHandle(forWritingAtPath: file))
            try again.truncate(atOffset: 0)
            try again.write(contentsOf: whole)
            try again.close()

            // Proved: what the retention does not keep is shown, goes, and nothing else.
            let proved = try await program.run("backup", "verify", "--backup", second)
            #expect(proved.exitCode == 0, "\(proved.output)\(proved.errors)")
            let planned = try await program.run("backup", "prune", "--dry-run")
            #expect(planned.output.contains(first) && planned.output.contains("expire"), "\(planned.output)")
            #expect(try await labels().count == 2)
            let pruned = try await program.run("backup", "prune", "--yes")
            #expect(pruned.exitCode == 0, "\(pruned.output)\(pruned.errors)")
            #expect(try await labels() == [second])

            // With its proof at once, the older one goes at once.
            let third = try await program.run("backup", "run", "--type", "full", "--prove")
            #expect(third.exitCode == 0, "\(third.output)\(third.errors)")
            let left = try await labels()
            #expect(left.count == 1 && left != [second], "\(left)")
        }
    }

    @Test(
        "one table as it was at a moment comes back beside the live one, proved, and a moment that is not there is named"
    )
    func extracts() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let program = try configured(estate)
            let early = Timestamp(iso8601: "2020-01-01T00:00:00Z")
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            // Whole seconds, as a person types them; each commit lies between two of them.
            try await estate.sql("insert into orders values (30001, 'before', 1)")
            try await estate.sql("select pg_sleep(1.1)")
            let moment = try await estate.connect { connection in
                try await connection.query("select now() as now").only["now", as: Timestamp.self]
            }
            let typed = String(moment.iso8601.prefix(19)) + "Z"
            try await estate.sql("select pg_sleep(1.1)")
            try await estate.sql("delete from orders where id > 100; drop table documents; drop table prices")
            try await estate.archive()

            let planned = try await program.run("backup", "extract", "--as-of", typed, "--dry-run")
            #expect(planned.exitCode == 0 && planned.output.contains("replay the archived log"), "\(planned.output)")
            let made = try await program.run("backup", "extract", "--as-of", typed)
            #expect(made.exitCode == 0, "\(made.errors)\(made.output)")
            let folder = BackupFolder(
                root: "\(program.directory)/state/backups", target: Target(environment: "test", resource: "main"))
            let id = try #require(try folder.ids().first)
            #expect(id.description.hasPrefix(typed.prefix(13).filter { $0 != "-" && $0 != ":" }), "\(id)")
            let shown = try await program.run("backup", "show", id.description)
            #expect(shown.output.contains("from the physical backup"), "\(shown.output)")
            let proved = try await program.run("backup", "verify", "--backup", id.description)
            #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
            // It says nothing of how the database is backed up, however new it is.
            let unnamed = try await program.run("backup", "verify", "--dry-run")
            #expect(!unnamed.output.contains(id.description), "\(unnamed.output)")
            let ready = try await program.run("dr", "readiness-check")
            #expect(!ready.output.contains(id.description), "\(ready.output)")
            let restored = try await program.run(
                "backup", "restore", "--backup", id.description, "--to", "new", "--as", "orders_then", "--table",
                "public.orders")
            #expect(restored.exitCode == 0, "\(restored.errors)\(restored.output)")
            let rows = try await Connection.with(estate.cluster.address(database: "orders_then"), .unlimited()) {
                try await $0.query("select count(*) as n, count(*) filter (where id = 30001) as late from orders").only
            }
            #expect(try rows["n", as: Int64.self] == 20_001 && rows["late", as: Int64.self] == 1)
            let live = try await estate.connect {
                try await $0.query("select count(*) as n from orders").only["n", as: Int64.self]
            }
            #expect(live == 100)

            let before = try await program.run("backup", "extract", "--as-of", early?.iso8601 ?? "")
            #expect(before.exitCode != 0)
            #expect("\(before.errors)\(before.output)".contains("no backup leads to 2020-01-01"), "\(before.errors)")
            let now = try await estate.connect { connection in
                try await connection.query("select now() as now").only["now", as: Timestamp.self]
            }
            try await estate.sql("select pg_sleep(1.1)")
            let beyond = try await program.run("backup", "extract", "--as-of", (now + .seconds(1)).iso8601)
            #expect(beyond.exitCode != 0)
            #expect("\(beyond.errors)\(beyond.output)".contains("the archived log ends before"), "\(beyond.errors)")
        }
    }

    private func health(_ program: Program) async throws -> Program.Result {
        try await program.run(
            "health", "check", "--check", "backup.physical", "--check", "backup.wal", "--check", "recovery.drill")
    }

    @Test("a standby that a killed proof paused is critical as long as the standby says so", .cluster)
    func paused() async throws {
        try await PhysicalEstate.with { estate in
            try await withStandby(of: estate.cluster) { standby in
                let program = Program()
                try program.configure(
                    """
                    environments:
                      test:
                        resources:
                          main:
                            kind: postgresql
                            connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                            backups:
                              physical: { stanza: shop, configuration: \(estate.configuration), standby: replica }
                          replica:
                            kind: postgresql
                            connection: "host=\(standby.socketDirectory) user=postgres dbname=postgres"
                    backups:
                      work: \(estate.work)
                    """)
                try await estate.pgBackRest("--type=full", "backup")
                let folder = "\(program.directory)/state/backups/test/main/physical"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try #"{"standby": "replica", "place": {}}"#.write(
                    toFile: "\(folder)/standby.paused.json", atomically: true, encoding: .utf8)
                func check() async throws -> String {
                    let result = try await program.run("health", "check", "--check", "backup.physical")
                    return "\(result.errors)\(result.output)"
                }
                let running = try await check()
                #expect(!running.contains("left the standby"), "\(running)")
                try await Connection.with(standby.address(), .unlimited()) { connection in
                    _ = try await connection.execute("select pg_wal_replay_pause()")
                }
                let paused = try await check()
                #expect(paused.contains("left the standby 'replica' paused"), "\(paused)")
            }
        }
    }

    @Test("a backup that was killed anywhere is there after resume, and none is taken twice")
    func killed() async throws {
        try await PhysicalEstate.with(more: "repo1-retention-full=99") { estate in
            let program = try configured(estate)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            for (index, (state, moment)) in CrashTests.points.enumerated() {
                var dying = program
                dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
                let killed = try await dying.run("backup", "run", "--type", "incremental")
                #expect(killed.status == .signalled(SIGKILL), "\(state) \(moment)")
                let resumed = try await program.run("resume")
                #expect(resumed.exitCode == 0, "\(state) \(moment): \(resumed.errors)\(resumed.output)")
                let backups = try await estate.engine().info().backups
                #expect(backups.count == index + 2, "\(state) \(moment)")
            }
        }
    }

    @Test("one whose starter is killed in its middle is waited for, and is the only one")
    func midway() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table t as select g, md5(g::text) as t from generate_series(1, 2500000) g")
            let program = try configured(estate)
            async let running = program.run("backup", "run", "--type", "full")
            try await eventually("pgBackRest works") { try await estate.engine().info().isBusy }
            #expect(kill(try processOfTheProgram(), SIGKILL) == 0)
            #expect(try await running.status == .signalled(SIGKILL))
            let resumed = try await program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            let backups = try await estate.engine().info().backups
            #expect(backups.count == 1, "\(backups.map(\.label))")
        }
    }

    @Test("what the configuration names and is not there is said with what to do about it")
    func wrong() async throws {
        try await PhysicalEstate.with { estate in
            let program = try configured(estate)
            try estate.configure(name: "other.conf")
            let text = try String(contentsOfFile: estate.configuration, encoding: .utf8)
            try text.replacing("[shop]", with: "[store]")
                .write(toFile: estate.configuration, atomically: true, encoding: .utf8)
            let stanza = try await program.run("backup", "run", "--type", "full")
            #expect(stanza.exitCode == 4, "\(stanza.output)\(stanza.errors)")
            #expect("\(stanza.output)\(stanza.errors)".contains("has no stanza 'shop' (it has 'store')"))
            try FileManager.default.removeItem(atPath: estate.configuration)
            let file = try await program.run("backup", "run", "--type", "full")
            #expect(file.exitCode != 0 && "\(file.output)\(file.errors)".contains("pgbackrest.conf"))
            let word = try await program.run("backup", "run", "--type", "whole")
            #expect(word.exitCode == 2 && word.errors.contains("full"), "\(word.errors)")
            let label = try await program.run("backup", "verify", "--physical", "--backup", "nonsense")
            #expect(label.exitCode == 2, "\(label.errors)")
        }
    }
}
