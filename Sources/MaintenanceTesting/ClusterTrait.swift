import Maintenance
import PostgreSQL
import Testing

/// A fresh database on a private PostgreSQL that the whole test run shares: `TestDatabase.current`.
package struct ClusterTrait: TestTrait, SuiteTrait, TestScoping {
    package var version: TestServer
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite's trait scopes each of its tests; the suite itself needs no database.
        if test.isSuite { return try await function() }
        await TestClusters.gate.enter()
        do {
            try await TestDatabase.with(version) { database in
                try await TestDatabase.$scoped.withValue(database) { try await function() }
            }
        } catch {
            await TestClusters.gate.leave()
            throw error
        }
        await TestClusters.gate.leave()
    }
}

extension Trait where Self == ClusterTrait {
    /// On PostgreSQL 15.
    package static var cluster: Self { Self(version: .v15) }
    package static func cluster(_ version: TestServer) -> Self { Self(version: version) }
}

/// An empty database of a test's own, and the cluster it lives in.
package struct TestDatabase: Sendable {
    package let name: String
    package let cluster: PrivateCluster
    /// As the superuser `postgres`, over the socket.
    package var address: DatabaseAddress { cluster.address(database: name) }

    @TaskLocal fileprivate static var scoped: TestDatabase?

    /// Only inside a test that carries `.cluster`.
    package static var current: TestDatabase {
        guard let scoped else { preconditionFailure("a test uses TestDatabase without the .cluster trait") }
        return scoped
    }

    /// Creates a database on a server of this version, and drops it when `body` is done.
    @discardableResult
    package static func with<Value>(
        _ version: TestServer, isolation: isolated (any Actor)? = #isolation,
        _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        let cluster = try await TestClusters.shared.cluster(version)
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        try await execute("create database \(identifier: name)", on: cluster)
        let database = TestDatabase(name: name, cluster: cluster)
        do {
            let value = try await body(database)
            try await execute("drop database \(identifier: name) with (force)", on: cluster)
            return value
        } catch {
            try await execute("drop database if exists \(identifier: name) with (force)", on: cluster)
            throw error
        }
    }

    private static func execute(_ sql: SQL, on cluster: PrivateCluster) async throws {
        try await Connection.with(cluster.address()) { try await $0.execute(sql) }
    }

    /// A connection for the time of `body`.
    @discardableResult
    package func connect<Value>(
        _ settings: ConnectionSettings = ConnectionSettings(), isolation: isolated (any Actor)? = #isolation,
        _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        try await Connection.with(address, settings, body)
    }

    /// Runs a script of literal SQL as the superuser.
    package func run(_ script: StaticString) async throws {
        try await connect(.unlimited()) { try await $0.executeScript(trusted: script.description) }
    }
}
