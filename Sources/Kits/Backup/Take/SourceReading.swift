import Maintenance
import Outside
import PostgreSQL
import Synchronization

/// Everything that is read of a database under one snapshot: pg_dump's own read, followed as it writes; the catalog; the
/// tables whose turn it is to be read twice; the sequences before and after.
struct SourceReading: Sendable {
    let source: SourceSnapshot
    let writer: BackupWriter
    let partial: PartialBackup
    let program: DumpProgram
    let dumper: ClientProgram
    let lister: ClientProgram
    let server: PostgreSQLVersion
    let number: Int

    struct Result: Sendable {
        var source: BackupManifest.Source
        var time: Timestamp
        var released: Timestamp
        var commandLine: String
        var notices: [String]
        var expected: [SourceTable]
        var taken: DumpFollower.Taken
        var readTwice: [UInt32: RowDigest]
        var sequences: [BackupManifest.Sequence]
        var catalog: CatalogFile.Written
        var roles: RolesFile.Written
        var extensions: [BackupManifest.Extension]
        var omissions: [BackupManifest.Omission]
    }

    private var clock: WallClock { writer.programs.clock }

    func run() async throws -> Result {
        let snapshot = source.snapshot
        let facts = try await BackupManifest.Source.read(snapshot, writer.folder.target, writer.address)
        let definitions = try await BackupManifest.Sequence.Definition.all(snapshot)
        let expected = source.tables.filter { !$0.isOfExtension && !($0.isUnlogged && facts.isStandby) }
        let turn = SourceTable.turn(expected, number: number, percent: writer.readTwice)
        let before = try await BackupManifest.Sequence.states(of: definitions) { try await snapshot.query($0) }
        let extensions = try await BackupManifest.Extension.all(snapshot)
        let follower = try DumpFollower(from: partial.plain, to: partial.database, level: writer.level) {
            writer.growing?.add($0, in: partial.database)
        }
        let outline = BackupOutline(
            source: facts, programVersion: dumper.version.number, extensions: extensions, roles: [],
            tables: expected.count)
        let child = program.dump(dumper, into: partial.plain.path, snapshot: source.name, jobs: writer.jobs)

        let part: Part
        do {
            part = try await readAll(expected, outline, follower, child, secondly: turn)
        } catch {
            // Whatever failed first then, this is the cause.
            try Task.checkCancellation()
            try await refuseLoss()
            throw error
        }
        let after = try await BackupManifest.Sequence.states(of: definitions) { try await snapshot.query($0) }
        let omissions = try await BackupManifest.Omission.all(snapshot, isStandby: facts.isStandby)
        guard let outcome = part.outcome, let catalog = part.catalog, let roles = part.roles else {
            preconditionFailure("a part of the reading ended without a result")
        }
        return Result(
            source: facts, time: source.time, released: clock.now(), commandLine: outcome.commandLine,
            notices: outcome.errorOutput.lastLines(100), expected: expected, taken: follower.result,
            readTwice: part.digests, sequences: try sequences(definitions, before, after), catalog: catalog,
            roles: roles, extensions: extensions, omissions: omissions)
    }

