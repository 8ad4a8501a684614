import Foundation
import Glibc
import Maintenance
import Outside
import PostgreSQL

/// Takes a base backup of a whole cluster: pg_basebackup reads its files, with the log of the time in between (`-X stream`),
/// so that what it wrote can be started by itself.
///
/// Files stay as they are, one by one: PostgreSQL 15 to 17 verify no other form, and a storage that deduplicates finds
/// again what did not change.
package struct BaseBackupWriter: Sendable {
    package var backups: BaseBackups
    package var key: BackupKey
    package var address: DatabaseAddress
    package var runID: String
    package var type: PhysicalBackupType
    package var programs: Programs
    /// Looked into before the usual places of PostgreSQL's programs.
    package var directories: [String] = []
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(
        _ backups: BaseBackups, key: BackupKey, address: DatabaseAddress, runID: String, type: PhysicalBackupType,
        programs: Programs
    ) {
        self.backups = backups
        self.key = key
        self.address = address
        self.runID = runID
        self.type = type
        self.programs = programs
    }

    /// What the environment of pg_basebackup says, so that one that outlives us is found.
    private static let mark = "MAINSTAY_BASEBACKUP"

    /// What a plan shows; the directory has its name only when it runs.
    package static func commandWords(_ program: ClientProgram, _ type: PhysicalBackupType) -> [String] {
        [program.path] + arguments(into: "DIRECTORY", changing: type == .full ? nil : "MANIFEST", [])
    }

    private static func arguments(
        into directory: String, changing manifest: String?, _ tablespaces: [(oid: UInt32, path: String)]
    ) -> [String] {
        [
            "--pgdata=\(directory)/\(BaseBackups.data)", "--format=plain", "--wal-method=stream", "--checkpoint=fast",
            "--manifest-checksums=SHA256", "--no-password", "--label=mainstay",
        ] + (manifest.map { ["--incremental=\($0)"] } ?? [])
            + tablespaces.map { oid, path in
                let old = path.replacingBytes(of: "=", with: "\\=")
                let new = "\(directory)/\(BaseBackups.tablespaces)/\(oid)".replacingBytes(of: "=", with: "\\=")
                return "--tablespace-mapping=\(old)=\(new)"
            }
    }

    /// What keeps one from being taken: nothing where it is empty.
    ///
    /// - Throws: `PostgreSQLError`.
    package static func obstacles(_ type: PhysicalBackupType, _ session: SurveySession) async throws
        -> [BaseBackupError]
    {
        let row = try await session.query(
            """
            select session_user::text as role, r.rolsuper or r.rolreplication as may,
                pg_catalog.current_setting('max_wal_senders')::int as senders,
                coalesce(pg_catalog.current_setting('summarize_wal', true), 'off') = 'on' as summaries
            from pg_catalog.pg_roles r where r.rolname = session_user
            """
        ).only
        var obstacles: [BaseBackupError] = []
        if try !row["may", as: Bool.self] { obstacles.append(.noReplication(role: try row["role"])) }
        let senders = try row["senders", as: Int.self]
        if senders < 2 { obstacles.append(.noSenders(senders)) }
        switch type {
        case .full: break
        case .differential: obstacles.append(.noSuchType(type))
        case .incremental:
            let major = PostgreSQLVersion(number: await session.serverVersion).major
            if try !row["summaries", as: Bool.self] || major < 17 { obstacles.append(.noSummaries(version: major)) }
        }
        return obstacles
    }

    /// - Returns: what was written down of it; it is durable, and has its name.
    /// - Throws: `BaseBackupError`, `PhysicalError.otherCluster`, `ProgramError`, `PostgreSQLError`, `FileError`. Nothing is
    ///   left behind then, or the next one removes it.
    package func take() async throws -> BaseBackupRecord {
        let parent = try await Blocking().run { _ in try backups.make() }
        let lock = try await Blocking().run { _ in try parent.lock() }
        defer { lock.release() }
        let known = try await Blocking().run { _ in try backups.records().believed }
        let before = try await previous(known)
        let started = programs.clock.now()
        let label = BaseBackupRecord.label(at: started, over: before?.needs.first ?? before?.label)
        let partial = "\(backups.path)/.\(label).partial"
        try await clear(parent, label, partial)
        do {
            let tablespaces = try await tablespaces()
            if before != nil, !tablespaces.isEmpty { throw BaseBackupError.tablespaces(tablespaces.map(\.path)) }
            let commandLine = try await run(into: partial, before, tablespaces)
            try await Blocking().run { _ in try Self.link(tablespaces.map(\.oid), in: partial) }
            let record = try await record(
                label, partial, started, before, tablespaces.map(\.oid), commandLine, known)
            try await Blocking().run { _ in
                try backups.write(record, in: partial, key: key)
                // pg_basebackup has synchronised its own.
                try SafeDirectory(partial).synchronize()
                try parent.rename(try FileName(".\(label).partial"), to: try FileName(label))
                try parent.synchronize()
            }
            return record
        } catch {
            // What failed first is what a person has to know; what resists goes with the next one.
            do { try await Blocking().runToEnd { try Self.remove(partial) } } catch {}
            throw error
        }
    }

    /// What an incremental one builds on: the newest there is.
    private func previous(_ known: [BaseBackupRecord]) async throws -> BaseBackupRecord? {
        switch type {
        case .full: return nil
        case .differential: throw BaseBackupError.noSuchType(type)
        case .incremental:
            guard let newest = known.last else { throw BaseBackupError.nothingToChange }
            return newest
        }
    }

    /// Ends and removes what a killed run left half done, and makes room for this one.
    private func clear(_ parent: SafeDirectory, _ label: String, _ partial: String) async throws {
        for process in StartedPrograms().having(Self.mark, backups.path) { kill(process, SIGKILL) }
        try await Blocking().run { _ in
            var left: [String] = []
            try parent.forEachName { name in
                let text = name.description
                if text.hasPrefix("."), text.hasSuffix(".partial") { left.append(parent.shown(name)) }
            }
            for path in left { try Self.remove(path) }
            guard try parent.status(of: try FileName(label)) == nil else { throw BaseBackupError.labelTaken(label) }
            guard mkdir(partial, 0o700) == 0 else {
                throw BaseBackupError.cannotMake(path: partial, reason: systemReason(errno))
            }
        }
    }

    private static func remove(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    /// pg_basebackup links to where it wrote them, and they are about to get another name.
    private static func link(_ tablespaces: [UInt32], in partial: String) throws {
        for oid in tablespaces {
            let place = "\(partial)/\(BaseBackups.data)/pg_tblspc/\(oid)"
            guard unlink(place) == 0, symlink("../../\(BaseBackups.tablespaces)/\(oid)", place) == 0 else {
                throw BaseBackupError.cannotMake(path: place, reason: systemReason(errno))
            }
        }
        guard !tablespaces.isEmpty else { return }
        for directory in ["\(partial)/\(BaseBackups.data)/pg_tblspc", "\(partial)/\(BaseBackups.tablespaces)"] {
            try SafeDirectory(directory).synchronize()
        }
    }

    /// Those that lie outside the data directory, where they are at the source.
    private func tablespaces() async throws -> [(oid: UInt32, path: String)] {
        try await SurveySession.with(address, .unlimited()) { session in
            try await session.query(
                """
                select oid, pg_catalog.pg_tablespace_location(oid) as path from pg_catalog.pg_tablespace
                where pg_catalog.pg_tablespace_location(oid) like '/%' order by oid
                """
            ).map { (try $0["oid", as: UInt32.self], try $0["path", as: String.self]) }
        }
    }

    private func run(
        into partial: String, _ before: BaseBackupRecord?, _ tablespaces: [(oid: UInt32, path: String)]
    ) async throws -> String {
        let version = PostgreSQLVersion(
            number: try await Connection.with(address, .unlimited()) { await $0.serverVersion })
        let program = try await ClientProgram.find(
            "pg_basebackup", fitting: version, in: directories, with: programs)
        // What the record is made with, so that nothing is copied for nothing where only the client is installed.
        _ = try await ServerPrograms.find(major: version.major, in: directories, with: programs)
        var environment = ChildEnvironment(address.environment)
        environment.values["PGAPPNAME"] = .plain("mainstay \(runID)")
        environment.values["LC_ALL"] = "C"
        environment.values[Self.mark] = .plain(backups.path)
        tell("taking a \(type.rawValue) base backup")
        let manifest = before.map { "\(backups.data(of: $0.label))/\(BaseBackups.manifest)" }
        let outcome = try await programs.run(
            ChildProgram(
                program.path, Self.arguments(into: partial, changing: manifest, tablespaces), environment: environment,
                workingDirectory: "/")
        ).checked()
        return outcome.commandLine
    }

    private func record(
        _ label: String, _ partial: String, _ started: Timestamp, _ before: BaseBackupRecord?, _ tablespaces: [UInt32],
        _ commandLine: String, _ known: [BaseBackupRecord]
    ) async throws -> BaseBackupRecord {
        let data = "\(partial)/\(BaseBackups.data)"
        let (manifest, digest) = try await Blocking().run { _ in
            try ServerManifest.read("\(data)/\(BaseBackups.manifest)")
        }
        guard let first = manifest.ranges.first, let last = manifest.ranges.last else {
            throw BaseBackupError.manifest(path: data, reason: "it names no write-ahead log")
        }
        let major = try await Blocking().run { _ in try Self.major(of: data) }
        let server = try await ServerPrograms.find(major: major, in: directories, with: programs)
        let control = try await ControlData.read(data, server, as: nil, with: programs)
        // The newest says whose these are: another cluster under this name is found before anybody relies on it.
        if let other = known.last, other.systemIdentifier != control.systemIdentifier {
            throw PhysicalError.otherCluster(
                stanza: BaseBackups.name, repository: other.systemIdentifier, database: control.systemIdentifier)
        }
        let stored = manifest.files.reduce(Int64(0)) { $0 + $1.size }
        return BaseBackupRecord(
            madeBy: Release.name, runID: runID, target: backups.target, label: label, type: type, started: started,
            stopped: programs.clock.now(), systemIdentifier: control.systemIdentifier, major: major,
            timeline: last.timeline, startLSN: first.start, stopLSN: last.end, stored: ByteCount(stored),
            size: ByteCount(max(stored, before?.size.bytes ?? 0)), manifestSHA256: digest,
            needs: before.map { $0.needs + [$0.label] } ?? [], tablespaces: tablespaces, commandLine: commandLine)
    }

    /// `PG_VERSION` of a data directory.
    private static func major(of data: String) throws -> Int {
        let bytes = try Descriptor.open("\(data)/PG_VERSION").contents(limit: 64) ?? []
        guard let major = Int(String(decoding: bytes, as: UTF8.self).trimmingWhitespace()) else {
            throw PhysicalError.notRestored(reason: "its PG_VERSION is no version")
        }
        return major
    }
}
