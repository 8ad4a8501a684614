import Foundation
import Glibc
import Maintenance
import Outside
import PostgreSQL

/// Brings a whole cluster back for real: a data directory that was restored from a physical backup, replayed to a moment or
/// to the end of the archived log, read from end to end by amcheck and row by row, shut down cleanly, and only then given
/// its name. The team's own server starts with it.
///
/// Until then it lies in a directory of ours beside its place, on the same filesystem; nothing that is there is written over.
package struct ClusterRestore: Sendable {
    package var engine: PhysicalEngine
    package var backup: PhysicalBackup
    /// Every commit until then comes back; nil for all there is.
    package var moment: Timestamp?
    /// Where it goes: absolute, and not there yet.
    package var directory: String
    package var superuser = "postgres"
    package var jobs = 2
    package var serverDirectories: [String] = []
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ engine: PhysicalEngine, _ backup: PhysicalBackup, to moment: Timestamp?, into directory: String) {
        self.engine = engine
        self.backup = backup
        self.moment = moment
        self.directory = directory
    }

    /// What came back.
    package struct Outcome: Codable, Hashable, Sendable {
        package var backup: String
        package var directory: String
        package var systemIdentifier: String
        package var server: String
        package var replayedTo: String?
        /// Of the last transaction that was replayed, by the clock of the source.
        package var lastCommit: Timestamp?
        package var tables: Int
        package var rows: UInt64
        package var restoreSeconds: Double
        package var recoverySeconds: Double
        package var readingSeconds: Double
        package var ended: Timestamp
    }

    private var programs: Programs { engine.programs }
    private var clock: WallClock { programs.clock }

    private var parent: String {
        let end = directory.lastIndex(of: "/") ?? directory.startIndex
        return end == directory.startIndex ? "/" : String(directory[..<end])
    }

    /// Where it is made, beside its place.
    private var work: String { "\(parent == "/" ? "" : parent)/.mainstay-restore" }

    /// Where tablespaces of the source come to.
    package var tablespaces: String { "\(directory).tablespaces" }

    /// What keeps it from being done, before anything is.
    ///
    /// - Throws: `FileError`.
    package func obstacle() async throws -> ClusterRestoreError? {
        let parent = parent
        let places = [directory, tablespaces]
        let taken = try await Blocking().run { _ -> ClusterRestoreError? in
            do { _ = try SafeDirectory(parent) } catch let error as FileError where error.isMissing {
                return .noParent(parent)
            }
            return places.first { FileManager.default.fileExists(atPath: $0) }.map { .taken($0) }
        }
        if let taken { return taken }
        return try await RestoredCopy.lackOfSpace(for: backup, in: parent).map { .lack($0) }
    }

    /// - Throws: `ClusterRestoreError`, `PhysicalError`, `ProgramError`, `ClusterError`, `PostgreSQLError`, `FileError`;
    ///   nothing has its name then, and what was made is gone, or goes with the next restore beside it.
    package func run() async throws -> Outcome {
        let work = work
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
        }
        if let obstacle = try await obstacle() { throw obstacle }
        let server = try await server()
        try await refuseDamage(server)
        tell("restoring \(backup.label), \(backup.size), with \(engine.program)")
        let copy: RestoredCopy
        do {
            copy = try await files(on: server)
        } catch {
            // Whoever filled it has emptied it again.
            _ = rmdir(work)
            throw error
        }
        do {
            let outcome = try await proved(copy, "PostgreSQL \(server.version)")
            try await hand(over: copy)
            try await Blocking().runToEnd {
                try copy.destroy()
                // Others may be restoring beside it.
                _ = rmdir(work)
            }
            return outcome
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try copy.destroy() } } catch {}
            _ = rmdir(work)
            throw error
        }
    }

    private func server() async throws -> ServerPrograms {
        guard let cluster = try await engine.info().cluster(of: backup), let major = Int(cluster.version) else {
            throw PhysicalError.unreadable(command: "info", reason: "it does not say of which cluster a backup is")
        }
        let server = try await ServerPrograms.find(major: major, in: serverDirectories, with: programs)
        guard server.version.major == major else {
            throw ProgramError.notInstalled(
                program: "postgres", package: "postgresql-\(major)", searched: [server.directory])
        }
        return server
    }

    /// pgBackRest holds every file it restores against its checksum; of files of ours that is done before.
    private func refuseDamage(_ server: ServerPrograms) async throws {
        guard case .base(let backups, _) = engine else { return }
        tell("checksums of \(backup.label)")
        let check = try await BaseBackupCheck.run(
            backup.needs + [backup.label], in: backups, server, with: programs)
        let wanted = backup
        let unsigned = try await Blocking().run { _ in try backups.unsigned(wanted) }
        let problems = unsigned + check.files + check.log
        if let problem = problems.first {
            throw ClusterRestoreError.damaged(backup.label, problem: problem, count: problems.count)
        }
    }

    private func files(on server: ServerPrograms) async throws -> RestoredCopy {
        let programs = programs
        switch engine {
        case .pgBackRest(let repository):
            let progress = ClusterRestoreProgress(clock: clock, tell: tell)
            return try await RestoredCopy.restore(
                backup, from: repository, to: moment.map { .moment($0) } ?? .endOfArchive, in: work, on: server,
                superuser: superuser, jobs: jobs, clock: clock, archiving: "preserve", progress: { progress.line($0) }
            ) { try await Self.keepConfiguration(of: $0, programs) }
        case .base(let backups, _):
            return try await RestoredCopy.unpack(
                try backups.record(of: backup.label), as: backup, from: backups, in: work, on: server,
                superuser: superuser, programs: programs
            ) { try await Self.keepConfiguration(of: $0, programs) }
        }
    }

    private func proved(_ copy: RestoredCopy, _ server: String) async throws -> Outcome {
        tell("replaying the write-ahead log\(moment.map { " to \($0)" } ?? "")")
        let recovery: Double
        do {
            recovery = try await copy.recover(clock: clock)
        } catch ClusterError.startFailed(_, let log) {
            if let moment, log.contains(where: { $0.containsBytes("before configured recovery target") }) {
                throw PhysicalError.endsBefore(moment, last: copy.lastCommit)
            }
            throw PhysicalError.notRestored(
                reason: "the server does not start from it: \(log.joined(separator: " / "))")
        }
        let last = try await copy.moment
        let helpers = ProofHelpers(copy)
        let before = try await helpers.present()
        tell("reading every page and every row of what came back")
        let reading = try await CopyReading(copy: copy, jobs: jobs, programs: programs, clock: clock).run()
        if let problem = reading.problems.first {
            throw ClusterRestoreError.damaged(backup.label, problem: problem, count: reading.problems.count)
        }
        if let gap = reading.gap { throw ClusterRestoreError.unread(gap) }
        try await helpers.remove(allBut: before)
        return Outcome(
            backup: backup.label, directory: directory, systemIdentifier: copy.control.systemIdentifier, server: server,
            replayedTo: copy.redone?.description, lastCommit: last, tables: reading.tables, rows: reading.rows,
            restoreSeconds: copy.restoreSeconds, recoverySeconds: recovery, readingSeconds: reading.seconds,
            ended: clock.now())
    }
}

