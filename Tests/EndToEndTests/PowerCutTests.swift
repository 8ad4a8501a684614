import Backup
import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// The power goes. On a storage that keeps its word nothing is lost that was said to be done; on one that lies about
/// fsync what is lost is found and named, and never believed.
@Suite("the power goes", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct PowerCutTests {
    private let estate = StorageEstate()
    private var disk: String { "\(estate.program.directory)/disk" }

    /// - Parameter onDisk: whether the state lies there too, made by the first command.
    private func prepare(onDisk: Bool) async throws -> (StorageEstate, FaultyStorage) {
        var estate = estate
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        try await TestDatabase.current.run(
            "create table t as select n, md5(n::text) as h from generate_series(1, 5000) n; create table u (a int)")
        if onDisk {
            estate.program.environment["MAINSTAY_STATE"] = "\(disk)/var/lib/state"
            try estate.configure()
        } else {
            try estate.configure(backups: "  directory: \"\(disk)/backups\"")
        }
        return (estate, try await FaultyStorage(root: disk))
    }

    private func with(_ variables: [String: String], _ estate: StorageEstate) -> StorageEstate {
        var estate = estate
        estate.credentials = variables
        return estate
    }

    // MARK: - A storage that keeps its word

    @Test("a backup that was proved is there and proved after the power went, and so is the run, the first one too")
    func keepsItsWord() async throws {
        let (estate, storage) = try await prepare(onDisk: true)
        let taken = try await with(storage.environment(), estate).run("backup", "run", "--prove", "--keep-for", "1y")
        #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
        let listed = try await estate.run("backup", "list", "--format", "csv")
        try await storage.cut(.everything)
        let after = try await estate.run("backup", "list", "--format", "csv")
        #expect(after.output.contains("proved") && after.output == listed.output, "\(after.errors)\(after.output)")
        let runs = try await estate.run("runs", "--format", "csv")
        #expect(runs.output.contains("succeeded"), "\(runs.errors)\(runs.output)")
        let audit = try await estate.run("audit", "verify")
        #expect(audit.exitCode == 0, "\(audit.errors)\(audit.output)")
        let again = try await estate.run("backup", "verify")
        #expect(again.exitCode == 0, "\(again.errors)\(again.output)")
    }

    @Test(
        "killed anywhere and without power, a backup is there once and whole after resume",
        arguments: Soak.some(CrashTests.points, 2)
    )
    func killedAndCut(state: ChangeState, moment: JournalObserver.Moment) async throws {
        let (estate, storage) = try await prepare(onDisk: true)
        #expect(try await with(storage.environment(), estate).run("backup", "run").exitCode == 0)
        var dying = storage.environment()
        dying["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        let killed = try await with(dying, estate).run("backup", "run")
        // A shell that waits says it by its own status.
        #expect(
            killed.exitCode == 128 + SIGKILL || killed.status == .signalled(SIGKILL),
            "\(killed.errors)\(killed.output)")
        try await storage.cut(.everything)
        let resumed = try await estate.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        let shelf = "\(disk)/var/lib/state/backups/test/main"
        let names = try FileManager.default.contentsOfDirectory(atPath: shelf).filter { BackupID($0) != nil }
        #expect(names.count == 2, "\(names)")
        let proved = try await estate.run("backup", "verify", "--all")
        #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
    }

    // MARK: - A storage that lies

    private func backups(_ estate: StorageEstate) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(disk)/backups/test/main")
            .filter { BackupID($0) != nil }.sorted(by: >)
    }

    @Test("a backup that is gone with the power is named by the run that took it, and the older one stays")
    func isGone() async throws {
        let (estate, storage) = try await prepare(onDisk: false)
        #expect(try await estate.run("backup", "run", "--prove").exitCode == 0)
        try await storage.begin()
        let taken = try await with(storage.environment(lies: true), estate).run("backup", "run", "--prove")
        #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
        #expect(
            try storage.synchronised().dropped.contains { $0.hasSuffix("manifest.json") || $0.contains("manifest") })
        let both = try backups(estate)
        try await storage.cut(.everything)
        #expect(try backups(estate) == Array(both.suffix(1)))
        let health = try await estate.run("health", "check", "--check", "backup.age")
        let said = "\(health.errors)\(health.output)".inOneLine
        #expect(health.exitCode == 3, "\(said)")
        #expect(said.contains("backup \(both[0]) of run") && said.contains("its storage lost it"), "\(said)")
        let pruned = try await estate.run("backup", "prune", "--dry-run")
        #expect(!pruned.output.contains("remove \(both[1])"), "\(pruned.output)")
        // The next backup takes its place, and the finding ends.
        #expect(try await estate.run("backup", "run").exitCode == 0)
        #expect(try await estate.run("health", "check", "--check", "backup.age").exitCode == 0)
    }

    @Test("files that are there and empty after the power went are named, and the backup is not believed")
    func isEmpty() async throws {
        let (estate, storage) = try await prepare(onDisk: false)
        #expect(try await estate.run("backup", "run", "--prove").exitCode == 0)
        try await storage.begin()
        #expect(try await with(storage.environment(lies: true), estate).run("backup", "run").exitCode == 0)
        try await storage.cut(.contents)
        let both = try backups(estate)
        #expect(both.count == 2)
        let verified = try await estate.run("backup", "verify")
        let said = "\(verified.errors)\(verified.output)".inOneLine
        #expect(verified.exitCode == 1 && said.contains(both[0]), "\(said)")
        let health = try await estate.run("health", "check", "--check", "backup.age")
        #expect(health.exitCode != 0 || health.output.contains("warning"), "\(health.output)")
        #expect(try backups(estate) == both)
    }

    @Test(
        "whatever of a backup is there after the power went, it is proved only where all of it is",
        arguments: Soak.some(Array(1...6), 2))
    func partly(seed: Int) async throws {
        let (estate, storage) = try await prepare(onDisk: false)
        try await storage.begin()
        #expect(try await with(storage.environment(lies: true), estate).run("backup", "run").exitCode == 0)
        let id = try #require(try backups(estate).first)
        let original = "\(TemporaryDirectory.current)/original"
        try FileManager.default.copyItem(atPath: "\(disk)/backups/test/main/\(id)", toPath: original)
        try await storage.cut(.some(seed: seed))
        let same = try await estate.program.shell("diff -r '\(original)' '\(disk)/backups/test/main/\(id)'")
        let verified = try await estate.run("backup", "verify", "--backup", id)
        #expect((verified.exitCode == 0) == (same.exitCode == 0), "\(same.output)\(verified.errors)\(verified.output)")
        if same.exitCode != 0 { #expect(!(try await estate.run("backup", "list").output.contains("proved,"))) }
    }

    @Test(
        "a repository of restic that the power took apart is named as that", arguments: Soak.some([nil, 1, 2, 3, 4], 2))
    func repository(seed: Int?) async throws {
        var (estate, storage) = try await prepare(onDisk: false)
        estate.repository = "\(disk)/repository"
        try estate.configure()
        try await estate.backUp()
        try await storage.begin()
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        try await storage.cut(seed.map { .some(seed: $0) } ?? .everything)
        let compared = try await estate.run("backup", "cross-region", "--parts=1")
        let whole = try await estate.restic("check", "--read-data")
        let snapshots = try await estate.restic("snapshots", "--no-lock")
        let isWhole = whole.exitCode == 0 && snapshots.output.contains("mainstay")
        #expect(
            (compared.exitCode == 0) == isWhole, "\(whole.errors)\(compared.errors)\(compared.output)")
        guard !isWhole else { return }
        let words = ["is damaged", "is gone: there was one", "opens no key", "holds no copy", "cannot be read"]
        #expect(words.contains { "\(compared.errors)\(compared.output)".inOneLine.contains($0) }, "\(compared.output)")
    }

    // MARK: - Other programs' storages

    @Test("copies on a server whose storage loses them are missed, and made again")
    func server() async throws {
        var estate = estate
        let place = "\(TemporaryDirectory.current)/elsewhere"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        let storage = try await FaultyStorage(root: place)
        let programs = "\(TemporaryDirectory.current)/programs"
        try storage.wrap("/usr/lib/openssh/sftp-server", in: programs, lies: true)
        let server = try await SFTPServer.start(repository: "\(place)/repository", program: "\(programs)/sftp-server")
        estate.repository = server.repository
        estate.server = server.server
        try await estate.prepare(more: "sftp-command: \"\(server.command)\"")
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        try await storage.cut(.everything)
        let missed = try await estate.run("backup", "cross-region")
        let said = "\(missed.errors)\(missed.output)".inOneLine
        #expect(missed.exitCode != 0 && said.contains("is gone: there was one"), "\(said)")
        #expect(try estate.backups().count == 1)
    }
}

