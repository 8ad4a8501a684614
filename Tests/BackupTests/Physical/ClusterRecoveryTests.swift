import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// What a recovery must not pass off as the whole cluster, and what says nothing against its backup.
@Suite("the recovery of a cluster", .timeLimit(.minutes(4)))
struct ClusterRecoveryTests {
    private func recovery(_ engine: PgBackRest, _ estate: PhysicalEstate) -> ClusterRecovery {
        ClusterRecovery(engine, workDirectory: estate.work)
    }

    @Test("a gap in the archived log refutes a drill and refuses an extraction; so does another cluster")
    func gap() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table t as select generate_series(1, 1000) as n")
            let backup = try await estate.engine().back(up: .full)
            for round in 1...4 {
                try await estate.sql("update t set n = n + \(round)")
                try await estate.archive()
            }
            let engine = try estate.engine()
            let whole = try await recovery(engine, estate).run(backup, before: nil)
            #expect(whole.standing == .proved && whole.replayedTo != nil, "\(whole.problems)")

            var foreign = recovery(engine, estate)
            foreign.source = .known(systemIdentifier: "7000000000000000001")
            let other = try await foreign.run(backup, before: nil)
            #expect(other.standing == .refuted && other.problems.first?.contains("another cluster") == true)
            let extraction = BackupExtraction(engine, workDirectory: estate.work, superuser: "postgres")
            var elsewhere = extraction
            elsewhere.source = foreign.source
            let wrong = elsewhere
            await #expect {
                _ = try await wrong.run(backup, at: nil, of: "postgres") { writer(estate, $0) }
            } throws: { error in
                if case PhysicalError.otherCluster? = error as? PhysicalError { true } else { false }
            }

            let segments = "\(estate.repository)/archive/shop/15-1/0000000100000000"
            let names = try FileManager.default.contentsOfDirectory(atPath: segments).filter { $0.contains("-") }
                .sorted()
            let missing = names[names.count - 2]
            try FileManager.default.removeItem(atPath: "\(segments)/\(missing)")
            let cut = try await recovery(engine, estate).run(backup, before: nil)
            #expect(cut.standing == .refuted, "\(cut)")
            #expect(cut.problems.contains { $0.contains("\(missing.prefix(24)) is missing") }, "\(cut.problems)")
            #expect(cut.asOf != nil && cut.replayedTo != whole.replayedTo)
            await #expect {
                _ = try await extraction.run(backup, at: nil, of: "postgres") { writer(estate, $0) }
            } throws: { error in
                guard case PhysicalError.notRestored(let reason)? = error as? PhysicalError else { return false }
                return reason.contains("is missing")
            }
        }
    }

    private func writer(_ estate: PhysicalEstate, _ address: DatabaseAddress) -> BackupWriter {
        BackupWriter(
            BackupFolder(root: "\(estate.directory)/backups", target: Target(environment: "test", resource: "main")),
            key: key, address: address, settings: .unlimited(), runID: "run", programs: programs)
    }

    @Test("a way that closes at any step leaves a proof and a drill unproven, with the line that says so")
    func closedWay() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table t as select generate_series(1, 1000) as n")
            let backup = try await estate.engine().back(up: .full)
            try await estate.sql("update t set n = n + 1")
            try await estate.archive()
            let cases: [(condition: String, rung: VerificationLadder.Kind, isOfDrill: Bool)] = [
                ("$* == *' verify'*", .checksums, false),
                ("$* == *' restore'*", .restores, true),
                // Only the server fetches into its own directory.
                ("$* == *pg_wal/RECOVERYXLOG*", .restores, true),
            ]
            for (index, (condition, rung, isOfDrill)) in cases.enumerated() {
                let engine = try closing(estate, "closing-\(index)", when: condition)
                let proof = PhysicalProof(engine, workDirectory: estate.work, source: .unknown("not asked"))
                let ladder = try await proof.run(nil).ladder
                #expect(!ladder.hasFailed, "\(condition): \(ladder)")
                let found = ladder.rungs.first { $0.kind == rung }
                #expect(found?.standing == .notPossible, "\(condition): \(ladder)")
                #expect(found?.evidence.contains("[049]") == true, "\(condition): \(found?.evidence ?? "")")
                #expect(ladder.rungs.first { $0.kind == .structure }?.standing == .notLooked, "\(condition): \(ladder)")
                guard isOfDrill else { continue }
                let part = try await recovery(engine, estate).run(backup, before: nil)
                #expect(part.standing == .unproven, "\(condition): \(part.problems)")
                #expect(part.problems.contains { $0.contains("[049]") }, "\(condition): \(part.problems)")
            }
        }
    }

    /// pgBackRest, which cannot reach its repository where a condition of bash on its words holds.
    private func closing(_ estate: PhysicalEstate, _ name: String, when condition: String) throws -> PgBackRest {
        let directory = "\(estate.directory)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let text = """
            #!/bin/bash
            if [[ \(condition) ]]; then
                echo "ERROR: [049]: unable to connect to 'vault:22': [111] Connection refused" >&2
                exit 49
            fi
            exec /usr/bin/pgbackrest "$@"
            """
        #expect(
            FileManager.default.createFile(
                atPath: "\(directory)/pgbackrest", contents: Data(text.utf8), attributes: [.posixPermissions: 0o755]))
        return try PgBackRest(
            stanza: estate.stanza, configuration: estate.configuration,
            programs: Programs(environment: ["PATH": "\(directory):/usr/bin:/bin"]))
    }

    @Test("a library that is missing here hides no damage, and refutes nothing beside a standby that has it")
    func missingLibrary() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql(
                """
                create extension hstore;
                create table words as select ('a => ' || g)::hstore as w from generate_series(1, 100) g;
                create index on words (w);
                create table orders (id bigint primary key);
                insert into orders select generate_series(1, 5000);
                update pg_proc set probin = '$libdir/gone' where proname in ('hstore_cmp', 'hstore_out');
                checkpoint
                """)
            let backup = try await estate.engine().back(up: .full)
            let lacking = try await estate.proof().run(nil).ladder
            let rung = lacking.rungs.first { $0.kind == .structure }
            #expect(rung?.standing == .notPossible && !lacking.hasFailed, "\(lacking)")

            let server = try await ServerPrograms.at("/usr/lib/postgresql/15/bin", with: programs)
            let copy = try await RestoredCopy.restore(
                backup, from: try estate.engine(), to: .endOfArchive, in: estate.work, on: server,
                superuser: "postgres", jobs: 2, clock: .system)
            _ = try await copy.recover(clock: .system)
            let reading = try await CopyReading(copy: copy, jobs: 2, programs: programs, clock: .system).run()
            try copy.destroy()
            #expect(reading.problems == [] && reading.gap?.contains("gone") == true, "\(reading)")
            #expect(reading.unread == ["postgres"])
            var databases = reading.databases
            databases["postgres"] = InstantContent(
                rows: DatabaseDigest(tables: [], uncovered: []), sequences: [:], largeObjects: nil)
            let standby = StandbyReading.Found(
                position: try #require(LogPosition("0/1")), timeline: 1, segmentSize: 1, systemIdentifier: "1",
                databases: databases)
            #expect(standby.differences(from: reading.databases, unread: reading.unread) == [])

            let file = "\(estate.cluster.dataDirectory)/\(try await estate.path(of: "orders_pkey"))"
            try await estate.cluster.stop()
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.write(contentsOf: Data(repeating: 0, count: 16_384))
            try handle.close()
            try await estate.cluster.start()
            _ = try await estate.engine().back(up: .full)
            let damaged = try await estate.proof().run(nil).ladder
            let failed = damaged.rungs.first { $0.standing == .failed }
            #expect(failed?.kind == .structure && failed?.evidence.contains("orders_pkey") == true, "\(damaged)")
        }
    }

    @Test("a rung that cannot be had ends the climb where the rest stands on it")
    func climb() async throws {
        for (kind, ends) in [(VerificationLadder.Kind.restores, true), (.structure, false)] {
            var climb = Climb(clock: .system)
            try await climb.rung(kind) { .notPossible("no room") }
            #expect(climb.isOver == ends, "\(kind)")
            #expect(!climb.ladder.hasFailed)
            let smoke = climb.ladder.rungs.first { $0.kind == .smokeTest }
            #expect(smoke?.evidence.contains("could not be had") == ends, "\(smoke?.evidence ?? "")")
        }
    }
}