extension ClusterRestore {
    /// What a private server of ours has its own of, and the cluster may have in its data directory.
    private static let configuration = [
        "postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf",
    ]

    /// Before ours takes its place.
    private static func keepConfiguration(of cluster: PrivateCluster, _ programs: Programs) async throws {
        let kept = "\(cluster.home)/kept"
        let data = cluster.dataDirectory
        let there = try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
            return configuration.filter { FileManager.default.fileExists(atPath: "\(data)/\($0)") }
        }
        guard !there.isEmpty else { return }
        try await copy(there.map { "\(data)/\($0)" }, into: kept, programs)
    }

    private static func copy(_ files: [String], into directory: String, _ programs: Programs) async throws {
        _ = try await programs.run(
            ChildProgram(
                try programs.find("cp"), ["--archive", "--target-directory=\(directory)"] + files,
                environment: ["LC_ALL": "C"], workingDirectory: "/")
        ).checked()
    }

    /// Shut down, with its own configuration, under its name.
    private func hand(over copy: RestoredCopy) async throws {
        tell("shutting down, and giving it its name")
        try await copy.cluster.stop()
        let (data, home) = (copy.cluster.dataDirectory, copy.cluster.home)
        let (directory, tablespaces, parent) = (self.directory, self.tablespaces, self.parent)
        let kept = try await Blocking().run { _ in
            let kept = try FileManager.default.contentsOfDirectory(atPath: "\(home)/kept")
            for name in Self.configuration + ["postmaster.opts"] where unlink("\(data)/\(name)") != 0 {
                guard errno == ENOENT else { throw ClusterRestoreError.cannotPlace(name, reason: systemReason(errno)) }
            }
            return kept
        }
        if !kept.isEmpty { try await Self.copy(kept.map { "\(home)/kept/\($0)" }, into: data, programs) }
        try await Blocking().run { _ in
            let outside = "\(home)/tablespaces"
            if FileManager.default.fileExists(atPath: outside) {
                // Links are called by their oid, and what they lead to as whoever restored it does: pgBackRest by its name.
                for oid in try FileManager.default.contentsOfDirectory(atPath: "\(data)/pg_tblspc") {
                    let link = "\(data)/pg_tblspc/\(oid)"
                    let place = try FileManager.default.destinationOfSymbolicLink(atPath: link)
                    guard place.utf8.starts(with: "\(outside)/".utf8) else { continue }
                    let rest = place.utf8.dropFirst(outside.utf8.count)
                    guard unlink(link) == 0, symlink("\(tablespaces)\(Substring(rest))", link) == 0 else {
                        throw ClusterRestoreError.cannotPlace(link, reason: systemReason(errno))
                    }
                }
                guard rename(outside, tablespaces) == 0 else {
                    throw ClusterRestoreError.cannotPlace(tablespaces, reason: systemReason(errno))
                }
            }
            // Last: from now on it counts. Its parent was refused where something stood in its place.
            try Descriptor.open(data).synchronizeFilesystem()
            guard rename(data, directory) == 0 else {
                throw ClusterRestoreError.cannotPlace(directory, reason: systemReason(errno))
            }
            try SafeDirectory(parent).synchronize()
        }
    }
}

