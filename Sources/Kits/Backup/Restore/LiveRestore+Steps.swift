import Foundation
import Maintenance
import Outside
import PostgreSQL

extension LiveRestore {
    /// For sessions inside the new database, whatever settings it brings along.
    var inside: DatabaseAddress {
        address.with(database: name).with(options: RestoreSettings.byHand)
    }

    var unlimited: ConnectionSettings { .unlimited(applicationName: applicationName) }

    /// The present database may be read-only for everybody.
    func withServer<Value: Sendable>(_ body: (Connection) async throws -> Value) async throws -> Value {
        try await Connection.with(address.with(options: RestoreSettings.byHand), unlimited) { try await body($0) }
    }

    /// Its name names run and step: it is ours.
    func drop(_ connection: Connection) async throws {
        try await connection.execute("drop database if exists \(identifier: name) with (force)")
    }

    /// Nobody but superusers gets in before its grants are restored.
    func create(_ connection: Connection, _ creation: String) async throws -> UInt32 {
        tell("creating \(name)")
        // pg_dump wrote it, and the manifest has its checksum.
        try await connection.execute(SQL(trusted: creation))
        try await connection.execute("revoke connect, temporary on database \(identifier: name) from public")
        return try await connection.query("select oid from pg_catalog.pg_database where datname = \(name)").only["oid"]
    }

    func program() async throws -> ClientProgram {
        let server = PostgreSQLVersion(number: try await withServer { await $0.serverVersion })
        let dump = PostgreSQLVersion(number: manifest.program.version)
        return try await ClientProgram.find(
            "pg_restore", fitting: max(server, dump), in: directories, with: programs)
    }

    /// The dump's own statements about the database, for its new name.
    func statements() async throws -> (creation: String, properties: [String]) {
        let program = try await program()
        let dump = "\(path)/\(BackupLayout.database)"
        var lines: [String] = []
        let list = ChildProgram(program.path, ["--create", "--list", dump], environment: ["LC_ALL": "C"])
        _ = try await programs.run(list) { (line: LineSplitter.Line) in
            if ArchiveEntry(line.text)?.isAboutDatabase == true { lines.append(line.text) }
        }.checked()
        let wanted = lines.joined(separator: "\n") + "\n"
        let file = "\(directory)/database.list"
        try await blocking.run { _ in
            try removeDirectory()
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try SafeDirectory(directory).write(try FileName("database.list"), Array(wanted.utf8), mode: 0o600)
        }
        let printing = ChildProgram(
            program.path, ["--create", "--use-list=\(file)", "--file=-", dump], environment: ["LC_ALL": "C"])
        let outcome = try await programs.run(printing, keeping: ByteCount(16 * 1_048_576)).checked()
        let script = ArchiveScript(outcome.output.text, of: manifest.source.database, as: name)
        guard let creation = script.creation, outcome.output.cut == 0 else {
            throw LiveRestoreError.noDatabaseInDump(manifest.id)
        }
        return (creation, script.properties)
    }

    /// What the selection leads to; nil where everything is restored.
    func selected() async throws -> SelectedContent? {
        guard let selection else { return nil }
        let graph = try await DumpGraph.read("\(path)/\(BackupLayout.database)", try await program().path, programs)
        let part = graph.part(selection, of: manifest)
        let list = part.list
        try await blocking.run { _ in
            try SafeDirectory(directory).write(try FileName("part.list"), Array(list.utf8), mode: 0o600)
        }
        return SelectedContent(selection: selection, part: part)
    }