extension String {
    /// However a terminal breaks it.
    var inOneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

/// The same for backups of whole clusters.
@Suite("the power goes, with physical backups", .temporaryDirectory, .timeLimit(.minutes(4)))
struct PhysicalPowerCutTests {
    private func configure(_ program: Program, _ estate: PhysicalEstate, engine: String? = nil) throws {
        let physical = engine.map { "engine: \($0)" } ?? "stanza: shop, configuration: \(estate.configuration)"
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

    /// pgBackRest goes through the storage, for us and for the server's archive_command.
    private func go(through storage: FaultyStorage, lies: Bool, _ estate: PhysicalEstate) async throws -> String {
        let programs = "\(estate.directory)/programs"
        try storage.wrap("/usr/bin/pgbackrest", in: programs, lies: lies)
        let command = "\(programs)/pgbackrest --config=\(estate.configuration) --stanza=shop archive-push %p"
        try await estate.sql("alter system set archive_command = '\(command)'")
        try await estate.sql("select pg_reload_conf()")
        // What was archived on the old way is on the disk.
        try await estate.archive()
        try await storage.begin()
        return programs
    }

    @Test(
        "what pgBackRest said to be done is there and proved on a storage that keeps its word, and missed on one that lies"
    )
    func repository() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            var program = Program()
            try configure(program, estate)
            let storage = try await FaultyStorage(root: estate.repository, place: estate.directory)
            for lies in [false, true] {
                let programs = try await go(through: storage, lies: lies, estate)
                let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
                program.environment["PATH"] = "\(programs):\(own):/usr/sbin:/usr/bin:/sbin:/bin"
                let taken = try await program.run("backup", "run", "--type", "full")
                #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
                let label = try #require(try await estate.engine().info().newest).label
                if !lies {
                    try await storage.cut(.everything)
                    let proved = try await program.run("backup", "verify", "--physical", "--backup", label)
                    #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
                    continue
                }
                #expect(try storage.synchronised().dropped.count > 10)
                try await storage.cut(.everything)
                #expect(try await estate.engine().info().newest?.label != label)
                let health = try await program.run("health", "check", "--check", "backup.physical")
                let said = "\(health.errors)\(health.output)".inOneLine
                #expect(health.exitCode == 3 && said.contains("backup \(label) of run"), "\(said)")
            }
        }
    }

