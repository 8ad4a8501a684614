import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("physical backups", .timeLimit(.minutes(4)))
struct PhysicalProofTests {
    @Test("a backup of each type is taken, listed with what it needs, and proved rung by rung")
    func proof() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let engine = try estate.engine()
            let full = try await engine.back(up: .full)
            #expect(full.type == .full && full.needs.isEmpty && !full.hasPageErrors)
            try await estate.sql("update orders set total = total + 1 where id % 10 = 0")
            let differential = try await engine.back(up: .differential)
            #expect(differential.type == .differential && differential.needs == [full.label])
            try await estate.sql("insert into prices select g, g from generate_series(3001, 3500) g")
            let incremental = try await engine.back(up: .incremental)
            #expect(incremental.needs.contains(differential.label))
            try await estate.sql("create table late as select g as id from generate_series(1, 123) g")
            try await estate.archive()

            let info = try await engine.info()
            #expect(info.backups.map(\.label) == [full.label, differential.label, incremental.label])
            #expect(info.trouble == nil && !info.isBusy)
            #expect(engine.options.retention(of: "shop") == ["repo1-retention-full=2"])

            let outcome = try await estate.proof().run(nil)
            let kinds = Dictionary(outcome.ladder.rungs.map { ($0.kind, $0) }) { first, _ in first }
            for kind in [VerificationLadder.Kind.exists, .checksums, .continuity, .restores, .structure] {
                #expect(kinds[kind]?.standing == .proved, "\(kind): \(kinds[kind]?.evidence ?? "")")
            }
            #expect(kinds[.equality]?.standing == .notPossible)
            // What was written after the backup came with the log.
            let rows: UInt64 = 23_663
            #expect(outcome.rows == rows)
            #expect(outcome.backup.label == incremental.label && outcome.tables == 4)

            let earlier = try await estate.proof().run(full.label)
            #expect(!earlier.ladder.hasFailed && earlier.rows == outcome.rows)

