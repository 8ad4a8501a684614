import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Approvals as people meet them: the real program, one account for everybody, told apart by sudo.
@Suite("approving", .temporaryDirectory, .cluster)
struct ApprovalTests {
    private let program = Program()

    private func prepare() async throws {
        try await TestDatabase.current.connect { connection in
            for number in 1...2 {
                try await connection.execute(
                    """
                    create table \(identifier: "t\(number)") with (autovacuum_enabled = off)
                    as select g as id from generate_series(1, 500) g
                    """)
            }
        }
        try program.configure(
            """
            environments:
              production:
                protected: true
                resources:
                  main: { kind: postgresql, connection: "\(TestDatabase.current.connectionString)" }
            approvals:
              shared-accounts: [\(try await account())]
              rules:
                - { tasks: [db update-stats], count: 2, approvers: [bob, carl, dora] }
            """)
    }

    private func account() async throws -> String {
        try await program.shell("id -un").output.trimmingWhitespace()
    }

    /// The program as somebody runs it by sudo.
    private func by(_ person: String, fault: String? = nil) -> Program {
        var program = program
        program.environment["SUDO_USER"] = person
        program.environment["MAINSTAY_FAULT"] = fault
        return program
    }

    private func analyzeCounts() async throws -> [Int] {
        try await TestDatabase.current.connect { connection in
            try await connection.query("select analyze_count::int as n from pg_stat_user_tables order by relname")
                .map { try $0["n"] }
        }
    }

    private func waiting() async throws -> [Approvals.Standing] {
        let listed = try await program.run("approvals", "--format", "json")
        #expect(listed.exitCode == 0, "\(listed.errors)")
        return try JSONDecoder().decode([Approvals.Standing].self, from: Data(listed.output.utf8))
    }

    @Test("a task waits, is shown, approved by two, and goes on")
    func goesAllTheWay() async throws {
        try await prepare()
        let asked = try await by("ann").run("db", "update-stats")
        #expect(asked.exitCode == 6, "\(asked.errors)")
        let id = try #require(try await waiting().first?.ballot.request.id)
        #expect(asked.output.contains("waits for approval \(id)"))
        let list = try await program.run("approvals")
        for words in ["asked by ann as", "0 of 2 given (2 of bob, carl, dora)", "mainstay approve \(id)"] {
            #expect(list.output.contains(words), "\(list.output)")
        }
        #expect(list.output.split(separator: "\n").allSatisfy { !$0.isEmpty })
        let plan = try await program.run("approvals", "show", id)
        #expect(plan.output.contains("ANALYZE") || plan.output.contains("analyze"), "\(plan.output)")

        let own = try await by("ann").run("approve", id)
        #expect(own.exitCode == 1 && own.errors.contains("nobody approves what they asked for themselves"))
        #expect(try await program.run("approve", id).exitCode == 1, "an account that several people use")
        #expect(try await by("bob").run("approve", id, "--reason", "looked at it").exitCode == 0)
        #expect(try await by("bob").run("approve", id).errors.contains("counts once"))
        #expect(try await by("ann").run("resume").exitCode == 6)
        #expect(try await analyzeCounts() == [0, 0])
        let last = try await by("carl").run("approve", "latest")
        #expect(last.output.contains("go on: mainstay resume"), "\(last.output)\(last.errors)")
        let done = try await by("ann").run("resume")
        #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
        #expect(try await analyzeCounts() == [1, 1])
        #expect(try await waiting().isEmpty)
        #expect(try await program.run("approvals").output.contains("Nothing waits for an approval."))
        #expect(try await program.run("audit", "verify").exitCode == 0)
    }

    @Test("a rejected run does not go on")
    func rejects() async throws {
        try await prepare()
        #expect(try await by("ann").run("db", "update-stats").exitCode == 6)
        #expect(try await by("bob").run("reject", "latest").exitCode == 2, "without a reason")
        #expect(try await by("bob").run("reject", "latest", "--reason", "not now").exitCode == 0)
        #expect(try await by("ann").run("resume").exitCode == 2)
        #expect(try await program.run("show").output.contains("bob"), "who rejected it")
        #expect(try await analyzeCounts() == [0, 0])
    }

    static let points = ["waited", "approved", "used", "started", "proved"].flatMap { point in
        ["beforeWrite", "afterWrite"].map { "kill:\(point):\($0)" }
    }

    @Test("killed at any point nothing starts without two approvals, and nothing twice", arguments: points)
    func survives(fault: String) async throws {
        try await prepare()
        let first = try await by("ann", fault: fault).run("db", "update-stats")
        if fault.contains("waited") {
            #expect(first.status == .signalled(SIGKILL))
            #expect(try await by("ann").run("resume").exitCode == 6)
        } else {
            #expect(first.exitCode == 6, "\(first.errors)")
        }
        for (index, person) in ["bob", "carl"].enumerated() {
            let early = try await by("ann").run("resume")
            #expect(early.exitCode == 6, "\(early.errors)")
            #expect(try await analyzeCounts() == [0, 0])
            let killed = try await by(person, fault: fault).run("approve", "latest")
            if fault.contains("approved") {
                #expect(killed.status == .signalled(SIGKILL))
                let given = try await waiting().first?.ballot.approvals.count
                #expect(given == index + (fault.hasSuffix("afterWrite") ? 1 : 0))
                if fault.hasSuffix("beforeWrite") {
                    #expect(try await by(person).run("approve", "latest").exitCode == 0)
                }
            } else {
                #expect(killed.exitCode == 0, "\(killed.errors)")
            }
        }
        let begun = try await by("ann", fault: fault).run("resume")
        if [":used:", ":started:", ":proved:"].contains(where: fault.contains) {
            #expect(begun.status == .signalled(SIGKILL))
            let resumed = try await by("ann").run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.output)\(resumed.errors)")
        } else {
            #expect(begun.exitCode == 0, "\(begun.output)\(begun.errors)")
        }
        #expect(try await analyzeCounts() == [1, 1])
        #expect(try await program.run("audit", "verify").exitCode == 0)
        let log = try await program.run("audit", "log", "--kind", "used", "--format", "json")
        #expect(try JSONDecoder().decode([AuditEntry].self, from: Data(log.output.utf8)).count == 1)
    }
}
