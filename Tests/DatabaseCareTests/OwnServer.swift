import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings

/// A server of a test's own, for what reaches beyond its database.
enum OwnServer {
    static func with(
        _ settings: [String: String] = [:], _ body: (PrivateCluster) async throws -> Void
    ) async throws {
        let own = ["wal_level": "replica", "max_wal_senders": "4"]
        let cluster = try await PrivateCluster.start(
            TestDatabase.current.cluster.server,
            ClusterOptions(settings: own.merging(settings) { $1 }), in: TestClusters.directory,
            with: Programs(environment: ProcessInfo.processInfo.environment))
        do {
            try await body(cluster)
            try cluster.destroy()
        } catch {
            try cluster.destroy()
            throw error
        }
    }

    /// With the extensions an adviser needs.
    static func withWorkload(_ body: (PrivateCluster) async throws -> Void) async throws {
        try await with(["shared_preload_libraries": "pg_stat_statements"]) { cluster in
            try await script(cluster, "create extension pg_stat_statements; create extension hypopg")
            try await body(cluster)
        }
    }

    static func script(_ cluster: PrivateCluster, _ statements: StaticString...) async throws {
        try await Connection.with(cluster.address(), .unlimited()) { connection in
            for statement in statements { try await connection.executeScript(trusted: statement.description) }
            _ = try await connection.query("select pg_stat_force_next_flush()")
        }
    }

    static func value(_ cluster: PrivateCluster, _ sql: SQL) async throws -> String {
        try await Connection.with(cluster.address()) { try await $0.query(sql).only[0, as: String.self] }
    }

    /// One environment `test` with the server's database `postgres` as `main`, and what else there is.
    static func harness(
        _ cluster: PrivateCluster, isProtected: Bool = false, and others: [Environment] = [],
        clock: WallClock = .system
    ) throws -> TaskHarness {
        let main = try cluster.resource("main", database: "postgres")
        var inventory = Inventory()
        inventory.environments = [Environment("test", isProtected: isProtected, [main])] + others
        return try TaskHarness(careEntries, inventory: inventory, clock: clock)
    }
}
