import Foundation
import MaintenanceTesting
import PostgreSQL
import Store
import Testing

@testable import Engine

/// The store's other home will be PostgreSQL. From now on every migration runs there and every statement is prepared.
@Suite("statements for both stores")
struct SecondStoreTests {
    static let sets: [any StatementSet.Type] = [
        RunStatement.self, FindingStatement.self, AuditStatement.self, ApprovalStatement.self,
        ScheduleStatement.self, CommandStatement.self, HoldStatement.self, IdentityStatement.self, WindowStatement.self,
        ChecklistStatement.self,
        PruningStatement.self, AlertStatement.self, AccessStatement.self, LookStatement.self, WorkTallyStatement.self,
        MonitorStatement.self, MemoryStatement.self, SampleStatement.self, RequestStatement.self,
        HeartbeatStatement.self, OutsideAlertStatement.self, OrderStatement.self, AlertLifeStatement.self,
    ]

    @Test("every statement of the house is prepared on PostgreSQL, after every migration", .cluster)
    func preparesEverything() async throws {
        try await TestDatabase.current.connect { connection in
            for migration in EngineSchema.migrations {
                for statement in migration.statements(for: .postgresql) {
                    try await connection.executeScript(trusted: statement)
                }
            }
            var count = 0
            for set in Self.sets {
                for statement in set.allStatements {
                    count += 1
                    let (sql, names) = positional(statement)
                    try await connection.executeScript(trusted: "prepare s\(count) as \(sql)")
                    #expect(Set(names).count == names.count)
                }
            }
            #expect(count >= 30)
        }
    }

    @Test("PostgreSQL too refuses to update or delete an entry of the audit trail", .cluster)
    func isAppendOnly() async throws {
        try await TestDatabase.current.connect { connection in
            for migration in EngineSchema.migrations {
                for statement in migration.statements(for: .postgresql) {
                    try await connection.executeScript(trusted: statement)
                }
            }
            try await connection.executeScript(
                trusted: "insert into audit values (1, 0, '', '', '', '', '', 0, '', null, '', '', '')")
            for statement in ["update audit set subject = 'x'", "delete from audit", "truncate audit"] {
                await #expect {
                    try await connection.executeScript(trusted: statement)
                } throws: { "\($0)".contains("audit is append-only") }
            }
        }
    }

    @Test("no set of statements is left out")
    func listIsComplete() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        let walker = try #require(FileManager.default.enumerator(atPath: sources.path))
        var declared: [String] = []
        for case let name as String in walker where name.hasSuffix(".swift") {
            let text = try String(contentsOf: sources.appendingPathComponent(name), encoding: .utf8)
            declared += text.matches(of: /enum (\w+): String, StatementSet/).map { String($0.output.1) }
        }
        #expect(Set(declared) == Set(Self.sets.map { String(describing: $0) }))
    }

    @Test(
        "named parameters become numbered ones",
        arguments: [
            ("select :a, :b, :a", "select $1, $2, $1", ["a", "b"]),
            ("select ':a' , x::text, :c", "select ':a' , x::text, $1", ["c"]),
        ])
    func numbersParameters(sql: String, expected: String, names: [String]) {
        let result = positional(sql)
        #expect(result.sql == expected)
        #expect(result.names == names)
    }
}

extension StatementSet {
    fileprivate static var allStatements: [String] { allCases.map(\.sql) }
}
