import Foundation
import Maintenance
import Outside
import PostgreSQL

private let programs = Programs(environment: ProcessInfo.processInfo.environment)

/// A PostgreSQL server of the test's own, of the version its `.cluster` trait names, ready to be followed by standbys.
package func withPrimary(_ body: (PrivateCluster) async throws -> Void) async throws {
    let settings = [
        "wal_level": "replica", "max_wal_senders": "5", "max_replication_slots": "5",
        "max_prepared_transactions": "5", "wal_receiver_status_interval": "1s",
    ]
    let cluster = try await PrivateCluster.start(
        TestDatabase.current.cluster.server, ClusterOptions(settings: settings), in: TestClusters.directory,
        with: programs)
    do {
        try await body(cluster)
        try cluster.destroy()
    } catch {
        try cluster.destroy()
        throw error
    }
}

/// A server whose data are a base backup of the primary, streaming from it.
package func withStandby(
    of primary: PrivateCluster, _ body: (PrivateCluster) async throws -> Void
) async throws {
    try await withPrimary { standby in
        try await standby.stop(.immediate)
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: standby.dataDirectory) {
            try files.removeItem(atPath: "\(standby.dataDirectory)/\(name)")
        }
        let source = "host=\(primary.socketDirectory) user=postgres application_name=replica"
        _ = try await programs.run(
            ChildProgram(
                standby.server.path("pg_basebackup"),
                [
                    "--pgdata=\(standby.dataDirectory)", "--dbname=\(source)", "--write-recovery-conf",
                    "--checkpoint=fast",
                ],
                environment: ["LC_ALL": "C"], workingDirectory: "/", user: try SystemUser.unprivileged(),
                timeLimit: .seconds(60))
        ).checked()
        let path = "\(standby.dataDirectory)/postgresql.conf"
        guard let handle = FileHandle(forWritingAtPath: path) else { throw CocoaError(.fileNoSuchFile) }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("unix_socket_directories = '\(standby.socketDirectory)'\n".utf8))
        try handle.close()
        try await standby.start()
        try await body(standby)
    }
}
