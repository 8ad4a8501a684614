import Foundation
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// A database with one backup, and what happened to it since. What restores leave beside it is dropped at the end.
struct RestoreEstate {
    let program = Program()
    private var database: TestDatabase { TestDatabase.current }
    var name: String { database.name }
    var folder: String { "\(TemporaryDirectory.current)/state/backups/\(environment)/main" }
    let environment: String

    init(_ environment: String = "test") { self.environment = environment }

    /// Runs `body` after 1,000 orders were backed up and half of them, unluckily, deleted.
    func after(_ more: String = "", isProtected: Bool = false, _ body: () async throws -> Void) async throws {
        try await database.run("create table orders as select n, md5(n::text) as t from generate_series(1, 1000) n")
        try program.configure(
            """
            environments:
              \(environment):
                protected: \(isProtected)
                resources:
                  main: { kind: postgresql, connection: "\(database.connectionString)" }
            \(more)
            """)
        let taken = try await program.run("backup", "run", "--environment", environment)
        #expect(taken.exitCode == 0, "\(taken.output)\(taken.errors)")
        try await database.run("delete from orders where n > 500")
        do {
            try await body()
        } catch {
            try await tidyUp()
            throw error
        }
        try await tidyUp()
    }

    private func tidyUp() async throws {
        for other in try await names() where other != name { try await drop(other) }
    }

    func drop(_ name: String) async throws {
        try await server { try await $0.execute("drop database \(identifier: name) with (force)") }
    }

    /// Whatever belongs to this test: named after its database, or half made.
    func names() async throws -> [String] {
        let made = try await program.run("runs", "--format", "json").output
        let all = try await server { connection in
            try await connection.query("select datname::text as name from pg_database order by datname")
                .map { try $0["name", as: String.self] }
        }
        return all.filter { other in
            other.hasPrefix(name) || RestoreEstate.run(of: other).map { made.contains($0) } == true
        }
    }

    private static func run(of name: String) -> String? {
        guard name.hasPrefix("mainstay_restore_") else { return nil }
        return name.dropFirst("mainstay_restore_".count).split(separator: "_").first.map(String.init)
    }

    func orders(in name: String) async throws -> Int {
        try await Connection.with(database.address.with(database: name)) {
            try await $0.query("select count(*) as n from orders").only["n"]
        }
    }

    @discardableResult
    func server<Value>(_ body: (Connection) async throws -> Value) async throws -> Value {
        try await Connection.with(database.cluster.address(), .unlimited()) { try await body($0) }
    }
}
