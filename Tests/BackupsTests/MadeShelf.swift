import Command
import Composition
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Backup
@testable import Backups

/// A folder of backups with whatever age and proof a test wants: small files under manifests and certificates that are
/// signed as the real ones are. No server has to be there for them.
struct MadeShelf {
    let clock = ManualClock()
    let target = Target(environment: "live", resource: "main")
    var policy = BackupPolicy()

    var state: String { TemporaryDirectory.current + "/state" }
    var folder: BackupFolder { BackupFolder(root: "\(state)/backups", target: target) }
    var now: Timestamp { clock.clock.now() }

    func key() throws -> BackupKey { try BackupKey.readOrMake("\(state)/backup.key") }

    init(_ more: (inout BackupPolicy) throws -> Void = { _ in }) rethrows { try more(&policy) }

    /// The engine around it. The environment is protected, and its database nowhere: nobody asks for it.
    func harness(_ observer: JournalObserver = .none) throws -> TaskHarness {
        let text = try ConfiguredText("host=/nonexistent dbname=x", secrecy: .keywords, location: .test)
        let resource = Resource("main", .postgresql(PostgreSQLAccess(.keywords(text))))
        var inventory = Inventory(Environment("live", isProtected: true, [resource]))
        inventory.backups.policy = policy
        return try TaskHarness(
            Capability.backups.tasks.map(\.entry), inventory: inventory, clock: clock.clock, stateDirectory: state,
            observer: observer)
    }

    func prune(isDryRun: Bool = false) async throws -> RunSummary {
        try await harness().run("backup prune", isDryRun: isDryRun, confirm: { _ in true })
    }

    enum Standing { case none, proved, expired, refuted }

    /// - Parameters:
    ///   - age: of its snapshot, in days.
    ///   - extracted: whether it was taken out of a physical backup just now.
    @discardableResult
    func add(age: Double, _ standing: Standing = .none, extracted: Bool = false) throws -> BackupID {
        let key = try key()
        let snapshot = now - .microseconds(Int64(age * 86_400_000_000))
        var generator = SystemRandomNumberGenerator()
        let id = BackupID(at: snapshot, using: &generator)
        let path = folder.path(of: id)
        try FileManager.default.createDirectory(atPath: "\(path)/database", withIntermediateDirectories: true)
        var files: [BackupManifest.File] = []
        for name in ["roles.sql", "database/3001.dat.zst", "database/toc.dat"] {
            let bytes = Array("\(name) of \(id)".utf8)
            try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            files.append(.init(path: name, size: ByteCount(Int64(bytes.count)), sha256: "", expanded: nil))
        }
        var manifest = manifest(id, snapshot, files)
        if extracted {
            manifest.extraction = .init(backup: "20261121-020000F", moment: snapshot, replayedTo: nil, made: now)
        }
        let bytes = try JSONEncoder().encode(manifest)
        try bytes.write(to: URL(fileURLWithPath: "\(path)/\(BackupLayout.manifest)"))
        try JSONEncoder().encode(key.sign(Array(bytes)))
            .write(to: URL(fileURLWithPath: "\(path)/\(BackupLayout.signature)"))
        if standing != .none { try certify(manifest, standing, key) }
        return id
    }

    private func certify(_ manifest: BackupManifest, _ standing: Standing, _ key: BackupKey) throws {
        let certificate = Certificate(
            madeBy: "mainstay", runID: "run", backup: manifest.id, verdict: standing == .refuted ? .refuted : .proved,
            gaps: [], differences: [], differenceCount: 0, source: manifest.source, snapshot: manifest.times.snapshot,
            manifestSHA256: "", content: Certificate.Content(manifest),
            times: .init(
                began: manifest.times.finished, ended: manifest.times.finished, checksums: 1, cluster: 2, restore: 3),
            restore: nil, parts: [],
            notes: [], uncovered: [],
            countsUntil: standing == .expired ? now - .seconds(1) : now + .seconds(8 * 86_400), audit: nil)
        try folder.write(certificate, key: key)
        try Data("a page".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(manifest.id).certificate.html"))
    }

    private func manifest(_ id: BackupID, _ time: Timestamp, _ files: [BackupManifest.File]) -> BackupManifest {
        BackupManifest(
            id: id, number: 1, madeBy: "mainstay", runID: "run",
            source: .init(
                target: target, address: "/nonexistent/x", database: "x", databaseOID: 5, systemIdentifier: "1",
                serverVersion: 150_018, isStandby: false, encoding: "UTF8", collation: "C", characterType: "C",
                localeProvider: "c", locale: nil, tablespace: nil, size: ByteCount(1)),
            program: .init(version: 150_018, commandLine: "pg_dump"),
            times: .init(started: time, snapshot: time, released: time, finished: time), tables: [], sequences: [],
            largeObjects: .init(digest: LargeObjectDigest(), files: []),
            catalog: .init(version: 1, entries: 0, digest: CatalogDigest(), file: "catalog.json.zst"),
            roles: .init(origin: .program, names: [], file: "roles.sql"), extensions: [], files: files, uncovered: [],
            notices: [])
    }

    /// Every name in the folder, hidden ones too, sorted.
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

    /// As lists show them, the oldest first.
    func ids() throws -> [BackupID] { try folder.ids().reversed() }

    /// As a crash leaves it right after the first moment of a removal.
    func beginRemoval(of id: BackupID) throws {
        try FileManager.default.moveItem(
            atPath: folder.path(of: id), toPath: "\(folder.path)/\(BackupFolder.lastName(of: id))")
    }
}