            // What the team wrote is asked of the copy; the application's test may write there.
            let assertion = Assertion("orders are there", .holds, "select count(*) = 20000 from orders")
            var asking = try await estate.proof()
            asking.questions = PhysicalProof.Questions(
                database: "postgres", assertions: [assertion],
                smokeTest: SmokeTest { programs in
                    ChildProgram(
                        try programs.find("sh"), ["-c", "psql \"$DATABASE_URL\" -c 'delete from prices'"],
                        environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/")
                })
            let asked = try await asking.run(nil)
            #expect(asked.ladder.score == "7 of 8", "\(asked.ladder)")
            #expect(asked.smokeTest?.problem == nil && asked.assertions?.count == 1)
            asking.questions?.assertions.append(Assertion("none late", .findsNothing, "select id from late"))
            let refuted = try await asking.run(nil)
            #expect(refuted.ladder.hasFailed && refuted.smokeTest == nil)
            #expect(refuted.ladder.rungs.first { $0.kind == .assertions }?.evidence.contains("none late") == true)
            let left = try FileManager.default.contentsOfDirectory(atPath: estate.work)
            // The source itself lies there.
            #expect(left.filter { $0.hasSuffix(".lock") }.count == 1, "\(left)")
        }
    }

    @Test("a certificate is believed only with its signature, and counts until its time is over")
    func certificate() async throws {
        try await PhysicalEstate.with { estate in
            let backup = try await estate.engine().back(up: .full)
            let outcome = try await estate.proof().run(nil)
            let target = Target(environment: "test", resource: "main")
            let folder = BackupFolder(root: "\(estate.directory)/backups", target: target)
            let certificate = PhysicalCertificate(
                outcome, target: target, stanza: "shop", runID: "run", countsFor: .seconds(3_600))
            #expect(certificate.verdict == .proved, "\(certificate.summary)")
            #expect(certificate.proves(at: outcome.ended + .seconds(3_599)))
            #expect(!certificate.proves(at: outcome.ended + .seconds(3_601)))
            let signer = try CertificateKey.readOrMake("\(estate.directory)/certificate.key")
            try folder.write(certificate, key: key, signer: signer)
            #expect(try folder.physicalCertificate(of: backup.label, key: key) == certificate)
            let path = folder.physicalCertificatePath(of: backup.label)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacing("\"proved\"", with: "\"refuted\"")
                .write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: PhysicalRecordError.self) {
                try folder.physicalCertificate(of: backup.label, key: key)
            }
            #expect(try folder.ids().isEmpty)
        }
    }

    @Test("a recovery to a random moment holds the commit before it and not the one after, by LSN and by transaction")
    func pointInTime() async throws {
        try await PhysicalEstate.with { estate in
            _ = try await estate.engine().back(up: .full)
            var kinds: Set<String> = []
            for seed: UInt64 in [1, 2, 3, 4, 5, 6, 7, 8] {
                if kinds.count == 2 { break }
                let drill = PointInTimeDrill(
                    try estate.engine(), workDirectory: estate.work, superuser: "postgres", pace: .milliseconds(20),
                    span: .milliseconds(300), seed: seed)
                let outcome = try await estate.connect { connection in
                    let canary = Canary(connection, clock: .system, runID: "run \(seed)")
                    return try await drill.run(canary, database: "postgres")
                }
                #expect(outcome.isExact, "\(outcome)")
                #expect(outcome.held != nil && outcome.beats >= 4 && outcome.wanted < outcome.beats)
                #expect(outcome.recoverySecondsInAll > 0 && outcome.lostSeconds >= 0)
                kinds.insert(outcome.by)
            }
            #expect(kinds == ["lsn", "xid"])
        }
    }

    @Test("an archive_command that fails leaves a drill without its last segment, and says so")
    func failingArchive() async throws {
        try await PhysicalEstate.with { estate in
            _ = try await estate.engine().back(up: .full)
            try await estate.sql("alter system set archive_command = 'false'")
            try await estate.sql("select pg_reload_conf()")
            var drill = PointInTimeDrill(
                try estate.engine(), workDirectory: estate.work, superuser: "postgres", pace: .milliseconds(20),
                span: .milliseconds(100), seed: 1)
            drill.patience = .seconds(3)
            let refused = drill
            await #expect {
                try await estate.connect { connection in
                    _ = try await refused.run(
                        Canary(connection, clock: .system, runID: "run"), database: "postgres")
                }
            } throws: { error in
                guard case PhysicalError.notArchived? = error as? PhysicalError else { return false }
                return true
            }
            let state = try await estate.connect { connection in
                try await ArchiverState.read { try await connection.query($0.sql) }
            }
            #expect(state.isFailing && state.failures > 0)
        }
    }

    @Test("a backup in one repository is proved from that one, whatever becomes of the other")
    func repositories() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let second = "\(estate.directory)/second"
            try await estate.run(["mkdir", second])
            try estate.configure("repo2-path=\(second)\nrepo2-retention-full=2")
            try await estate.pgBackRest("stanza-create")
            try await estate.pgBackRest("--repo=2", "--type=full", "backup")
            try await estate.sql("create table late as select g as id from generate_series(1, 123) g")
            try await estate.archive()
            let backup = try #require(try await estate.engine().info().newest)
            #expect(backup.repository == 2)
            let well = try await estate.proof().run(nil)
            #expect(well.ladder.rungs.dropLast(3).allSatisfy { $0.standing == .proved }, "\(well.ladder)")
            try await estate.run(["sh", "-c", "rm -r \(estate.repository)/*"])
            #expect(try await estate.engine().info().trouble != nil)
            let alone = try await estate.proof().run(backup.label)
            #expect(alone.ladder.rungs.dropLast(3).allSatisfy { $0.standing == .proved }, "\(alone.ladder)")
            #expect(alone.rows == well.rows)
        }
    }

    @Test("what this host lacks, and a way that is closed, leave a backup unproven and do not refute it")
    func lacks() async throws {
        #expect(PhysicalError.isOfTheWay("ERROR: [049]: unable to connect to 'vault:22'"))
        #expect(PhysicalError.isOfTheWay("ERROR: [064]: unable to write: [28] No space left on device"))
        #expect(!PhysicalError.isOfTheWay("ERROR: [029]: invalid checksum"))
        try await PhysicalEstate.with { estate in
            try await estate.sql("create extension hstore; create table t as select 'a => 1'::hstore as words")
            // As of a host without the extension's package.
            try await estate.sql("update pg_proc set probin = '$libdir/gone' where proname = 'hstore_out'")
            _ = try await estate.engine().back(up: .full)
            let outcome = try await estate.proof().run(nil)
            let rung = outcome.ladder.rungs.first { $0.kind == .structure }
            #expect(rung?.standing == .notPossible && !outcome.ladder.hasFailed, "\(outcome.ladder)")
            #expect(rung?.evidence.contains("gone") == true && rung?.evidence.contains("apt-file search") == true)
        }
    }

    @Test("a restored copy is held against a standby whose replay was paused, and the replay goes on", .cluster)
    func standby() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql(
                """
                create table orders as select g as id, g * 2 as total from generate_series(1, 5000) g;
                create materialized view sums as select sum(total) as total from orders;
                create unlogged table scratch as select 1 as n;
                create sequence numbers; select nextval('numbers');
                select lo_from_bytea(0, 'a large object')
                """)
            try await estate.sql("create role pauser login; grant execute on function pg_wal_replay_pause() to pauser")
            _ = try await estate.engine().back(up: .full)
            try await withStandby(of: estate.cluster) { standby in
                try await estate.sql("update orders set total = total + 1 where id % 3 = 0")
                var proof = try await estate.proof()
                let target = Target(environment: "test", resource: "main")
                let note = try PauseNote(BackupFolder(root: "\(estate.directory)/backups", target: target))
                var reading = StandbyReading(
                    address: standby.address(), settings: .unlimited(), jobs: 2, clock: .system)
                reading.note = note
                proof.standby = reading
                // While the standby is read its place is not archived yet; the proof waits for it.
                let waiting = proof
                let rung = try await withThrowingTaskGroup(of: VerificationLadder.Rung?.self) { group in
                    group.addTask { try await waiting.run(nil).ladder.rungs.first { $0.kind == .equality } }
                    // Nobody ends the segment of a quiet cluster but somebody who writes.
                    group.addTask {
                        while !Task.isCancelled {
                            try await estate.sql("update orders set total = total where id = 1")
                            try await estate.archive()
                        }
                        return nil
                    }
                    defer { group.cancelAll() }
                    return try await group.next() ?? nil
                }
                #expect(rung?.kind == .equality && rung?.standing == .proved, "\(String(describing: rung))")
                let state = try await Connection.with(standby.address(), .unlimited()) { connection in
                    try await connection.query("select pg_get_wal_replay_pause_state() as state").only[
                        "state", as: String.self]
                }
                #expect(state == "not paused")
                #expect(try await note.standing() == nil)

                let hold = try await note.hold()
                await #expect(throws: PauseError.held) { try await reading.run() }
                withExtendedLifetime(hold) {}

                // Whoever could pause it, and not let it go on, does not begin.
                let pauser = StandbyReading(
                    address: standby.address().with(user: "pauser"), settings: .unlimited(), jobs: 1, clock: .system)
                await #expect(throws: StandbyError.mayNotPause(pauser.address)) { _ = try await pauser.run() }
                let after = try await Connection.with(standby.address(), .unlimited()) { connection in
                    try await connection.query("select pg_get_wal_replay_pause_state() as state").only[
                        "state", as: String.self]
                }
                #expect(after == "not paused")

                // A primary is no oracle, and says nothing against the backup.
                var wrong = proof
                wrong.standby?.address = estate.cluster.address()
                let other = try await wrong.run(nil)
                let equality = other.ladder.rungs.first { $0.kind == .equality }
                #expect(equality?.standing == .notPossible && !other.ladder.hasFailed)
            }
        }
    }
}