    func restore(_ selected: SelectedContent?) async throws -> Restore.Outcome {
        let program = try await program()
        let files = "\(directory)/files"
        let source = try await blocking.run { _ in
            try FileManager.default.createDirectory(
                atPath: files, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            return try StoredBackup(manifest, at: path, only: selected?.part.rowFiles)
        }
        var environment = ChildEnvironment(inside.environment)
        environment.values["PGAPPNAME"] = .plain(applicationName)
        environment.values["LC_ALL"] = "C"
        environment.values[Self.mark] = .plain(directory)
        let child = ChildProgram(
            program.path,
            Self.arguments(
                jobs: jobs, database: name, directory: files, list: selected.map { _ in "\(directory)/part.list" }),
            environment: environment)
        // Whatever has rows, or is a large object, needs one of these first.
        let gate = RestoreGate(
            address: inside, settings: unlimited,
            relations: ["pg_class", "pg_largeobject_metadata"].map { QualifiedName(schema: "pg_catalog", name: $0) },
            waiter: String(decoding: applicationName.utf8.prefix(63), as: UTF8.self))
        var fed = FedRestore(
            source: source, mirror: RestoreMirror(files, readableBy: nil), child: child, jobs: max(2, jobs),
            gate: gate, programs: programs)
        tell("restoring \(selected == nil ? manifest.source.size : source.size) with \(fed.jobs) jobs")
        let progress = RestoreProgress(total: source.size, began: clock.monotonic(), clock: clock, tell: tell)
        fed.progress = { progress.tell(given: $0) }
        let outcome = try await fed.run()
        guard outcome.complaints.isEmpty, outcome.count == 0 else {
            throw LiveRestoreError.complaints(
                outcome.complaints.prefix(3).map(\.description), count: outcome.count)
        }
        return outcome
    }

    /// Owner, settings, comment and grants of the database itself, as the dump has them.
    func give(_ properties: [String]) async throws {
        try await withServer { connection in
            try await connection.execute("grant connect, temporary on database \(identifier: name) to public")
            for statement in properties { try await connection.execute(SQL(trusted: statement)) }
        }
    }

    func compare(_ selected: SelectedContent?) async throws -> Comparison {
        var manifest = selected?.manifest(of: manifest) ?? manifest
        tell("comparing \("table".counted(manifest.tables.count)), \(manifest.contentBytes) of rows")
        manifest.roles.names = roles
        let catalog = StoredCatalog(path: "\(path)/\(manifest.catalog.file)")
        let database = RestoredDatabase(manifest, at: inside, connections: jobs, clock: clock)
        var comparison = try await database.comparison {
            let source = try await blocking.run { _ in try catalog.entries() }
            guard let selected else { return source }
            return selected.expected(source, restored: try await database.listing())
        }
        if let selected { comparison.notes = selected.notes(of: self.manifest) + comparison.notes }
        if let gap = comparison.gaps.first { throw LiveRestoreError.lacking(gap.problem, hint: gap.hint) }
        guard comparison.differences.isEmpty else {
            throw LiveRestoreError.differs(
                manifest.id, differences: comparison.differences.prefix(5).map(\.description),
                count: comparison.differences.count)
        }
        return comparison
    }

    /// Planner statistics are in no backup, and the first query would not wait for autovacuum.
    func analyze() async throws {
        tell("collecting planner statistics")
        try await Connection.with(inside, unlimited) { try await $0.execute("analyze") }
    }

    func systemIdentifier() async throws -> String? {
        try await SurveySession.with(address, unlimited) { try await ServerFacts($0).systemIdentifier }
    }

    func receipt(
        _ oid: UInt32, _ systemIdentifier: String?, _ outcome: Restore.Outcome, _ comparison: Comparison,
        _ selected: SelectedContent?, began: Timestamp
    ) -> RestoreReceipt {
        var times = Certificate.Times(began: began, ended: clock.now())
        times.restore = outcome.duration.inSeconds
        times.comparison = comparison.parts.reduce(0) { max($0, $1.seconds) }
        let certificate = Certificate(
            madeBy: Release.name, runID: runID, backup: manifest.id, verdict: .proved, gaps: [], differences: [],
            differenceCount: 0, source: manifest.source, snapshot: manifest.times.snapshot,
            manifestSHA256: backup.digest, content: Certificate.Content(selected?.manifest(of: manifest) ?? manifest),
            times: times,
            restore: Certificate.Restore(
                server: address.description, commandLine: outcome.commandLine, jobs: max(2, jobs), complaints: [],
                complaintCount: 0), parts: comparison.parts, notes: comparison.notes, uncovered: manifest.uncovered,
            countsUntil: times.ended)
        return RestoreReceipt(
            target: folder.target, database: name, databaseOID: oid, systemIdentifier: systemIdentifier,
            certificate: certificate)
    }
}
