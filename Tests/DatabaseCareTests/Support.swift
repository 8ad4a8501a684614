import Command
import Composition
import DatabaseCare
import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL

let careEntries = Capability.databaseCare.tasks.map(\.entry)

extension TestDatabase {
    /// Runs scripts one after the other, each a transaction of its own whose counters are written at once: a session
    /// keeps them to itself for a second.
    func counted(_ scripts: StaticString...) async throws {
        try await connect(.unlimited()) { connection in
            for script in scripts {
                try await connection.executeScript(trusted: script.description)
                _ = try await connection.query("select pg_stat_force_next_flush()")
            }
        }
    }

    /// The first column of the only row, as text.
    func value(_ sql: SQL) async throws -> String {
        try await connect { try await $0.query(sql).only[0, as: String.self] }
    }
}

/// A role that may log in and nothing more, for the time of `body`.
func withLimitedRole<Value>(_ body: (_ role: String) async throws -> Value) async throws -> Value {
    let role = "test_limited_\(UInt64.random(in: 0 ... .max))"
    let database = TestDatabase.current
    try await database.connect { try await $0.execute("create role \(identifier: role) login") }
    do {
        let value = try await body(role)
        try await drop(role, database)
        return value
    } catch {
        try await drop(role, database)
        throw error
    }
}

private func drop(_ role: String, _ database: TestDatabase) async throws {
    try await database.connect { connection in
        try await connection.execute("drop owned by \(identifier: role) cascade")
        try await connection.execute("drop role \(identifier: role)")
    }
}