    @Test("a repository whose files are there and empty is refuted by name")
    func emptyFiles() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            var program = Program()
            try configure(program, estate)
            let storage = try await FaultyStorage(root: estate.repository, place: estate.directory)
            let programs = try await go(through: storage, lies: true, estate)
            let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            program.environment["PATH"] = "\(programs):\(own):/usr/sbin:/usr/bin:/sbin:/bin"
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            try await storage.cut(.some(seed: 7))
            let verified = try await program.run("backup", "verify", "--physical")
            #expect(verified.exitCode != 0, "\(verified.output)")
            let said = "\(verified.errors)\(verified.output)".inOneLine
            let words = ["backup.info", "checksum", "manifest", "has no backup", "missing"]
            #expect(words.contains { said.contains($0) }, "\(said)")
        }
    }

    @Test("a base backup is there and proved after the power went; one of a storage that lies is missed")
    func base() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let disk = "\(estate.directory)/disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
            var program = Program()
            program.environment["MAINSTAY_STATE"] = "\(disk)/state"
            try configure(program, estate, engine: "basebackup")
            let storage = try await FaultyStorage(root: disk, place: estate.directory)
            for lies in [false, true] {
                var through = program
                through.environment.merge(storage.environment(lies: lies)) { $1 }
                let taken = try await through.run("backup", "run", "--type", "full")
                #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
                let shelf = "\(disk)/state/backups/test/main/physical/base"
                let label = try #require(try FileManager.default.contentsOfDirectory(atPath: shelf).max())
                // pg_basebackup synchronises what it wrote; whether we do is asked here.
                if !lies {
                    try await storage.keep("\(shelf)/\(label)/data")
                    let spaces = "\(shelf)/\(label)/tablespaces"
                    for oid in try FileManager.default.contentsOfDirectory(atPath: spaces) {
                        try await storage.keep("\(spaces)/\(oid)")
                    }
                }
                try await storage.cut(.everything)
                let proved = try await program.run("backup", "verify", "--physical", "--backup", label)
                #expect((proved.exitCode == 0) == !lies, "\(lies): \(proved.errors)\(proved.output)")
            }
        }
    }
}
