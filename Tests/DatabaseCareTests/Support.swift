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
