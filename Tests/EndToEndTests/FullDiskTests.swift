import Backup
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// The disk is full at every stage of a backup's life: one clear error, no half backup that is listed as good, nothing
/// older removed, and with room again the next run works.
@Suite("full disks", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct FullDiskTests {
    private var disk: String { "\(TemporaryDirectory.current)/disk" }
    private static let rows: StaticString =
        "create table t as select n, md5(n::text) as h from generate_series(1, 20000) n"

    private func prepare(_ more: String = "") async throws -> (StorageEstate, FaultyStorage) {
        let estate = StorageEstate()
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        try await TestDatabase.current.run(Self.rows)
        try estate.configure(backups: "  directory: \"\(disk)/backups\"\n\(more)")
        #expect(try await estate.run("backup", "run", "--prove").exitCode == 0)
        return (estate, try await FaultyStorage(root: disk))
    }

    private func backups() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(disk)/backups/test/main")
            .filter { BackupID($0) != nil }.sorted(by: >)
    }

    /// A part of the path at which there is no room any more, and what is stored there.
    static let stages = Soak.some(
        [
            (".partial", "the directory"), ("/dump", "the place of pg_dump"), (".dat.zst", "the rows"),
            ("toc.dat", "the list of contents"), ("catalog", "the listing of the schema"), ("roles.sql", "the roles"),
            ("manifest.json", "the manifest"), ("signature.json", "the signature of the manifest"),
            ("certificate.signature.json", "the signature of the certificate"), ("certificate.json", "the certificate"),
            ("certificate.html", "the page of the certificate"), ("keep.json", "how long it stays"),
        ], 4)

    @Test("a backup that finds no room ends with that, and the one before stays proved", arguments: stages)
    func backup(at place: String, what: String) async throws {
        let (estate, storage) = try await prepare()
        let old = try backups()
        var tight = estate
        tight.credentials = storage.environment(fullAt: place)
        let full = try await tight.run("backup", "run", "--prove", "--keep-for", "1y")
        let said = "\(full.errors)\(full.output)".inOneLine
        #expect(full.exitCode == 1, "\(what): \(said)")
        #expect(Self.isFull(said), "\(what): \(said)")
        // Proved or not, what is listed is whole.
        let listed = try await estate.run("backup", "list", "--format", "csv")
        #expect(listed.exitCode == 0 && listed.output.contains(old[0]), "\(what): \(listed.output)")
        #expect(try storage.makeRoom(), "\(what): it never came there")
        let all = try backups()
        #expect(all.contains(old[0]), "\(what)")
        for id in all {
            let whole = try await estate.run("backup", "verify", "--backup", id)
            #expect(whole.exitCode == 0, "\(what): \(whole.errors)\(whole.output)")
        }
        let next = try await estate.run("backup", "run", "--prove")
        #expect(next.exitCode == 0, "\(what): \(next.errors)\(next.output)")
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(disk)/backups/test/main")
        #expect(!left.contains { $0.hasSuffix(".partial") }, "\(what): \(left)")
        let health = try await estate.run("health", "check", "--check", "backup.age", "--check", "backup.proof")
        #expect(health.exitCode == 0, "\(what): \(health.output)")
    }

    /// As the house says it, and as the programs do that it starts.
    private static func isFull(_ said: String) -> Bool {
        said.contains("the disk is full") || said.lowercased().contains("no space left")
    }

    /// What is written on the way into a repository, beside restic's own.
    static let copying = [("copying-offsite", "what restic is given"), (".copy-offsite.json", "the receipt")]

    @Test("a copy that finds no room beside itself is none, and the next run makes it", arguments: copying)
    func copy(at place: String, what: String) async throws {
        let (estate, storage) = try await prepare()
        let path = "\(estate.program.directory)/mainstay.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("work: \"\(TestClusters.directory)\"", with: "work: \"\(disk)/work\"")
            .write(toFile: path, atomically: true, encoding: .utf8)
        var tight = estate
        tight.credentials = storage.environment(fullAt: place)
        let full = try await tight.run("backup", "copy")
        let said = "\(full.errors)\(full.output)".inOneLine
        #expect(full.exitCode == 1 && Self.isFull(said), "\(what): \(said)")
        #expect(try storage.makeRoom(), "\(what): it never came there")
        let listed = try await estate.run("backup", "list", "--format", "csv")
        #expect(!listed.output.contains("offsite"), "\(what): \(listed.output)")
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(what): \(copied.errors)\(copied.output)")
        #expect(try await estate.snapshotCount() == 1, "\(what)")
    }

    @Test("a state that is full stops a backup before it begins, and the finding is there afterwards")
    func store() async throws {
        var estate = StorageEstate()
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        try await TestDatabase.current.run(Self.rows)
        estate.program.environment["MAINSTAY_STATE"] = "\(disk)/state"
        try estate.configure(backups: "  directory: \"\(TemporaryDirectory.current)/backups\"")
        #expect(try await estate.run("backup", "run").exitCode == 0)
        let storage = try await FaultyStorage(root: disk)
        var tight = estate
        tight.credentials = storage.environment(fullAt: "sqlite")
        let full = try await tight.run("backup", "run")
        #expect(full.exitCode == 1 || full.exitCode == 4, "\(full.errors)\(full.output)")
        #expect("\(full.errors)\(full.output)".inOneLine.contains("no space"), "\(full.errors)\(full.output)")
        #expect(try storage.makeRoom())
        let shelf = "\(TemporaryDirectory.current)/backups/test/main"
        let names = try FileManager.default.contentsOfDirectory(atPath: shelf).filter { BackupID($0) != nil }
        #expect(names.count == 1, "\(names)")
        #expect(try await estate.run("backup", "run").exitCode == 0)
    }

    @Test("a restore whose server runs out of room leaves the old database as it is, and nothing of the new one")
    func restore() async throws {
        let small = try SmallDisk(bytes: 110 * 1_048_576)
        _ = chmod(TemporaryDirectory.current, 0o755)
        if let user = try SystemUser.unprivileged() { _ = chown(small.path, user.id, user.group) }
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])
        let cluster = try await PrivateCluster.start(
            TestDatabase.current.cluster.server,
            ClusterOptions(settings: ["max_wal_size": "32MB", "min_wal_size": "32MB"]), in: small.path,
            with: programs)
        do {
            try await fill(cluster, small)
            try cluster.destroy()
        } catch {
            try cluster.destroy()
            throw error
        }
        withExtendedLifetime(small) {}
    }

    private func fill(_ cluster: PrivateCluster, _ small: SmallDisk) async throws {
        let estate = StorageEstate()
        try await Connection.with(cluster.address(), .unlimited()) { connection in
            try await connection.executeScript(
                trusted: "create table t as select n, md5(n::text) as h from generate_series(1, 60000) n")
        }
        try estate.program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "host=\(cluster.socketDirectory) user=postgres dbname=postgres"
            backups: {work: "\(TestClusters.directory)"}
            """)
        #expect(try await estate.run("backup", "run").exitCode == 0)
        // Somebody else takes the room while it is restored.
        let room = try SafeDirectory(small.path).availableSpace().bytes
        #expect(
            FileManager.default.createFile(
                atPath: "\(small.path)/filler", contents: Data(count: Int(max(0, room - 3 * 1_048_576)))))
        let restored = try await estate.run("backup", "restore", "--as", "again")
        let said = "\(restored.errors)\(restored.output)".inOneLine
        #expect(restored.exitCode != 0 && (said.contains("No space left") || said.contains("free")), "\(said)")
        try FileManager.default.removeItem(atPath: "\(small.path)/filler")
        try small.grow(to: 1_024 * 1_048_576)
        let names = try await Connection.with(cluster.address(), .unlimited()) { connection in
            try await connection.query("select datname::text as name from pg_database order by 1")
                .map { try $0["name", as: String.self] }
        }
        #expect(names == ["postgres", "template0", "template1"], "\(names)")
        let again = try await estate.run("backup", "restore", "--as", "again")
        #expect(again.exitCode == 0, "\(again.errors)\(again.output)")
    }
}

/// The same for backups of whole clusters.
@Suite("full disks under physical backups", .temporaryDirectory, .timeLimit(.minutes(4)))
struct PhysicalFullDiskTests {
    @Test(
        "a repository that finds no room has no half backup, keeps the older one, and takes the next",
        arguments: ["pg_data/base", "backup.manifest", "backup.info"])
    func repository(place: String) async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let program = Program()
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
                """)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let older = try await estate.engine().info().backups.map(\.label)
            let storage = try await FaultyStorage(root: estate.repository, place: estate.directory)
            try storage.wrap("/usr/bin/pgbackrest", in: "\(estate.directory)/programs", fullAt: place)
            var tight = program
            let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            tight.environment["PATH"] = "\(estate.directory)/programs:\(own):/usr/sbin:/usr/bin:/sbin:/bin"
            let full = try await tight.run("backup", "run", "--type", "full")
            let said = "\(full.errors)\(full.output)".inOneLine
            #expect(full.exitCode == 1 && said.contains("No space left"), "\(said)")
            #expect(try storage.makeRoom(), "it never came there")
            let there = try await estate.engine().info().backups.map(\.label)
            #expect(there == older, "\(there)")
            let next = try await program.run("backup", "run", "--type", "full", "--prove")
            #expect(next.exitCode == 0, "\(next.errors)\(next.output)")
            let health = try await program.run("health", "check", "--check", "backup.physical")
            #expect(health.exitCode == 0, "\(health.output)")
        }
    }

    @Test("a restore of a cluster that finds no room leaves nothing, and says it")
    func into() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            let program = Program()
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
                """)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            let place = "\(estate.directory)/goal"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            if let user = try SystemUser.unprivileged() { _ = chown(place, user.id, user.group) }
            let storage = try await FaultyStorage(root: place, place: estate.directory)
            try storage.wrap("/usr/bin/pgbackrest", in: "\(estate.directory)/programs", fullAt: "/base/")
            var tight = program
            let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            tight.environment["PATH"] = "\(estate.directory)/programs:\(own):/usr/sbin:/usr/bin:/sbin:/bin"
            let full = try await tight.run("backup", "restore", "--into", "\(place)/restored")
            let said = "\(full.errors)\(full.output)".inOneLine
            #expect(full.exitCode == 1 && said.contains("No space left"), "\(said)")
            let left = try FileManager.default.subpathsOfDirectory(atPath: place)
            #expect(left == [], "\(left.prefix(20))")
            #expect(try storage.makeRoom())
            let again = try await program.run("backup", "restore", "--into", "\(place)/restored")
            #expect(again.exitCode == 0, "\(again.errors)\(again.output)")
        }
    }
}
