import Glibc
import Maintenance
import Outside
import PostgreSQL

/// The server a backup is restored into: private, thrown away afterwards, and set up to be fast and to leave the world
/// alone.
package struct ProofCluster: Sendable {
    package let cluster: PrivateCluster
    /// Where pg_restore stands while it makes the database; never the name of the database itself.
    let entrance: String
    let jobs: Int

    /// The name of its superuser, so that the source's own superuser can be made like any other role.
    private static let superuser = "mainstay_proof"
    private static let entranceName = "mainstay_proof_entrance"

    /// - Parameters:
    ///   - backup: what is going to be restored.
    ///   - parent: the work directory.
    ///   - jobs: how much goes on at once.
    ///   - more: settings beside those of a proof; they win.
    /// - Throws: `ClusterError`, `ProgramError`, `PostgreSQLError`.
    static func start(
        _ server: ServerPrograms, for backup: BackupOutline, in parent: String, jobs: Int,
        more: [String: String] = [:], with programs: Programs
    ) async throws -> ProofCluster {
        let taken = Set(backup.roles)
        var name = superuser
        while taken.contains(name) { name += "_" }
        let options = ClusterOptions(
            superuser: name,
            settings: settings(tables: backup.tables, jobs: jobs, database: backup.source.size).merging(more) { $1 })
        let cluster = try await PrivateCluster.start(server, options, in: parent, with: programs)
        do {
            let entrance = backup.source.database == entranceName ? "\(entranceName)_2" : entranceName
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                try await connection.execute("create database \(identifier: entrance) template template0")
            }
            let proof = ProofCluster(cluster: cluster, entrance: entrance, jobs: jobs)
            try await proof.makeRoom(for: backup.source.database)
            if let tablespace = backup.source.tablespace { try await proof.make(tablespace: tablespace) }
            return proof
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try cluster.destroy() } catch {}
            throw error
        }
    }

    /// A new cluster has databases of its own, and one of them may be called as the one to restore.
    private func makeRoom(for database: String) async throws {
        guard ["postgres", "template1"].contains(database) else { return }
        try await Connection.with(address(entrance), .unlimited()) { connection in
            if database == "template1" { try await connection.execute("alter database template1 is_template false") }
            try await connection.execute("drop database \(identifier: database)")
        }
    }

    /// CREATE DATABASE names the tablespace of the database, and pg_restore's `--no-tablespaces` leaves it there. One
    /// without a location lies in the cluster's own directory (PostgreSQL manual, "Developer Options").
    private func make(tablespace: String) async throws {
        try await Connection.with(address(entrance), .unlimited()) { connection in
            try await connection.execute("set allow_in_place_tablespaces = on")
            try await connection.execute("create tablespace \(identifier: tablespace) location ''")
        }
    }

    /// For a session of ours in one of its databases, whatever settings the database brings along.
    func address(_ database: String) -> DatabaseAddress {
        cluster.address(database: database).with(options: RestoreSettings.inProof)
    }

    /// Figures: with these a restore takes about a fifth less time and writes a sixtieth of the WAL.
    static func settings(tables: Int, jobs: Int, database: ByteCount) -> [String: String] {
        let memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        let megabyte: Int64 = 1_048_576
        // All of a small database, so that pages whose hint bits the comparison sets are never written out. Memory that
        // is not used is not taken.
        let buffers = min(max(database.bytes / 4 * 5, 64 * megabyte), max(memory / 6, 64 * megabyte))
        let sorting = min(max(memory / 16 / Int64(jobs), 64 * megabyte), 1_024 * megabyte)
        // A digest holds a lock on every table it has read, and on its indexes where it reads by ranges.
        let locks = max(64, tables * 12 / connections + 64)
        return [
            "shared_buffers": "\(buffers / megabyte)MB", "maintenance_work_mem": "\(sorting / megabyte)MB",
            "max_connections": "\(connections)", "max_locks_per_transaction": "\(locks)",
            "max_parallel_maintenance_workers": "0", "jit": "off",
            // A restored subscription is disabled; nothing shall start it.
            "max_logical_replication_workers": "0",
            // The log would hold rows and statements of the source.
            "log_min_messages": "fatal", "log_min_error_statement": "panic",
        ]
    }

    private static let connections = 60

    /// Ends it and removes all its files. Does not suspend.
    package func destroy() throws(ClusterError) { try cluster.destroy() }
}
