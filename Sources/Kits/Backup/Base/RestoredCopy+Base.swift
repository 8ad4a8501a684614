import Foundation
import Glibc
import Maintenance
import Outside
import PostgreSQL
import Synchronization

extension RestoredCopy {
    /// Puts the files of a base backup into a private cluster, several of them combined where it needs others; the server is
    /// not started. It replays the log that came with the backup, and there is no other.
    ///
    /// - Throws: `PhysicalError.notRestored` where the files or the control file are no cluster, `ProgramError`,
    ///   `ClusterError`.
    static func unpack(
        _ record: BaseBackupRecord, as backup: PhysicalBackup, from backups: BaseBackups, in parent: String,
        on server: ServerPrograms, superuser: String, programs: Programs,
        filled: @Sendable (PrivateCluster) async throws -> Void = { _ in }
    ) async throws -> RestoredCopy {
        let began = programs.clock.monotonic()
        let found = Mutex<(control: ControlData, seconds: Double)?>(nil)
        let cluster = try await PrivateCluster.filled(server, in: parent, with: programs) { empty in
            try await Self.copy(record, backups, into: empty, server, programs)
            try await filled(empty)
            let control = try await ControlData.read(
                empty.dataDirectory, server, as: empty.serverUser, with: programs)
            let seconds = (programs.clock.monotonic() - began).inSeconds
            found.withLock { $0 = (control, seconds) }
            return ClusterOptions(superuser: superuser, settings: Self.settings(control))
        }
        guard let (control, seconds) = found.withLock({ $0 }) else {
            preconditionFailure("a cluster was filled without its control file")
        }
        return RestoredCopy(
            cluster: cluster, control: control, backup: backup, restoreSeconds: seconds, environment: [:])
    }

    /// With a clone of the blocks where the filesystem can.
    private static func copy(
        _ record: BaseBackupRecord, _ backups: BaseBackups, into cluster: PrivateCluster, _ server: ServerPrograms,
        _ programs: Programs
    ) async throws {
        let chain = backups.chain(of: record).map { backups.data(of: $0) }
        let goal = cluster.dataDirectory
        func run(_ program: String, _ words: [String]) async throws {
            _ = try await programs.run(
                ChildProgram(program, words, environment: ["LC_ALL": "C"], workingDirectory: "/")
            ).checked()
        }
        if chain.count > 1 {
            try await run(server.path("pg_combinebackup"), ["--no-sync", "--output=\(goal)"] + chain)
        } else {
            try await run(
                try programs.find("cp"), ["--archive", "--reflink=auto", "--no-target-directory", chain[0], goal])
        }
        // One that was taken from a standby would wait for its primary for ever.
        try await Blocking().run { _ in
            for signal in ["standby.signal", "recovery.signal"] {
                guard unlink("\(goal)/\(signal)") == 0 || errno == ENOENT else {
                    throw PhysicalError.notRestored(
                        reason: "its '\(signal)' cannot be removed: \(String(cString: strerror(errno)))")
                }
            }
        }
        let outside = "\(cluster.home)/\(BaseBackups.tablespaces)"
        if !record.tablespaces.isEmpty {
            try await run(
                try programs.find("cp"),
                [
                    "--archive", "--reflink=auto", "--no-target-directory",
                    "\(backups.path(of: record.label))/\(BaseBackups.tablespaces)", outside,
                ])
            try await Blocking().run { _ in
                for oid in record.tablespaces {
                    let link = "\(goal)/pg_tblspc/\(oid)"
                    guard unlink(link) == 0, symlink("\(outside)/\(oid)", link) == 0 else {
                        throw PhysicalError.notRestored(
                            reason: "its tablespace \(oid) cannot be placed: \(String(cString: strerror(errno)))")
                    }
                }
            }
        }
        if let user = cluster.serverUser {
            let owned = record.tablespaces.isEmpty ? [goal] : [goal, outside]
            try await run(
                try programs.find("chown"), ["--recursive", "--no-dereference", "\(user.id):\(user.group)"] + owned)
        }
        try await run(try programs.find("chmod"), ["0700", goal])
    }
}
