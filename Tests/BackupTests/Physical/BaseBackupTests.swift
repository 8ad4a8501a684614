import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// A cluster of its own that pg_basebackup may read, and the directory its backups go to.
struct BaseEstate: Sendable {
    let cluster: PrivateCluster
    let backups: BaseBackups
    let folder: BackupFolder
    let work: String

    static func with(
        _ version: TestServer, settings: [String: String] = [:], _ body: @Sendable (BaseEstate) async throws -> Void
    ) async throws {
        let directory = "\(PhysicalEstate.parent)/mainstay-base-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let work = "\(directory)/work"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let own: [String: String] = [
            "wal_level": "replica", "max_wal_senders": "4", "autovacuum": "off", "full_page_writes": "on",
        ]
        try await TestDatabase.with(version) { database in
            let cluster = try await PrivateCluster.start(
                database.cluster.server,
                ClusterOptions(durability: .none, settings: own.merging(settings) { $1 }), in: work, with: programs)
            let folder = BackupFolder(
                root: "\(directory)/backups", target: Target(environment: "test", resource: "main"))
            let estate = BaseEstate(
                cluster: cluster, backups: BaseBackups(folder, key: key), folder: folder, work: work)
            do {
                try await body(estate)
                try cluster.destroy()
            } catch {
                try cluster.destroy()
                throw error
            }
        }
    }

    func sql(_ script: String) async throws {
        try await Connection.with(cluster.address(), .unlimited()) { try await $0.executeScript(trusted: script) }
    }

    func fill() async throws {
        try await sql(
            """
            create table orders as select g as id, md5(g::text) as word from generate_series(1, 20000) g;
            create index on orders (word);
            """)
        // A script is one transaction, and this takes none.
        try await sql("vacuum analyze orders")
    }

    func writer(_ type: PhysicalBackupType = .full, seconds: Int = 0) -> BaseBackupWriter {
        // A moment of its own for each, however fast they come.
        let clock = WallClock(
            now: { WallClock.system.now() + .seconds(seconds) }, monotonic: WallClock.system.monotonic,
            sleep: { try await WallClock.system.sleep(for: $0) })
        var writer = BaseBackupWriter(
            backups, key: key, address: cluster.address(), runID: "20261121-000000-aaaaa", type: type,
            programs: Programs(environment: ["PATH": "\(cluster.server.directory):/usr/bin:/bin"], clock: clock))
        writer.directories = [cluster.server.directory]
        return writer
    }

    func proof(source: PhysicalProof.Source = .unknown("not asked")) -> PhysicalProof {
        var proof = PhysicalProof(.base(backups, programs), workDirectory: work, source: source)
        proof.serverDirectories = [cluster.server.directory]
        return proof
    }

    func failure(_ label: String) async throws -> VerificationLadder.Rung? {
        try await proof().run(label).ladder.rungs.first { $0.standing == .failed }
    }
}

extension PhysicalProof.Outcome {
    subscript(kind: VerificationLadder.Kind) -> VerificationLadder.Rung? { ladder.rungs.first { $0.kind == kind } }
}