    /// Everything at once; the first that fails ends the others.
    private func readAll(
        _ expected: [SourceTable], _ outline: BackupOutline, _ follower: DumpFollower, _ child: ChildProgram,
        secondly turn: [SourceTable]
    ) async throws -> Part {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                let outcome = try await writer.programs.run(child).checked()
                try follower.end()
                // A database without rows has no first file to say so.
                writer.growing?.add(.begun, in: partial.database)
                return Part(outcome: outcome)
            }
            for _ in 0..<writer.jobs {
                group.addTask {
                    try await Blocking().run { try follower.follow($0) }
                    return Part()
                }
            }
            group.addTask { try await definitions(expected, outline) }
            group.addTask { Part(digests: try await digests(turn)) }
            group.addTask { try await watch(follower, expected) }
            var whole = Part()
            // All but the watch, which goes on as long as the others.
            for _ in 0..<(writer.jobs + 3) {
                guard let next = try await group.next() else { break }
                whole.merge(next)
            }
            group.cancelAll()
            return whole
        }
    }

    /// Asks the session that holds the snapshot whether it still does.
    private func refuseLoss() async throws {
        do {
            _ = try await source.snapshot.query("select 1")
        } catch let error as PostgreSQLError {
            try Task.checkCancellation()
            throw BackupError.snapshotLost(reason: error.problem)
        }
    }

    private struct Part: Sendable {
        var outcome: ProgramOutcome?
        var catalog: CatalogFile.Written?
        var roles: RolesFile.Written?
        var digests: [UInt32: RowDigest] = [:]

        mutating func merge(_ other: Part) {
            outcome = outcome ?? other.outcome
            catalog = catalog ?? other.catalog
            roles = roles ?? other.roles
            digests.merge(other.digests) { _, new in new }
        }
    }

    private var address: DatabaseAddress { writer.address }

    private var settings: ConnectionSettings {
        var settings = writer.settings
        settings.statementTimeout = nil
        settings.idleInTransactionTimeout = nil
        return settings
    }

    /// The listing of the schema and the roles, after which a restore beside the backup can begin.
    private func definitions(_ expected: [SourceTable], _ outline: BackupOutline) async throws -> Part {
        async let roles = RolesFile.write(
            program, server, beside: dumper, database: outline.source.database, into: partial)
        let catalog = try await CatalogFile.write(address, settings, source.name, into: partial)
        let part = Part(catalog: catalog, roles: try await roles)
        guard let growing = writer.growing, let roles = part.roles else { return part }
        try await growing.untilContents()
        let (contents, digest) = try await Blocking().run { _ in
            let file = try partial.plain.open(try FileName("toc.dat"))
            return (file, try file.sha256())
        }
        let listed = try await DumpContents.read(partial.plain.path, lister, writer.programs)
        let sizes = Dictionary(expected.map { ($0.oid, $0.size) }) { first, _ in first }
        var outline = outline
        outline.roles = roles.roles.names
        growing.begin(
            GrowingBackup.Beginning(
                outline: outline, roles: roles.script, collations: catalog.collations, contents: contents,
                contentsDigest: digest, feeds: listed.feeds(sizes, dumper: dumper.version)))
        return part
    }

    /// A second read of some tables by a COPY of our own, which has nothing of pg_dump's.
    private func digests(_ tables: [SourceTable]) async throws -> [UInt32: RowDigest] {
        guard !tables.isEmpty else { return [:] }
        return try await DatabaseSnapshot.with(address, settings: settings, sharing: source.name) { snapshot in
            var digests: [UInt32: RowDigest] = [:]
            for table in tables {
                digests[table.oid] = try await snapshot.digest(DigestTable(table.name, columns: table.columns))
            }
            return digests
        }
    }

    /// Tells how far it is, and asks the session that holds the snapshot whether it still does; ends by cancellation.
    private func watch(_ follower: DumpFollower, _ expected: [SourceTable]) async throws -> Part {
        while true {
            try await clock.sleep(for: .seconds(1))
            let progress = follower.progress
            writer.tell(
                "\(progress.files) of about \(expected.count) tables, \(ByteCount(progress.bytes)) of rows")
            try await refuseLoss()
        }
    }

    private func sequences(
        _ definitions: [BackupManifest.Sequence.Definition],
        _ before: [UInt32: BackupManifest.Sequence.State], _ after: [UInt32: BackupManifest.Sequence.State]
    ) throws -> [BackupManifest.Sequence] {
        definitions.map { definition in
            guard let first = before[definition.oid], let last = after[definition.oid] else {
                preconditionFailure("a sequence was asked for and not answered")
            }
            return BackupManifest.Sequence(
                name: definition.name, oid: definition.oid, increment: definition.increment,
                isCycling: definition.isCycling, before: first, after: last)
        }.sorted { $0.name < $1.name }
    }
}

extension SourceReading.Result {
    /// What the files are of: every table that has to be there is, whole, and those read twice are the same.
    ///
    /// - Throws: `BackupError.leftOut`, `BackupError.dumpDiffers`.
    func tables(by contents: DumpContents) throws(BackupError) -> [BackupManifest.Table] {
        let numbers = Dictionary(contents.tables.map { ($0.oid, $0.number) }) { first, _ in first }
        var tables: [BackupManifest.Table] = []
        var missing: [QualifiedName] = []
        for table in expected {
            guard let number = numbers[table.oid], let found = taken.tables[number] else {
                missing.append(table.name)
                continue
            }
            let second = readTwice[table.oid]
            if let second, second != found.digest {
                throw .dumpDiffers(table.name, dumped: found.digest, read: second)
            }
            tables.append(
                BackupManifest.Table(
                    name: table.name, oid: table.oid, columns: table.columns, digest: found.digest,
                    isReadTwice: second != nil, file: found.file))
        }
        guard missing.isEmpty else { throw .leftOut(missing) }
        return tables.sorted { $0.name < $1.name }
    }
}
