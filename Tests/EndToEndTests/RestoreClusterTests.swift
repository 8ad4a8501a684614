import Backup
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// A whole cluster that comes back as a data directory a server starts with.
@Suite("backup restore --into", .temporaryDirectory, .timeLimit(.minutes(5)))
struct RestoreClusterTests {
    private let program = Program()

    private func configure(_ estate: PhysicalEstate, engine: String? = nil, of other: PhysicalEstate? = nil) throws {
        let stanza = "stanza: shop, configuration: \((other ?? estate).configuration)"
        let physical = engine.map { "engine: \($0)" } ?? stanza
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                    backups: { physical: { \(physical) } }
            backups:
              work: \(estate.work)
            """)
    }

    /// Starts a server there as its team would, asks, and ends it.
    private func ask(_ directory: String, _ sql: String, _ estate: PhysicalEstate) async throws -> String {
        let options = "-k \(estate.directory) -c listen_addresses= -c archive_mode=off -p 61999"
        let control = "\(estate.cluster.server.directory)/pg_ctl"
        try await estate.run([
            control, "-D", directory, "-w", "-l", "\(estate.directory)/log/restored", "-o", options, "start",
        ])
        let answer = try await estate.run(["psql", "-h", estate.directory, "-p", "61999", "-XAtqc", sql, "postgres"])
        try await estate.run([control, "-D", directory, "-w", "-m", "fast", "stop"])
        return answer.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func left(_ estate: PhysicalEstate) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: estate.directory).filter { $0.contains("restore") }.sorted()
    }

    @Test("a cluster comes back as of a moment, proved, with its own configuration, and starts as any other")
    func moment() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            try configure(estate)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            try await estate.sql("create table marks (word text); insert into marks values ('before')")
            try await estate.sql("select pg_sleep(1.1)")
            let moment = try await estate.connect { connection in
                try await connection.query(
                    "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as at"
                ).only["at", as: String.self]
            }
            try await estate.sql("select pg_sleep(1.1)")
            try await estate.sql("insert into marks values ('after')")
            let goal = "\(estate.directory)/restored"
            let early = try await program.run("backup", "restore", "--into", goal, "--as-of", "2020-01-01T00:00:00Z")
            #expect(
                early.exitCode != 0 && "\(early.output)\(early.errors)".contains("no backup leads to"),
                "\(early.errors)")
            try await estate.archive()
            let planned = try await program.run("backup", "restore", "--into", goal, "--as-of", moment, "--dry-run")
            #expect(
                planned.exitCode == 0 && planned.output.contains("read everything"),
                "\(planned.output)\(planned.errors)")
            #expect(try left(estate) == [])

            let done = try await program.run("backup", "restore", "--into", goal, "--as-of", moment)
            #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
            #expect(try left(estate).filter { $0 != "restored.tablespaces" } == ["restored"])
            let conf = try String(contentsOfFile: "\(goal)/postgresql.conf", encoding: .utf8)
            #expect(
                conf == (try String(contentsOfFile: "\(estate.cluster.dataDirectory)/postgresql.conf", encoding: .utf8))
            )
            let own = try String(contentsOfFile: "\(goal)/postgresql.auto.conf", encoding: .utf8)
            for setting in ["restore_command", "archive_mode", "recovery_target"] {
                #expect(!own.contains("\n\(setting)"), "\(setting): \(own)")
            }
            let found = try await ask(
                goal,
                "select string_agg(word, ',') || ' ' || (select count(*) from orders) || ' ' || (select count(*) from "
                    + "pg_extension where extname in ('amcheck', 'pg_visibility')) from marks", estate)
            #expect(found == "before 20000 0")

            let again = try await program.run("backup", "restore", "--into", goal)
            #expect(again.exitCode != 0 && "\(again.output)\(again.errors)".contains("is there already"))
            let all = try await program.run("backup", "restore", "--into", "\(goal)-all")
            #expect(all.exitCode == 0, "\(all.output)\(all.errors)")
            #expect(try await ask("\(goal)-all", "select count(*) from marks", estate) == "2")
        }
    }

    @Test(
        "killed on its way it is begun anew, and what was half done is gone",
        arguments: ["started:afterWrite", "applied:beforeWrite"])
    func killed(point: String) async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            try configure(estate)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let goal = "\(estate.directory)/restored"
            var dying = program
            dying.environment["MAINSTAY_FAULT"] = "kill:\(point)"
            let killed = try await dying.run("backup", "restore", "--into", goal)
            #expect(killed.status == .signalled(SIGKILL), "\(killed.output)\(killed.errors)")
            let resumed = try await program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.output)\(resumed.errors)")
            #expect(try left(estate).filter { $0 != "restored.tablespaces" } == ["restored"])
            #expect(try await ask(goal, "select count(*) from orders", estate) == "20000")
        }
    }

    @Test("a base backup comes back in the same way, and damage that was in it is refused without a name")
    func base() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            try configure(estate, engine: "basebackup")
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let goal = "\(estate.directory)/restored"
            let later = try await program.run("backup", "restore", "--into", goal, "--as-of", "2020-01-01T00:00:00Z")
            #expect(later.exitCode != 0 && "\(later.output)\(later.errors)".contains("base backups keep none"))
            let done = try await program.run("backup", "restore", "--into", goal)
            #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
            #expect(try await ask(goal, "select count(*) from orders", estate) == "20000")

            let shelf = "\(program.directory)/state/backups/test/main/physical/base"
            let label = try #require(try FileManager.default.contentsOfDirectory(atPath: shelf).first)
            let file = "\(shelf)/\(label)/data/\(try await estate.path(of: "orders"))"
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            // The length of a line pointer, in the second page.
            for at in 8_192 + 24..<8_192 + 64 { bytes[at] = 0xFF }
            try Data(bytes).write(to: URL(fileURLWithPath: file))
            let damaged = try await program.run("backup", "restore", "--into", "\(goal)-damaged")
            #expect(damaged.exitCode == 1, "\(damaged.output)")
            #expect("\(damaged.output)\(damaged.errors)".contains("damaged"), "\(damaged.errors)")
            #expect(try left(estate).filter { $0.contains("damaged") } == [])
        }
    }

    @Test("the backup of another cluster under this one's name is refused, by the live server and after its loss")
    func otherCluster() async throws {
        try await PhysicalEstate.with { estate in
            try configure(estate)
            let taken = try await program.run("backup", "run", "--type", "full", "--prove")
            #expect(taken.exitCode == 0, "\(taken.output)\(taken.errors)")
            try await PhysicalEstate.with { other in
                try await other.pgBackRest("--type=full", "backup")
                try configure(estate, of: other)
                let (own, foreign) = (try await estate.systemIdentifier, try await other.systemIdentifier)
                let goal = "\(estate.directory)/restored"
                let live = try await program.run("backup", "restore", "--into", goal)
                #expect(live.exitCode == 4, "\(live.output)\(live.errors)")
                try await estate.cluster.stop()
                // Nobody can be asked any more; the last proof says which cluster it was.
                let lost = try await program.run("backup", "restore", "--into", goal)
                for refused in [live, lost] {
                    let said = "\(refused.output)\(refused.errors)".inOneLine
                    #expect(refused.exitCode != 0 && said.contains(own) && said.contains(foreign), "\(said)")
                }
                #expect(try left(estate) == [])
                try await estate.cluster.start()
            }
        }
    }

    @Test("what a proof refuted is passed over by name, and tried only where it is named")
    func refutedBackup() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            try configure(estate)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let labels = try await estate.engine().info().backups.map(\.label)
            try #require(labels.count == 2)
            func refute(_ label: String) async throws {
                let file = "\(estate.repository)/backup/shop/\(label)/backup.manifest"
                let handle = try #require(FileHandle(forWritingAtPath: file))
                try handle.write(contentsOf: Data([0]))
                try handle.close()
                let verified = try await program.run("backup", "verify", "--backup", label)
                #expect(verified.exitCode == 1, "\(verified.output)\(verified.errors)")
            }
            try await refute(labels[1])
            let goal = "\(estate.directory)/restored"
            let usual = try await program.run("backup", "restore", "--into", goal, "--dry-run")
            #expect(usual.exitCode == 0, "\(usual.output)\(usual.errors)")
            let plan = usual.output.inOneLine
            #expect(plan.contains("restore \(labels[0])") && plan.contains("passed over"), "\(plan)")
            let named = try await program.run("backup", "restore", "--into", goal, "--backup", labels[1], "--dry-run")
            #expect(named.output.inOneLine.contains("restore \(labels[1])"), "\(named.output)\(named.errors)")
            try await refute(labels[0])
            let none = try await program.run("backup", "restore", "--into", goal)
            let said = "\(none.output)\(none.errors)".inOneLine
            #expect(none.exitCode != 0 && said.contains("no proof has refuted"), "\(said)")
            #expect(try left(estate) == [])
        }
    }

    @Test("a name of a database is nothing that a cluster goes by")
    func refused() async throws {
        for (words, reason) in [
            (["--into", "/restored"], "below another one"), (["--into", "/srv/a/b", "--as", "x"], "only '--backup'"),
            (["--as-of", "2026-11-21T14:03:00Z"], "'--as-of' is for '--into'"),
            (["--into", "/srv/a/b", "--backup", "20261121T020000Z-k7q2m"], "name of a physical backup"),
        ] {
            let refused = try await program.shell("mainstay backup restore \(words.joined(separator: " "))")
            #expect(refused.exitCode == 2 && refused.errors.contains(reason), "\(refused.errors)")
        }
    }
}
