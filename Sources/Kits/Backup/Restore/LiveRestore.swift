import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Restores a backup into a new database of a server that others use, compares everything, and leaves a receipt.
///
/// The database has a name of ours until whoever called gives it another; without a receipt it is half made, and is
/// dropped before the next attempt.
package struct LiveRestore: Sendable {
    package var folder: BackupFolder
    package var key: BackupKey
    package var backup: BelievedBackup
    /// Of the backup's roles, those that have to be there (`LiveRequirements`).
    package var roles: [String]
    /// A database of the server, and a superuser's way into it.
    package var address: DatabaseAddress
    /// Names run and step, so that what outlives us is found.
    package var applicationName: String
    /// What the new database is called.
    package var name: String
    /// A directory of its own, removed before and after.
    package var directory: String
    package var receipts: RestoreReceipts
    package var runID: String
    package var step: Int
    /// Nil for all of it.
    package var selection: RestoreSelection?
    package var jobs = 2
    package var programs: Programs
    /// Looked into before the usual places of PostgreSQL's programs.
    package var directories: [String] = []
    package var tell: @Sendable (String) -> Void = { _ in }
    /// Called between restore and comparison: tests alter the database there.
    var restored: @Sendable (DatabaseAddress) async throws -> Void = { _ in }

    package init(
        _ folder: BackupFolder, key: BackupKey, backup: BelievedBackup, roles: [String], address: DatabaseAddress,
        applicationName: String, name: String, directory: String, receipts: RestoreReceipts, runID: String, step: Int,
        programs: Programs
    ) {
        self.folder = folder
        self.key = key
        self.backup = backup
        self.roles = roles
        self.address = address
        self.applicationName = applicationName
        self.name = name
        self.directory = directory
        self.receipts = receipts
        self.runID = runID
        self.step = step
        self.programs = programs
    }

    var manifest: BackupManifest { backup.manifest }
    var path: String { folder.path(of: manifest.id) }
    var clock: WallClock { programs.clock }
    var blocking: Blocking { Blocking(label: "mainstay.restore") }

    /// What the environment of pg_restore says, so that one that outlives us is found.
    static let mark = "MAINSTAY_RESTORE"

    /// What a plan shows of the program; database and directory have their names only when it runs.
    package static func commandWords(
        _ program: ClientProgram, jobs: Int, database: String, isPart: Bool
    ) -> [String] {
        [program.path]
            + arguments(jobs: jobs, database: database, directory: "DIRECTORY", list: isPart ? "LIST" : nil)
    }

    static func arguments(jobs: Int, database: String, directory: String, list: String? = nil) -> [String] {
        ["--no-tablespaces", "--no-password", "--jobs=\(max(2, jobs))", "--dbname=\(database)"]
            + (list.map { ["--use-list=\($0)"] } ?? []) + [directory]
    }

    /// - Returns: the receipt, which is durable.
    /// - Throws: `LiveRestoreError`, `PostgreSQLError`, `ProgramError`, `FileError`. The half made database is gone then,
    ///   unless we were cancelled or the server cannot be reached: the next attempt drops it.
    @discardableResult
    package func run() async throws -> RestoreReceipt {
        let began = clock.now()
        endLeftovers()
        try await refuseDamage()
        try await withServer { try await drop($0) }
        let (creation, properties) = try await statements()
        let selected = try await selected()
        do {
            let oid = try await withServer { try await create($0, creation) }
            let outcome = try await restore(selected)
            try await give(properties)
            try await restored(inside)
            let comparison = try await compare(selected)
            try await analyze()
            let receipt = receipt(oid, try await systemIdentifier(), outcome, comparison, selected, began: began)
            try await blocking.run { _ in try receipts.write(receipt, runID: runID, step: step, key: key) }
            try await blocking.run { _ in try removeDirectory() }
            return receipt
        } catch {
            // What failed first is what a person has to know; what resists is dropped by the next attempt.
            do {
                try await withServer { try await drop($0) }
                try await blocking.run { _ in try removeDirectory() }
            } catch {}
            throw error
        }
    }

    /// pg_restore goes on when we die, and nobody feeds it any more.
    private func endLeftovers() {
        for process in StartedPrograms().having(Self.mark, directory) { kill(process, SIGKILL) }
    }

    func removeDirectory() throws {
        guard FileManager.default.fileExists(atPath: directory) else { return }
        try FileManager.default.removeItem(atPath: directory)
    }

    /// Before anything is touched.
    private func refuseDamage() async throws {
        tell("checksums of \("file".counted(manifest.files.count)), \(manifest.storedBytes)")
        var checksums = Checksums(manifest, at: path)
        checksums.width = jobs
        let problems = try await checksums.problems()
        guard problems.isEmpty else {
            throw LiveRestoreError.damaged(
                manifest.id, problems: problems.prefix(5).map { "\($0.path.printable) \($0.clause.printable)" },
                count: problems.count)
        }
    }
}
