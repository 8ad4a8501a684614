import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Takes a logical backup of one database out of a physical one, as it was at a moment: the cluster is restored into a
/// private PostgreSQL, its log replayed up to that moment, and what is there is backed up as a live database would be.
///
/// From then on it is a backup like any other: proved, listed, and restored as a whole or table by table beside the live
/// database. It goes by the moment it shows, so that nothing takes it for a new one.
package struct BackupExtraction: Sendable {
    package var repository: PgBackRest
    package var workDirectory: String
    /// Of the restored cluster.
    package var superuser: String
    package var jobs = 2
    package var serverDirectories: [String] = []
    /// The cluster whose database is wanted.
    package var source = PhysicalProof.Source.unknown("nobody asked")
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ repository: PgBackRest, workDirectory: String, superuser: String) {
        self.repository = repository
        self.workDirectory = workDirectory
        self.superuser = superuser
    }

    /// The newest backup that was whole before a moment, or at all, of all or of one name.
    ///
    /// - Throws: `PhysicalError.noBackupBefore`, `.noSuchBackup`.
    package static func source(
        _ label: String?, before moment: Timestamp?, in info: RepositoryInfo
    ) throws(PhysicalError) -> PhysicalBackup {
        if let label {
            guard let backup = info[label] else { throw .noSuchBackup(label, stanza: info.stanza) }
            if let moment, backup.stopped > moment { throw .noBackupBefore(moment, oldest: backup.stopped) }
            return backup
        }
        guard let oldest = info.backups.first, let newest = info.newest else { throw .noBackup(stanza: info.stanza) }
        guard let moment else { return newest }
        guard let backup = info.backups.last(where: { $0.stopped <= moment }) else {
            throw .noBackupBefore(moment, oldest: oldest.stopped)
        }
        return backup
    }

    /// - Parameters:
    ///   - moment: everything committed until then is in it, and nothing later; nil for all that was archived.
    ///   - database: by name.
    ///   - prepare: the writer for the private database, whose address it is given.
    /// - Throws: `PhysicalError.endsBefore` where the archived log does not reach the moment, `.notRestored` where all of
    ///   it is wanted and a part of it is missing, `.otherCluster`, `BackupError`,
    ///   `ProgramError`, `ClusterError`, `PostgreSQLError`.
    package func run(
        _ backup: PhysicalBackup, at moment: Timestamp?, of database: String,
        _ prepare: (DatabaseAddress) -> BackupWriter
    ) async throws -> BackupManifest {
        let clock = repository.programs.clock
        let work = workDirectory
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
        }
        let info = try await repository.info()
        let server = try await server(of: backup, info)
        if let lack = try await RestoredCopy.lackOfSpace(for: backup, in: work) { throw lack }
        let goal = moment?.description ?? "the end of what was archived"
        tell("restoring \(backup.label) to \(goal)")
        let copy = try await RestoredCopy.restore(
            backup, from: repository, to: moment.map { .moment($0) } ?? .endOfArchive, in: work, on: server,
            superuser: superuser, jobs: jobs,
            clock: clock)
        do {
            try refuse(copy.control.systemIdentifier)
            var archived: LogPosition?
            if moment == nil {
                // A recovery ends at a gap without a word, and what came out would pass for all there was.
                let archive = try await ArchiveProof(
                    copy: copy, repository: repository, backup: backup, info: info, jobs: jobs
                ).run()
                switch archive.result {
                case .proved: archived = archive.end
                case .failed(let problems):
                    throw PhysicalError.notRestored(reason: problems.prefix(5).joined(separator: "; "))
                case .notPossible(let reason): throw PhysicalError.notRestored(reason: reason)
                }
            }
            try await recover(copy, moment, clock)
            if let archived, let reason = copy.shortfall(of: archived) {
                throw PhysicalError.notRestored(reason: reason)
            }
            tell("reading the database as of \(goal)")
            let last = try await copy.moment ?? backup.stopped
            var writer = prepare(copy.cluster.address(database: database))
            writer.extraction = BackupManifest.Extraction(
                backup: backup.label, moment: moment ?? last, replayedTo: copy.redone?.description, made: clock.now())
            let manifest = try await writer.take()
            try await Blocking().runToEnd { try copy.destroy() }
            return manifest
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try copy.destroy() } } catch {}
            throw error
        }
    }

    private func refuse(_ identifier: String) throws(PhysicalError) {
        guard case .known(let own) = source, own != identifier else { return }
        throw .otherCluster(stanza: repository.stanza, repository: identifier, database: own)
    }

    private func server(of backup: PhysicalBackup, _ info: RepositoryInfo) async throws -> ServerPrograms {
        guard let cluster = info.cluster(of: backup), let major = Int(cluster.version) else {
            throw PhysicalError.unreadable(command: "info", reason: "it does not say of which cluster a backup is")
        }
        try refuse(cluster.systemIdentifier)
        let server = try await ServerPrograms.find(major: major, in: serverDirectories, with: repository.programs)
        guard server.version.major == major else {
            throw ProgramError.notInstalled(
                program: "postgres", package: "postgresql-\(major)", searched: [server.directory])
        }
        return server
    }

    private func recover(_ copy: RestoredCopy, _ moment: Timestamp?, _ clock: WallClock) async throws {
        do {
            _ = try await copy.recover(clock: clock)
        } catch let error as ClusterError {
            guard let moment, case .startFailed(_, let log) = error,
                log.contains(where: { $0.containsBytes("recovery ended before configured recovery target") })
            else { throw error }
            let last = copy.lastCommit
            throw PhysicalError.endsBefore(moment, last: last)
        }
    }
}
