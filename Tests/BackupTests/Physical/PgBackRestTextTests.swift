import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("what pgBackRest says and is told")
struct PgBackRestTextTests {
    @Test("a restore is told how a repository is reached, by the narrower section, and nothing else of the file")
    func options() throws {
        let text = """
            # the team's
            [global]
            repo1-path=/var/lib/pgbackrest
            repo1-cipher-pass = a pass = with signs
            repo1-retention-full=2
            repo2-s3-key=AK
            delta=y
            log-level-console=info

            [global:restore]
            recovery-option=primary_conninfo=host=db

            [shop]
            pg1-path=/var/lib/postgresql/15/main
            repo1-path=/srv/backups
            """
        let options = try PgBackRestOptions(text, path: "pgbackrest.conf")
        #expect(options.stanzas == ["shop"])
        let environment = options.environment(of: "shop")
        #expect(
            environment.keys.sorted() == [
                "PGBACKREST_REPO1_CIPHER_PASS", "PGBACKREST_REPO1_PATH", "PGBACKREST_REPO2_S3_KEY",
            ])
        guard case .secret(let pass)? = environment["PGBACKREST_REPO1_CIPHER_PASS"],
            case .secret(let path)? = environment["PGBACKREST_REPO1_PATH"]
        else {
            Issue.record("an option of a repository is no secret")
            return
        }
        #expect(pass.reveal() == "a pass = with signs" && path.reveal() == "/srv/backups")
        #expect(options.retention(of: "shop") == ["repo1-retention-full=2"])
    }

    @Test("a file that is no configuration is refused by its line", arguments: ["repo1-path=/x", "[global]\nnonsense"])
    func nonsense(text: String) {
        #expect {
            try PgBackRestOptions(text, path: "pgbackrest.conf")
        } throws: {
            ($0 as? PhysicalError)?.problem.contains("is neither a section nor 'key=value'") == true
        }
    }

    @Test("a missing program is named with the line that installs it")
    func missing() throws {
        #expect {
            try PgBackRest(
                stanza: "shop", configuration: "/dev/null", programs: Programs(environment: ["PATH": "/nonexistent"]))
        } throws: {
            ($0 as? ProgramError)?.hint == "Install it: apt-get install pgbackrest"
        }
    }

    @Test(
        "only pgBackRest's own names are labels",
        arguments: [
            ("20261121-020000F", true), ("20261121-020000F_20261122-020000I", true),
            ("20261121-020000F_20261122-020000D", true), ("20261121-020000I", false), ("--delta", false), ("", false),
            ("20261121-020000F_20261122-020000F", false), ("20261121-020000F_", false), ("2026112á-020000F", false),
        ])
    func labels(text: String, isLabel: Bool) { #expect(PhysicalBackup.isLabel(text) == isLabel) }

    @Test("segments are counted across the end of a log file, and positions are read as PostgreSQL writes them")
    func segments() throws {
        let last = try #require(WALSegment("0000000100000002000000FF"))
        #expect(last.next.description == "000000010000000300000000")
        #expect(last.end.description == "3/0" && last.start.description == "2/FF000000")
        let large = try #require(WALSegment("000000010000000200000003", size: 1 << 30))
        #expect(large.next.description == "000000010000000300000000")
        #expect(WALSegment("000000010000000200000100") == nil)
        #expect(WALSegment("00000001000000020000000g") == nil)
        #expect(try #require(LogPosition("16/B374D848")).value == 0x16_B374_D848)
        #expect(LogPosition("16") == nil && LogPosition("x/1") == nil)
    }

    @Test("the log is followed from timeline to timeline, and what is missing on the way is named")
    func timelines() throws {
        func archive(_ names: [String], histories: [String] = []) -> WALArchive {
            let sum = String(repeating: "a", count: 40)
            return WALArchive(
                names.map { RepositoryFile(path: "\($0.prefix(16))/\($0)-\(sum).lz4", size: ByteCount(1)) }
                    + histories.map { RepositoryFile(path: $0, size: ByteCount(1)) },
                segmentSize: WALSegment.usualSize)
        }
        func segment(_ timeline: Int, _ number: Int) -> String {
            WALSegment(timeline: UInt32(timeline), number: UInt64(number)).description
        }
        let history = try #require(TimelineHistory("1\t0/5000098\tno recovery target specified\n", of: 2))
        let first = WALSegment(timeline: 1, number: 2)
        let last = WALSegment(timeline: 1, number: 3)
        let whole = archive(
            [segment(1, 2), segment(1, 3), segment(1, 4), segment(1, 5), segment(2, 5), segment(2, 6)],
            histories: ["00000002.history"])
        let followed = whole.judge(from: first, consistentAt: last, branches: history.branches)
        #expect(followed.problems.isEmpty, "\(followed.problems)")
        #expect(
            followed.path.map(\.description) == [
                segment(1, 2), segment(1, 3), segment(1, 4), segment(2, 5), segment(2, 6),
            ])
        let broken = archive(
            [segment(1, 2), segment(1, 3), segment(2, 5), segment(2, 7)], histories: ["00000002.history"])
        #expect(
            broken.judge(from: first, consistentAt: last, branches: history.branches).problems == [
                "WAL segment \(segment(1, 4)) is missing", "WAL segment \(segment(2, 6)) is missing",
            ])
        let short = archive([segment(1, 2)])
        #expect(
            short.judge(from: first, consistentAt: last, branches: []).problems == [
                "WAL segment \(segment(1, 3)) is missing"
            ])
        #expect(TimelineHistory("nonsense", of: 2) == nil && TimelineHistory("2\t0/5\tx", of: 2) == nil)
        #expect(TimelineHistory("1\t0/9\tx\n2\t0/5\tx", of: 3) == nil)
    }

    @Test("what a dry run of expire would remove is read, and goes only behind a proof it leaves alone")
    func expiry() throws {
        let old = "20261122-120548F"
        let text = """
            WARN: option 'repo2-retention-full' is not set for 'repo2-retention-full-type=count'
            INFO: [DRY-RUN] expire command begin 2.45: --dry-run --repo1-path=/srv --repo1-retention-full=1 --stanza=shop
            INFO: [DRY-RUN] repo1: expire full backup set \(old), \(old)_20261122-120550I
            INFO: [DRY-RUN] repo1: remove expired backup \(old)_20261122-120550I
            INFO: [DRY-RUN] repo1: remove expired backup \(old)
            INFO: [DRY-RUN] repo1: remove archive path /srv/archive/shop/14-1
            INFO: [DRY-RUN] repo1: 15-1 remove archive, start = 000000010000000000000001, stop = 000000010000000000000004
            INFO: [DRY-RUN] expire command end: completed successfully
            """
        let expiry = Expiry(text)
        #expect(expiry.backups == ["\(old)_20261122-120550I", old])
        #expect(
            expiry.log.map(\.description) == [
                "repo1 14-1 whole", "repo1 15-1 000000010000000000000001 to 000000010000000000000004",
            ])
        #expect(Expiry("INFO: [DRY-RUN] expire command begin\nINFO: [DRY-RUN] expire command end").isEmpty)

        func backup(_ label: String, _ at: Int64, needs: [String] = [], first: String) -> PhysicalBackup {
            PhysicalBackup(
                label: label, type: .full, started: Timestamp(microseconds: at),
                stopped: Timestamp(microseconds: at + 1), firstWAL: first, lastWAL: first, startLSN: nil, stopLSN: nil,
                size: ByteCount(1), added: ByteCount(1),
                hasPageErrors: false, needs: needs, cluster: 1, repository: 1)
        }
        let full = backup(old, 10, first: "000000010000000000000002")
        let step = backup(
            "\(old)_20261122-120550I", 20, needs: [old], first: "000000010000000000000003")
        let new = backup("20261122-120554F", 30, first: "000000010000000000000005")
        let info = RepositoryInfo(
            stanza: "shop", status: .init(code: 0, message: "ok"), backups: [full, step, new],
            archives: [.init(id: "15-1", cluster: 1, repository: 1, oldest: nil, newest: nil)], clusters: [],
            repositories: [], isBusy: false)
        #expect(expiry.obstacle(info, behind: new) == nil)
        #expect(expiry.obstacle(info, behind: nil) == "no backup has a proof that counts")
        #expect(expiry.obstacle(info, behind: full)?.contains("would go") == true)
        #expect(expiry.obstacle(info, behind: step)?.contains("would go") == true)
        var needing = step
        needing.label = "20261122-120554F_20261122-120600I"
        #expect(expiry.obstacle(info, behind: needing)?.contains("needs it") == true)
        var early = new
        early.firstWAL = "000000020000000000000004"
        #expect(expiry.obstacle(info, behind: early)?.contains("needs would go") == true)
        early.stopped = Timestamp(microseconds: 5)
        #expect(expiry.obstacle(info, behind: early)?.contains("no newer one") == true)
    }

    @Test("what verify counts is well only where every count is, and a duplicate segment is not")
    func verify() {
        let report = """
            stanza: main
            status: error
              archiveId: 15-1, total WAL checked: 5, total valid WAL: 3
                missing: 0, checksum invalid: 0, size invalid: 0, other: 0
              backup: 20261121-181750F, status: valid, total files checked: 970, total valid files: 970
                missing: 0, checksum invalid: 0, size invalid: 0, other: 0
              backup: 20261122-181750F, status: invalid, total files checked: 970, total valid files: 969
                missing: 0, checksum invalid: 1, size invalid: 0, other: 0
            """
        let check = RepositoryCheck(
            report: report, log: "INFO: duplicate WAL '000000010000000000000003' for '15-1' exists, skipping")
        #expect(check.status == "error")
        #expect(check["15-1"]?.isWell == false && check["20261121-181750F"]?.isWell == true)
        #expect(check["20261122-181750F"]?.isWell == false)
        #expect(check["20261122-181750F"]?.counts == "checksum invalid: 1")
        #expect(check.files == ["duplicate WAL '000000010000000000000003' for '15-1' exists, skipping"])
    }

    @Test("a row, a table and a database that the standby has otherwise are named", .cluster)
    func standbyDiffers() async throws {
        let database = TestDatabase.current
        func digest() async throws -> InstantContent {
            try await InstantContent.read(database.address, connections: 2)
        }
        try await database.run(
            """
            create table a as select 1 as n; create table b as select 2 as n; create sequence s;
            create materialized view v as select 5 as n; create unlogged table u (n int)
            """)
        let standby = StandbyReading.Found(
            position: LogPosition(1), timeline: 1, segmentSize: WALSegment.usualSize, systemIdentifier: "1",
            databases: ["shop": try await digest(), "other": try await digest()])
        #expect(standby.gaps.isEmpty)
        #expect(standby.differences(from: standby.databases).isEmpty)
        try await database.run(
            """
            update a set n = 3; insert into b values (4); create table c (n int);
            select nextval('s'); select nextval('s'); select lo_from_bytea(4711, 'x');
            drop materialized view v; create materialized view v as select 6 as n
            """)
        let found = standby.differences(from: ["shop": try await digest()])
        #expect(found.count == 7, "\(found)")
        #expect(found.first == "the copy has no database 'other'")
        #expect(found.contains { $0.hasPrefix("the rows of") && $0.contains("a") })
        #expect(found.contains { $0.hasSuffix("has 2 rows in the copy and 1 on the standby") })
        #expect(found.contains { $0.hasSuffix("is only in the copy") })
        #expect(found.contains { $0.hasSuffix("is at 2 in the copy and at 1 on the standby") })
        #expect(found.contains("the large objects of 'shop' differ from the standby's"))
        #expect(found.contains { $0.hasPrefix("the rows of") && $0.contains(".v of") })
    }

    @Test("what a role may not read is no difference and no equality", .cluster)
    func standbyHides() async throws {
        let database = TestDatabase.current
        try await database.run(
            "create table open as select 1 as n; create table shut as select 2 as n; create sequence hidden")
        let whole = try await InstantContent.read(database.address, connections: 1)
        try await database.withLimitedRole { role in
            try await database.run("grant select on open to public")
            let seen = try await InstantContent.read(database.address.with(user: role), connections: 1)
            #expect(seen.differences(of: whole, in: "shop").isEmpty)
            let gaps = seen.gaps(in: "shop")
            #expect(gaps.count == 3, "\(gaps)")
            #expect(gaps.contains { $0.contains("shut") } && gaps.contains { $0.contains("hidden") })
            #expect(gaps.last == "the large objects of 'shop' (no right to read)")
        }
    }
}
