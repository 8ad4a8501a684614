import Backup
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

@Suite("checks of backups", .temporaryDirectory, .cluster, .timeLimit(.minutes(2)))
struct BackupCheckTests {
    private let target = Target(environment: "test", resource: "main")

    private func harness() throws -> TaskHarness { try TaskHarness(healthEntries, database: TestDatabase.current) }

    private func take() async throws -> BackupManifest {
        let state = try harness().stateDirectory
        let writer = BackupWriter(
            BackupFolder(root: "\(state)/backups", target: target),
            key: try BackupKey.readOrMake("\(state)/backup.key", former: []),
            address: TestDatabase.current.address, settings: ConnectionSettings(), runID: "run",
            programs: Programs(environment: ["PATH": "/usr/bin:/bin"]))
        return try await writer.take()
    }

    @Test("no backup warns, a new one passes, and an old one warns and then is critical")
    func age() async throws {
        let none = try await check("backup.age")
        #expect(none.check("backup.age")?.state == .warning)
        #expect(none.findings("HC040").first?.mend == "mainstay backup run")
        _ = try await take()
        #expect(try await check("backup.age").check("backup.age")?.state == .passed)
        #expect(try await check("backup.age", warning: 0.001).check("backup.age")?.state == .warning)
        #expect(try await check("backup.age", warning: 0.001, critical: 0.001).check("backup.age")?.state == .critical)
    }

    @Test(
        "'frequency' of the policy sets the limits of the age, and limits under 'checks' win over it",
        arguments: [
            (BackupFrequency.hourly, 5_400.0, 10_800.0), (.daily, 93_600, 259_200), (.weekly, 655_200, 1_814_400),
            (.monthly, 2_901_600, 8_035_200),
        ])
    func frequency(frequency: BackupFrequency, warning: Double, critical: Double) async throws {
        _ = try await take()
        var harness = try harness()
        harness.inventory.backups.policy.frequency = Written(frequency, at: .test)
        var setting = CheckSetting()
        setting.retries = Written(0, at: .test)
        let limits = CheckLimits(
            Check.backupAge.schema, setting, standard: Check.backupAge.standard?(harness.inventory, target))
        #expect(limits.warning == warning && limits.critical == critical)
        let text = try await harness.run("health check --check=backup.age").check("backup.age")?.summary
        #expect(text?.contains("(\(limits.text))") == true, "\(text ?? "")")
        setting.warning = Written(.at(5), at: .test)
        let own = CheckLimits(
            Check.backupAge.schema, setting, standard: Check.backupAge.standard?(harness.inventory, target))
        #expect(own.warning == 5 && own.critical == 259_200)
    }

    @Test("a backup without a certificate is no proof, and one whose manifest was changed is none at all")
    func proof() async throws {
        #expect(try await check("backup.proof").check("backup.proof")?.state == .warning)
        let manifest = try await take()
        let unproved = try await check("backup.proof").check("backup.proof")
        #expect(unproved?.state == .warning)
        #expect(unproved?.summary == "no backup has a proof that counts")
        let file = "\(try harness().stateDirectory)/backups/test/main/\(manifest.id)/manifest.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacingOccurrences(of: "\"number\":1", with: "\"number\":2")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let changed = try await check("backup.age").check("backup.age")
        #expect(changed?.state == .warning)
        #expect(changed?.summary.hasPrefix("there is no backup that can be believed: ") == true)
        #expect(changed?.summary.contains("\(manifest.id)") == true)
    }

    @Test("a newest backup that cannot be believed is said, though an older one is young enough")
    func troubled() async throws {
        // Taken in one second, only their names say which is the newer.
        let taken = [try await take(), try await take()].sorted { $0.id < $1.id }
        let (older, newer) = (taken[0], taken[1])
        let backups = "\(try harness().stateDirectory)/backups/test/main"
        try "{}".write(toFile: "\(backups)/\(newer.id)/manifest.json", atomically: true, encoding: .utf8)
        let age = try await check("backup.age").check("backup.age")
        #expect(age?.state == .warning)
        #expect(age?.summary.contains("\(newer.id)") == true)
        #expect(age?.summary.contains("the newest that can be believed is") == true)
        try FileManager.default.removeItem(atPath: "\(backups)/\(newer.id)")
        try "{}".write(toFile: "\(backups)/\(older.id).certificate.json", atomically: true, encoding: .utf8)
        let proof = try await check("backup.proof").check("backup.proof")
        #expect(proof?.state == .warning)
        #expect(proof?.summary.contains("signature") == true)
    }

    /// A signed manifest, which is all that is asked of it.
    private func add(
        _ manifest: BackupManifest, after time: Duration, _ key: BackupKey, _ folder: BackupFolder
    ) throws {
        var later = manifest
        let moment = manifest.times.snapshot + time
        later.times.snapshot = moment
        var generator = SystemRandomNumberGenerator()
        later.id = BackupID(at: moment, using: &generator)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(later))
        let path = folder.path(of: later.id)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/manifest.json"))
        try encoder.encode(key.sign(bytes)).write(to: URL(fileURLWithPath: "\(path)/signature.json"))
    }

    @Test("a backup of a moment that has not come yet is not young: some clock is wrong, and it warns")
    func skew() async throws {
        let manifest = try await take()
        let state = try harness().stateDirectory
        let folder = BackupFolder(root: "\(state)/backups", target: target)
        try add(manifest, after: .seconds(7_200), try BackupKey.readOrMake("\(state)/backup.key", former: []), folder)
        let found = try await check("backup.age").check("backup.age")
        #expect(found?.state == .warning)
        #expect(found?.summary.contains("is of a moment that comes in") == true, "\(found?.summary ?? "")")
    }

    @Test("a proof counts however many backups came after it, and what was extracted is no backup of the database")
    func manyLater() async throws {
        let manifest = try await take()
        let state = try harness().stateDirectory
        let folder = BackupFolder(root: "\(state)/backups", target: target)
        let key = try BackupKey.readOrMake("\(state)/backup.key", former: [])
        let proof = BackupProof(
            folder, key: key, workDirectory: TestClusters.directory, runID: "run", countsFor: .seconds(86_400 * 400),
            programs: Programs(environment: ["PATH": "/usr/bin:/bin"]))
        try folder.write(try await proof.run(manifest.id), key: key)
        for number in 1...40 { try add(manifest, after: .seconds(number), key, folder) }
        let found = try await check("backup.proof").check("backup.proof")
        #expect(found?.state == .passed, "\(found?.summary ?? "")")
        #expect(found?.summary.hasPrefix("the newest proved backup is") == true, "\(found?.summary ?? "")")
    }
}
