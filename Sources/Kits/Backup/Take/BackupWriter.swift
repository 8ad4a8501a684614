import Maintenance
import Outside
import PostgreSQL

/// Takes a backup of one database: one read of it, digested and compressed on the way.
///
/// Until everything is on the disk it has another name, and what an earlier run left half done is removed first.
package struct BackupWriter: Sendable {
    package var folder: BackupFolder
    package var key: BackupKey
    package var address: DatabaseAddress
    package var settings: ConnectionSettings
    package var runID: String
    package var jobs = 2
    package var level = 1
    /// Percent of the bytes that are read a second time.
    package var readTwice = 10
    package var programs: Programs
    /// Looked into before the usual places of PostgreSQL's programs.
    package var directories: [String] = []
    /// Told what it is busy with.
    package var tell: @Sendable (String) -> Void = { _ in }
    /// Where the database is a copy at a moment.
    var extraction: BackupManifest.Extraction?
    /// Told what is there already; nil where nobody restores it while it is made.
    var growing: GrowingBackup?

    package init(
        _ folder: BackupFolder, key: BackupKey, address: DatabaseAddress, settings: ConnectionSettings, runID: String,
        programs: Programs
    ) {
        self.folder = folder
        self.key = key
        self.address = address
        self.settings = settings
        self.runID = runID
        self.programs = programs
    }

    /// What a plan shows of the command; the snapshot and the directory have their names only when it runs.
    package static func commandWords(_ program: ClientProgram, jobs: Int, role: String?) -> [String] {
        [program.path] + DumpProgram.arguments(into: "DIRECTORY", snapshot: "SNAPSHOT", jobs: jobs, role: role)
    }

    private var clock: WallClock { programs.clock }

    /// - Throws: `BackupError`, `PostgreSQLError`, `ProgramError`, `FileError`; nothing of it is left then.
    package func take() async throws -> BackupManifest {
        let started = clock.now()
        let parent = try await Blocking().run { _ in
            let parent = try folder.make()
            return (directory: parent, lock: try parent.lock())
        }
        defer { parent.lock.release() }
        try await Blocking().run { _ in try PartialBackup.discardAll(in: parent.directory) }
        var generator = SystemRandomNumberGenerator()
        let id = BackupID(at: extraction?.moment ?? started, using: &generator)
        let partial = try await Blocking().run { _ in try PartialBackup(id, in: parent.directory) }
        do {
            var manifest = try await dump(id, into: partial, started: started)
            if let extraction { manifest.turnBack(to: extraction) }
            let unsigned = manifest
            manifest = try await Blocking().run { _ in try partial.complete(unsigned, key: key, clock: clock) }
            return manifest
        } catch {
            // What cannot be removed now is under the name of a half backup, which the next one removes first.
            try? await Blocking().run { _ in try partial.discard() }
            throw error
        }
    }

    private func dump(_ id: BackupID, into partial: PartialBackup, started: Timestamp) async throws -> BackupManifest {
        let version = try await Connection.with(address, settings) { await $0.serverVersion }
        let server = PostgreSQLVersion(number: version)
        let program = try await ClientProgram.find("pg_dump", fitting: server, in: directories, with: programs)
        let lister = try await ClientProgram.find(
            "pg_restore", fitting: program.version, in: [program.directory], with: programs)
        let number = try await nextNumber()
        let run = DumpProgram(
            address: address, role: settings.parameters["role"], applicationName: settings.applicationName,
            programs: programs)
        let dumped = try await SourceSnapshot.with(address, settings, clock: clock, tell: tell) { source in
            let reading = SourceReading(
                source: source, writer: self, partial: partial, program: run, dumper: program, lister: lister,
                server: server, number: number)
            try await checkSpace(source, partial)
            return try await reading.run()
        }
        let contents = try await DumpContents.read(partial.plain.path, lister, programs)
        let tables = try dumped.tables(by: contents)
        return BackupManifest(
            id: id, number: number, madeBy: Release.name, runID: runID, source: dumped.source,
            program: .init(version: program.version.number, commandLine: dumped.commandLine),
            times: .init(
                started: started, snapshot: dumped.time, released: dumped.released, finished: dumped.released),
            tables: tables, sequences: dumped.sequences,
            largeObjects: .init(
                digest: dumped.taken.largeObjects,
                files: dumped.taken.files.map(\.path).filter { $0.contains("/blob") }.sorted()),
            catalog: dumped.catalog.catalog, roles: dumped.roles.roles, extensions: dumped.extensions,
            files: dumped.taken.files + [dumped.catalog.file, dumped.roles.file], uncovered: dumped.omissions,
            notices: dumped.notices, extraction: nil)
    }

    private func nextNumber() async throws -> Int {
        try await Blocking().run { _ in
            // One that cannot be believed any more has had a number all the same.
            max(try folder.manifests(key: key).first { _ in true }?.number ?? 0, try folder.ids().count) + 1
        }
    }

    /// What the backup will take, as far as anybody can know: as the last one and a fifth more, or half of the rows'
    /// bytes; and the tables that are written and not yet compressed.
    private func checkSpace(_ source: SourceSnapshot, _ partial: PartialBackup) async throws {
        let sizes = source.tables.map(\.size.bytes).sorted(by: >)
        try await Blocking().run { _ in
            let last = try folder.manifests(key: key).first { _ in true }
            let compressed = last.map { $0.storedBytes.bytes * 6 / 5 } ?? sizes.reduce(0, +) / 2
            let inFlight = sizes.prefix(jobs).reduce(0) { $0 + min($1, 64 * 1_048_576) }
            let needed = ByteCount(compressed + inFlight)
            let free = try partial.directory.availableSpace()
            guard free >= needed else {
                throw BackupError.noSpace(path: partial.directory.path, needed: needed, free: free)
            }
        }
    }
}

extension BackupManifest {
    /// As of the moment that it shows, as long as it really took.
    fileprivate mutating func turnBack(to extraction: Extraction) {
        let shift = times.snapshot - extraction.moment
        times = Times(
            started: extraction.moment, snapshot: extraction.moment,
            released: times.released - shift, finished: times.finished - shift)
        source.address = "\(extraction.backup), replayed to \(extraction.moment)"
        self.extraction = extraction
    }
}
