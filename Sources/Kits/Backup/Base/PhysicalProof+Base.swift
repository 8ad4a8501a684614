import Maintenance
import Outside
import PostgreSQL

extension PhysicalProof {
    enum FoundServer {
        case here(ServerPrograms)
        /// Why there is none, with the line that installs it.
        case missing(String)
    }

    /// A physical backup starts on its own major version only.
    func server(of cluster: RepositoryInfo.Cluster) async throws -> FoundServer {
        guard let major = Int(cluster.version) else {
            throw PhysicalError.unreadable(command: "info", reason: "'\(cluster.version)' is no version of PostgreSQL")
        }
        do {
            let server = try await ServerPrograms.find(major: major, in: serverDirectories, with: programs)
            guard server.version.major == major else {
                return .missing(
                    "PostgreSQL \(major) is needed, and \(server.version) is here: apt-get install postgresql-\(major)")
            }
            return .here(server)
        } catch let error as ProgramError {
            guard case .notInstalled = error else { throw error }
            return .missing("\(error.problem): \(error.hint ?? "")")
        }
    }

    func digests(_ backup: PhysicalBackup, _ backups: BaseBackups) async throws -> [String] {
        try await Blocking().run { _ in try backups.unsigned(backup) }
    }

    /// Every file of it, and of those it is combined with, as it lies there.
    func verify(
        _ backup: PhysicalBackup, _ cluster: RepositoryInfo.Cluster, _ backups: BaseBackups,
        _ check: inout BaseBackupCheck
    ) async throws -> Climb.Result {
        switch try await server(of: cluster) {
        case .missing(let reason): return .notPossible(reason)
        case .here(let server):
            tell("checksums of \(backup.label)")
            check = try await BaseBackupCheck.run(
                backup.needs + [backup.label], in: backups, server, with: programs)
            if let hindrance = check.hindrance { return .notPossible(hindrance) }
            return check.files.isEmpty
                ? .proved("pg_verifybackup read every file and held it against its SHA-256") : .failed(check.files)
        }
    }
}

extension BaseBackupCheck {
    /// The log that came with it.
    func continuity(_ backup: PhysicalBackup) -> Climb.Result {
        guard isLookedAt else { return .notPossible(hindrance ?? "pg_verifybackup was not run") }
        guard log.isEmpty else { return .failed(log) }
        let words = [backup.startLSN, backup.stopLSN].compactMap { $0 }.joined(separator: " to ")
        return .proved("the log that came with it, \(words), was read record by record; there is none behind it")
    }
}

extension BaseBackups {
    /// Whose manifest is not the one that was signed: PostgreSQL's has a checksum of itself alone, which whoever changes a
    /// file can change too.
    func unsigned(_ backup: PhysicalBackup) throws -> [String] {
        var problems: [String] = []
        for label in backup.needs + [backup.label] {
            do {
                let record = try record(of: label)
                let (_, digest) = try ServerManifest.read("\(data(of: label))/\(Self.manifest)")
                if digest != record.manifestSHA256 {
                    problems.append("the manifest of \(label) is not the one that was signed")
                }
            } catch let error as any MaintenanceError {
                problems.append("\(label): \(error.problem)")
            }
        }
        return problems
    }
}