@Suite("base backups", .timeLimit(.minutes(4)))
struct BaseBackupTests {
    @Test("a backup is taken with its log, listed, started, read, and removed again", arguments: TestServer.allCases)
    func proof(version: TestServer) async throws {
        try await BaseEstate.with(version) { estate in
            try await estate.fill()
            #expect(try estate.backups.info().backups.isEmpty)
            let record = try await estate.writer().take()
            #expect(PhysicalBackup.isLabel(record.label) && record.major == version.rawValue)
            #expect(record.stored.bytes > 20_000_000 && record.commandLine.contains("--wal-method=stream"))
            try await estate.sql("create table late as select 1 as n")

            let info = try estate.backups.info()
            #expect(info.trouble == nil && info.backups.map(\.label) == [record.label])
            let outcome = try await estate.proof(source: .known(systemIdentifier: record.systemIdentifier)).run(nil)
            if version == .v18 {
                // That of the package for 18 dies in the dynamic linker: then nothing is said against the backup.
                #expect(outcome[.exists]?.standing == .proved && outcome[.checksums]?.standing == .notPossible)
                #expect(
                    outcome[.checksums]?.evidence.contains("cannot be run here") == true && !outcome.ladder.hasFailed)
                return
            }
            for kind in [VerificationLadder.Kind.exists, .checksums, .continuity, .restores] {
                #expect(outcome[kind]?.standing == .proved, "\(kind): \(outcome[kind]?.evidence ?? "")")
            }
            // The servers of 16 and 18 here come without amcheck.
            let structure = outcome[.structure]
            #expect(structure?.standing == (version == .v15 ? .proved : .notPossible), "\(structure?.evidence ?? "")")
            #expect(outcome.rows == 20_000, "what came later is not in it")
            #expect(outcome[.equality]?.standing == .notPossible)

            let other = try await estate.proof(source: .known(systemIdentifier: "7000000000000000001")).run(nil)
            #expect(other[.exists]?.evidence.contains("it is of another cluster") == true)
            try estate.backups.remove(record.label)
            #expect(try estate.backups.isGone(record.label) && estate.backups.info().backups.isEmpty)
        }
    }

    @Test("tablespaces come along and lie beside the copy; the source's are left alone")
    func tablespaces() async throws {
        try await BaseEstate.with(.v15) { estate in
            let place = "\(estate.work)/outside"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            if let user = try SystemUser.unprivileged() { _ = chown(place, user.id, user.group) }
            try await Connection.with(estate.cluster.address(), .unlimited()) {
                let statement: SQL = "create tablespace fast location \(place)"
                try await $0.execute(statement.inlined)
            }
            try await estate.sql("create table far tablespace fast as select g as id from generate_series(1, 777) g")
            let record = try await estate.writer().take()
            #expect(record.tablespaces.count == 1)
            let outcome = try await estate.proof().run(nil)
            #expect(!outcome.ladder.hasFailed && outcome.rows == 777, "\(outcome.ladder)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: place).count == 1)
        }
    }

    @Test("incremental ones are combined with all they need, which stays as long as they do")
    func incremental() async throws {
        try await BaseEstate.with(.v18, settings: ["summarize_wal": "on"]) { estate in
            await #expect(throws: BaseBackupError.nothingToChange) { try await estate.writer(.incremental).take() }
            try await estate.fill()
            let full = try await estate.writer().take()
            try await estate.sql("insert into orders select g, 'new' from generate_series(20001, 20100) g")
            let first = try await estate.writer(.incremental, seconds: 2).take()
            try await estate.sql("delete from orders where id <= 50")
            let second = try await estate.writer(.incremental, seconds: 4).take()
            #expect(second.needs == [full.label, first.label] && first.stored.bytes < full.stored.bytes / 2)
            let outcome = try await estate.proof().run(second.label)
            #expect(!outcome.ladder.hasFailed, "\(outcome.ladder)")
            // Where the package's pg_verifybackup of 18 dies in the dynamic linker, the proof does not come to the copy.
            if outcome[.checksums]?.standing == .proved { #expect(outcome.rows == 20_050, "\(outcome.ladder)") }
            #expect(throws: BaseBackupError.needed(full.label, by: first.label)) {
                try estate.backups.remove(full.label)
            }
            // One in the middle is gone: whoever needs it is refuted.
            try FileManager.default.removeItem(atPath: estate.backups.path(of: first.label))
            let broken = try await estate.failure(second.label)
            #expect(
                broken?.kind == .exists && broken?.evidence.contains(first.label) == true, "\(broken?.evidence ?? "")")
        }
        try await BaseEstate.with(.v15) { estate in
            let obstacles = try await SurveySession.with(estate.cluster.address()) {
                try await BaseBackupWriter.obstacles(.incremental, $0)
            }
            #expect(obstacles == [.noSummaries(version: 15)])
        }
    }

    @Test("what pg_basebackup cannot do is told before it begins, and another cluster's are refused")
    func obstacles() async throws {
        try await BaseEstate.with(.v15, settings: ["max_wal_senders": "0", "wal_level": "minimal"]) { estate in
            try await estate.sql("create role plain login; create role may login replication")
            func found(_ user: String) async throws -> [BaseBackupError] {
                try await SurveySession.with(estate.cluster.address().with(user: user)) {
                    try await BaseBackupWriter.obstacles(.full, $0)
                }
            }
            #expect(try await found("plain") == [.noReplication(role: "plain"), .noSenders(0)])
            #expect(try await found("may") == [.noSenders(0)])
            // It fails, and nothing of it is listed.
            await #expect(throws: ProgramError.self) { try await estate.writer().take() }
            #expect(try estate.backups.info().backups.isEmpty)
        }
        try await BaseEstate.with(.v15) { estate in
            _ = try await estate.writer().take()
            try await BaseEstate.with(.v16) { other in
                var writer = other.writer(seconds: 2)
                writer.backups = estate.backups
                let stranger = writer
                await #expect(throws: PhysicalError.self) { try await stranger.take() }
            }
            #expect(try estate.backups.info().backups.count == 1)
        }
    }

    @Test("what a killed one left is ended and removed by the next, and never listed")
    func leftovers() async throws {
        try await BaseEstate.with(.v15) { estate in
            let half = "\(estate.backups.path)/.20261121-020000F.partial/data"
            try FileManager.default.createDirectory(atPath: half, withIntermediateDirectories: true)
            let going = "\(estate.backups.path)/.20261120-020000F.removed"
            try FileManager.default.createDirectory(atPath: going, withIntermediateDirectories: true)
            #expect(try estate.backups.info().backups.isEmpty)
            #expect(try estate.backups.going() == ["20261120-020000F"])
            _ = try await estate.writer().take()
            #expect(!FileManager.default.fileExists(atPath: half))
            try estate.backups.remove("20261120-020000F")
            #expect(try estate.backups.going().isEmpty)
            #expect(try estate.backups.info().backups.count == 1)
        }
    }
}

/// Damage that is made for real, and the rung and the words by which it is found.
struct BaseDamage: Sendable {
    var name: String
    var rung: VerificationLadder.Kind
    var words: String
    /// Given the backup's directory and the path of the table in it.
    var make: @Sendable (_ backup: String, _ table: String) throws -> Void

