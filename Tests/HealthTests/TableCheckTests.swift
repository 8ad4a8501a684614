import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@Suite("locks, checkpoints, dead rows, sessions, versions", .cluster, .temporaryDirectory, .timeLimit(.minutes(5)))
struct TableCheckTests {
    private func expect(
        _ name: String, _ state: CheckOutcome.State, _ words: String, warning: Double? = nil, critical: Double? = nil,
        options: [String: Scalar] = [:]
    ) async throws {
        let outcome = try await check(name, warning: warning, critical: critical, options: options).check(name)
        #expect(outcome?.state == state, "\(outcome?.summary ?? "")")
        #expect(outcome?.summary.contains(words) == true, "\(outcome?.summary ?? "")")
    }

    @Test("locks of the shared table are counted against its room")
    func locks() async throws {
        let database = TestDatabase.current
        try await expect("locks.held", .passed, "locks are held")
        try await database.connect(.unlimited()) { connection in
            // Advisory locks stand in the same table.
            try await connection.executeScript(
                trusted: "begin; select count(pg_advisory_xact_lock(n)) from generate_series(1, 640) as n")
            try await expect("locks.held", .warning, "locks are held", warning: 0.5, critical: .infinity)
            try await connection.executeScript(trusted: "rollback")
        }
    }

    @Test("a checkpoint is as old as the control file says, and does not matter while nothing was written")
    func checkpoint() async throws {
        let database = TestDatabase.current
        try await database.run("create table w (t text)")
        try await database.connect(.unlimited()) { connection in
            try await connection.executeScript(trusted: "checkpoint")
            try await connection.executeScript(
                trusted: "insert into w select repeat('x', 1000) from generate_series(1, 2000)")
        }
        try await expect(
            "checkpoints.age", .passed, "nothing worth a checkpoint", warning: 0, critical: .infinity,
            options: ["wal": .integer(1 << 40)])
        try await expect(
            "checkpoints.age", .warning, "of WAL since then", warning: 0, critical: .infinity,
            options: ["wal": .integer(0)])
        try await expect("checkpoints.age", .passed, "of WAL since then", options: ["wal": .integer(0)])
    }

    @Test("dead rows that nobody clears away are found by their share, and statistics by their age")
    func tables() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table "o'""rders" (id int, n int) with (autovacuum_enabled = off);
            insert into "o'""rders" select g, 0 from generate_series(1, 500) as g
            """)
        try await database.run(#"update "o'""rders" set n = 1"#)
        try await expect("tables.dead-rows", .passed, "no table has 10,000 rows")
        // What a session has done is counted when it ends or rests.
        try await eventually("the dead rows are counted") {
            let run = try await check("tables.dead-rows", options: ["rows": 900])
            return run.check("tables.dead-rows")?.state == .warning
        }
        try await expect("tables.dead-rows", .warning, "never vacuumed", options: ["rows": 900])
        try await expect("tables.dead-rows", .passed, "of public", warning: 90, options: ["rows": 900])
        try await expect(
            "tables.analyzed", .warning, "was never analyzed", warning: 0, critical: .infinity, options: ["rows": 900])
        try await database.run(#"vacuum "o'""rders""#)
        try await database.run(#"analyze "o'""rders""#)
        try await eventually("the vacuum and the analyze are counted") {
            let dead = try await check("tables.dead-rows", options: ["rows": 400]).check("tables.dead-rows")
            let analyzed = try await check("tables.analyzed", warning: 0, options: ["rows": 400])
            return dead?.state == .passed && dead?.summary.contains("vacuumed") == true
                && analyzed.check("tables.analyzed")?.summary.contains("no table has changed much") == true
        }
    }

    @Test("sessions of the database are counted, and held against its own limit where it has one")
    func sessions() async throws {
        let database = TestDatabase.current
        let name = "database.sessions"
        try await expect(name, .passed, "session")
        try await expect(name, .warning, "warning 1", warning: 1, critical: .infinity)
        try await database.run(
            "do $$ begin execute format('alter database %I connection limit 50', current_database()); end $$")
        try await expect(name, .passed, "of at most 50")
        try await database.run(
            "do $$ begin execute format('alter database %I connection limit 1', current_database()); end $$")
        // The superuser is not bound by it.
        try await expect(name, .critical, "of at most 1")
        try await database.run(
            "do $$ begin execute format('alter database %I connection limit -1', current_database()); end $$")
    }

    @Test("the version is compared by whole numbers")
    func version() async throws {
        let name = "server.version"
        try await expect(name, .passed, "PostgreSQL ")
        let summary = try await check(name).check(name)?.summary ?? ""
        let version = summary.dropFirst("PostgreSQL ".count).prefix { $0 != " " }
        let parts = version.split(separator: ".").map(String.init)
        try await expect(name, .passed, "wanted is", options: ["wanted": .text(parts[0])])
        try await expect(name, .passed, "wanted is", options: ["wanted": .text(version.description)])
        try await expect(name, .warning, "wanted is 9", options: ["wanted": .text("9")])
        try await expect(name, .warning, "wanted is", options: ["wanted": .text("\(version)1")])
        try await expect(name, .warning, "wanted is", options: ["wanted": .text(String(parts[0].prefix(1)))])
    }
}