/// What a proof puts into databases to read them, where they did not have it: `amcheck`, and `pg_visibility` in a schema of
/// ours. In a copy that goes away nobody minds; here it is taken out again.
private struct ProofHelpers {
    private let copy: RestoredCopy
    private static let extensions = ["amcheck", "pg_visibility"]
    private static let schema = "mainstay_proof"

    init(_ copy: RestoredCopy) { self.copy = copy }

    /// By database: those of its own.
    func present() async throws -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for name in try await databases() {
            found[name] = try await Connection.with(copy.address(name), .unlimited()) { connection in
                let rows = try await connection.query(
                    "select extname::text as name from pg_catalog.pg_extension where extname = any(\(Self.extensions))")
                let schemas = try await connection.query(
                    "select nspname::text as name from pg_catalog.pg_namespace where nspname = \(Self.schema)")
                return Set(try (rows.map { $0 } + schemas.map { $0 }).map { try $0["name", as: String.self] })
            }
        }
        return found
    }

    func remove(allBut before: [String: Set<String>]) async throws {
        for name in try await databases() {
            let own = before[name] ?? []
            try await Connection.with(copy.address(name), .unlimited()) { connection in
                for name in Self.extensions where !own.contains(name) {
                    try await connection.execute("drop extension if exists \(identifier: name)")
                }
                if !own.contains(Self.schema) {
                    try await connection.execute("drop schema if exists \(identifier: Self.schema)")
                }
            }
        }
    }

    private func databases() async throws -> [String] {
        try await Connection.with(copy.address("postgres"), .unlimited()) { connection in
            try await connection.query(
                "select datname::text as name from pg_catalog.pg_database where datallowconn order by datname"
            ).map { try $0["name", as: String.self] }
        }
    }
}