    static func flip(_ path: String, at part: Double = 0.5) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[Int(Double(bytes.count) * part)] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private static func segment(_ backup: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(backup)/data/pg_wal")
        return "\(backup)/data/pg_wal/\(names.filter { $0.utf8.count == 24 }.min() ?? "")"
    }

    static let all: [BaseDamage] = [
        .init(name: "a bit of a table", rung: .checksums, words: "checksum mismatch for file \"base/") {
            try flip("\($0)/data/\($1)")
        },
        .init(name: "a bit of the control file", rung: .checksums, words: "global/pg_control") { backup, _ in
            try flip("\(backup)/data/global/pg_control", at: 0.01)
        },
        .init(name: "a bit of the commit log", rung: .checksums, words: "pg_xact/0000") { backup, _ in
            try flip("\(backup)/data/pg_xact/0000")
        },
        .init(name: "a table cut short", rung: .checksums, words: "on disk but size") {
            let path = "\($0)/data/\($1)"
            try Data(try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(8_192)).write(
                to: URL(fileURLWithPath: path))
        },
        .init(name: "an empty table", rung: .checksums, words: "has size 0") {
            try Data().write(to: URL(fileURLWithPath: "\($0)/data/\($1)"))
        },
        .init(name: "a table that is gone", rung: .checksums, words: "not on disk") {
            try FileManager.default.removeItem(atPath: "\($0)/data/\($1)")
        },
        .init(name: "a file too many", rung: .checksums, words: "on disk but not in the manifest") { backup, _ in
            try Data([1]).write(to: URL(fileURLWithPath: "\(backup)/data/base/extra"))
        },
        .init(name: "two tables swapped", rung: .checksums, words: "base/") {
            let (one, other) = ("\($0)/data/\($1)", "\($0)/data/global/1262")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: one))
            try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: one))
            try bytes.write(to: URL(fileURLWithPath: other))
        },
        .init(name: "the backup label is gone", rung: .checksums, words: "backup_label") { backup, _ in
            try FileManager.default.removeItem(atPath: "\(backup)/data/backup_label")
        },
        .init(name: "the manifest was changed", rung: .exists, words: "manifest") { backup, _ in
            try flip("\(backup)/data/backup_manifest")
        },
        .init(name: "a file and its line of the manifest, by somebody who knows how", rung: .exists, words: "signed") {
            try flip("\($0)/data/\($1)")
            let path = "\($0)/data/backup_manifest"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacing("\"Checksum\": \"", with: "\"Checksum\": \"00", maxReplacements: 1)
                .write(toFile: path, atomically: true, encoding: .utf8)
        },
        .init(name: "the manifest is gone", rung: .exists, words: "backup_manifest") { backup, _ in
            try FileManager.default.removeItem(atPath: "\(backup)/data/backup_manifest")
        },
        .init(name: "a bit of the log", rung: .continuity, words: "WAL parsing failed") { backup, _ in
            try flip(try segment(backup), at: 60 / 16_777_216)
        },
        .init(name: "the log is gone", rung: .continuity, words: "WAL parsing failed") { backup, _ in
            try FileManager.default.removeItem(atPath: try segment(backup))
        },
        .init(name: "the log is empty", rung: .continuity, words: "WAL parsing failed") { backup, _ in
            try Data().write(to: URL(fileURLWithPath: try segment(backup)))
        },
    ]
}

extension BaseBackupTests {
    @Test("every damage of a base backup is found at its rung and named")
    func damage() async throws {
        try await BaseEstate.with(.v15) { estate in
            try await estate.fill()
            let record = try await estate.writer().take()
            let table = try await Connection.with(estate.cluster.address(), .unlimited()) {
                try await $0.query("select pg_relation_filepath('orders') as path").only["path", as: String.self]
            }
            let backup = estate.backups.path(of: record.label)
            let aside = "\(estate.work)/aside"
            for damage in BaseDamage.all {
                try FileManager.default.copyItem(atPath: backup, toPath: aside)
                try damage.make(backup, table)
                let found = try await estate.failure(record.label)
                #expect(found?.kind == damage.rung, "\(damage.name): \(found?.evidence ?? "not found")")
                #expect(
                    found?.evidence.contains(damage.words) == true, "\(damage.name): \(found?.evidence ?? "not named")")
                try FileManager.default.removeItem(atPath: backup)
                try FileManager.default.moveItem(atPath: aside, toPath: backup)
            }
            let clean = try await estate.proof().run(record.label)
            #expect(!clean.ladder.hasFailed, "\(clean.ladder)")
            // Whoever changes our own record is told from a backup that can be believed.
            let file = "\(backup)/backup.json"
            try String(contentsOfFile: file, encoding: .utf8).replacing("\"full\"", with: "\"incremental\"")
                .write(toFile: file, atomically: true, encoding: .utf8)
            let info = try estate.backups.info()
            #expect(info.backups.isEmpty)
            #expect(
                info.trouble?.problem.contains("does not fit its signature") == true, "\(info.trouble?.problem ?? "")")
        }
    }
}
