import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import Health

@Suite(.cluster, .temporaryDirectory)
struct LockCheckTests {
    @Test("who waits for whom is named as a chain back to the session that waits for nobody")
    func waitsWhomNamedChain() async throws {
        let database = TestDatabase.current
        try await database.run("create table contested (id int); create table free (id int)")
        try await database.connect(.unlimited(applicationName: "holder")) { holder in
            try await holder.executeScript(trusted: "begin; lock table contested")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["second", "third"] {
                    group.addTask {
                        try await database.connect(.unlimited(applicationName: name)) { connection in
                            _ = try await connection.query("select count(*) from contested")
                        }
                    }
                }
                try await eventually("two sessions wait") { try await waiting(database) == 2 }
                let summary = try await check("locks.waiting", warning: 0.000_001, critical: 3_600)
                let outcome = try #require(summary.check("locks.waiting"))
                #expect(outcome.state == .warning)
                #expect(outcome.summary.contains("2 sessions wait for a lock"))
                #expect(outcome.summary.contains("AccessShareLock on public.contested"))
                let evidence = try #require(summary.findings("HC008").first).evidence
                let first = try #require(evidence["chain 1"]).description
                #expect(first.contains("process \(await holder.backendPID) ← process "))
                #expect(evidence["blocks first"] == .text("process \(await holder.backendPID)"))
                #expect(Set(evidence.keys.filter { $0.hasPrefix("chain") }) == ["chain 1", "chain 2"])
                try await holder.executeScript(trusted: "rollback")
                try await group.waitForAll()
            }
        }
    }

    @Test("a lock that nobody waits for is no trouble")
    func lockNobodyWaitsTrouble() async throws {
        let database = TestDatabase.current
        try await database.run("create table contested (id int)")
        try await database.connect { holder in
            try await holder.executeScript(trusted: "begin; lock table contested")
            let summary = try await check("locks.waiting", warning: 0.000_001)
            #expect(summary.check("locks.waiting")?.state == .passed)
            #expect(summary.check("locks.waiting")?.summary == "no session waits for a lock")
        }
    }

    @Test("a role without rights sees who waits all the same")
    func roleWithoutRightsSees() async throws {
        let database = TestDatabase.current
        try await database.run("create table contested (id int)")
        try await TestDatabase.current.withLimitedRole { role in
            try await database.connect { holder in
                try await holder.executeScript(trusted: "begin; lock table contested")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await database.connect(.unlimited(applicationName: "waiter")) { connection in
                            _ = try await connection.query("select count(*) from contested")
                        }
                    }
                    try await eventually("a session waits") { try await waiting(database) == 1 }
                    let summary = try await check("locks.waiting", user: role, warning: 0.000_001)
                    #expect(summary.check("locks.waiting")?.state == .warning)
                    try await holder.executeScript(trusted: "rollback")
                    try await group.waitForAll()
                }
            }
        }
    }

    private func waiting(_ database: TestDatabase) async throws -> Int {
        try await database.connect { connection in
            try await connection.query(
                """
                select count(*) as waiting from pg_locks l join pg_stat_activity a on a.pid = l.pid
                where not l.granted and a.datname = current_database()
                """
            ).only["waiting", as: Int.self]
        }
    }
}

struct BlockingTreeTests {
    private func wait(_ pid: Int32, for blockers: [Int32]) -> LockWait {
        LockWait(pid: pid, waited: .seconds(1), lock: "ShareLock", blockers: blockers, user: "u", application: "a")
    }

    @Test("the session that holds up most comes first, and a deadlock has no beginning")
    func sessionHoldsUpMost() {
        let tree = BlockingTree([
            wait(2, for: [1]), wait(3, for: [1]), wait(5, for: [4]), wait(7, for: [8]), wait(8, for: [7]),
        ])
        #expect(tree.roots == [1, 4])
        #expect(tree.chains.count == 3)
    }

    @Test("a prepared transaction in the way has no process")
    func preparedTransactionWayProcess() {
        #expect(BlockingTree([wait(2, for: [0])]).chains.first?.hasPrefix("a prepared transaction ← process 2") == true)
    }
}
