import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("connections", .cluster)
struct ConnectionTests {
    @Test("a session has the name and the limits it was opened with")
    func tellsSettings() async throws {
        let settings = ConnectionSettings(
            applicationName: "mainstay run 7", statementTimeout: .seconds(5), lockTimeout: .milliseconds(250),
            idleInTransactionTimeout: nil, parameters: ["work_mem": "5MB"])
        try await TestDatabase.current.connect(settings) { connection in
            for (name, value) in [
                "application_name": "mainstay run 7", "statement_timeout": "5s", "lock_timeout": "250ms",
                "idle_in_transaction_session_timeout": "0", "work_mem": "5MB", "TimeZone": "UTC",
                "client_encoding": "UTF8",
            ] {
                let row = try await connection.query("select current_setting(\(name)) as value").only
                #expect(try row["value", as: String.self] == value, "\(name)")
            }
        }
    }

    @Test("a server error says what and where, and the connection goes on")
    func reportsServerErrors() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table t (a int constraint positive check (a > 0))")
            do {
                try await connection.execute("insert into t values (\(-1))")
                Issue.record("the row was taken")
            } catch PostgreSQLError.other(let error) {
                #expect(error.sqlState == "23514")
                #expect(error.constraint == "positive")
                #expect(error.table == "t")
            }
            #expect(try await connection.query("select 1").count == 1)
        }
    }

    @Test("a missing right names the object, and is a matter of configuration")
    func reportsMissingRights() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.executeScript(
                trusted: "create role nobody_\(await connection.backendPID); create table secrets ()")
            try await connection.execute("set role \(identifier: "nobody_\(await connection.backendPID)")")
            do {
                _ = try await connection.query("select * from secrets")
                Issue.record("the table was read")
            } catch let error as PostgreSQLError {
                #expect(error.code == "postgresql.permission-denied")
                #expect(error.problem.contains("secrets"))
                #expect(error.exitStatus == .configuration)
            }
        }
    }

    @Test("a statement over the server's limit, one over ours, and a lock that cannot be had are time-outs")
    func timesOut() async throws {
        let settings = ConnectionSettings(statementTimeout: .milliseconds(100), lockTimeout: .milliseconds(50))
        try await TestDatabase.current.connect(settings) { connection in
            await #expect(throws: PostgreSQLError.timedOut("the statement", after: .milliseconds(100))) {
                try await connection.query("select pg_sleep(30)")
            }
            try await connection.execute("set statement_timeout = 0")
            await #expect(throws: PostgreSQLError.timedOut("the statement", after: .milliseconds(150))) {
                try await connection.query("select pg_sleep(30)", timeout: .milliseconds(150))
            }
            #expect(try await connection.query("select 1").count == 1)
            try await connection.execute("create table t ()")
            try await TestDatabase.current.connect { other in
                try await other.transaction {
                    try await other.execute("lock table t")
                    let error = await #expect(throws: PostgreSQLError.self) {
                        try await connection.query("select * from t")
                    }
                    #expect(error?.code == "postgresql.lock-not-available")
                    #expect(error?.isRetryable == true)
                }
            }
        }
    }

    @Test("cancelling the task cancels the statement on the server, and the connection stays usable")
    func cancels() async throws {
        try await TestDatabase.current.connect { connection in
            let pid = await connection.backendPID
            let task = Task { try await connection.query("select pg_sleep(60)") }
            try await TestDatabase.current.connect { other in
                try await eventually("the query runs") {
                    try await other.query("select from pg_stat_activity where pid = \(pid) and state = 'active'").count
                        == 1
                }
            }
            task.cancel()
            await #expect(throws: PostgreSQLError.cancelled) { try await task.value }
            #expect(try await connection.query("select 1").count == 1)
        }
    }

    @Test("a task that was cancelled before sends nothing")
    func sendsNothingWhenCancelled() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table t ()")
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await connection.execute("drop table t")
            }
            await #expect(throws: PostgreSQLError.cancelled) { try await task.value }
            #expect(try await connection.query("select * from t").isEmpty)
        }
    }

    @Test("cancels that come at any moment never hit the next statement")
    func cancelsNeverStray() async throws {
        try await TestDatabase.current.connect { connection in
            for round in 0..<200 {
                let task = Task { try await connection.query("select pg_sleep(0.001)") }
                for _ in 0..<round { await Task.yield() }
                task.cancel()
                _ = await task.result
                let next = try await connection.query("select \(round)::int as n").only
                #expect(try next["n", as: Int.self] == round)
            }
        }
    }

    @Test("a transaction keeps all or nothing, and a cancelled one rolls back")
    func keepsTransactions() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table t (a int)")
            try await connection.transaction { try await connection.execute("insert into t values (1)") }
            await #expect(throws: PostgreSQLError.self) {
                try await connection.transaction {
                    try await connection.execute("insert into t values (2)")
                    try await connection.execute("select 1 / 0")
                }
            }
            let task = Task {
                try await connection.transaction {
                    try await connection.execute("insert into t values (3)")
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await connection.execute("insert into t values (4)")
                }
            }
            await #expect(throws: PostgreSQLError.cancelled) { try await task.value }
            #expect(await !connection.isInTransaction)
            #expect(try await connection.query("select a from t").map { try $0["a", as: Int.self] } == [1])
        }
    }

    @Test("rows come one by one in bounded memory, and a loop may be left early")
    func streamsRows() async throws {
        try await TestDatabase.current.connect(.unlimited()) { connection in
            let sum = try await connection.reduceRows(
                "select n::bigint as n from generate_series(1, 100000) as n", into: Int64(0)
            ) { sum, row in sum += try row["n", as: Int64.self] }
            #expect(sum == 5_000_050_000)
            struct Enough: Error {}
            await #expect(throws: Enough.self) {
                try await connection.forEachRow("select generate_series(1, 100000000) as n") { row in
                    if try row["n", as: Int.self] == 10 { throw Enough() }
                }
            }
            #expect(try await connection.query("select 1").count == 1)
        }
    }

    @Test("notices are kept beside the results")
    func keepsNotices() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.executeScript(trusted: "do $$ begin raise notice 'hello %', 7; end $$")
            #expect(await connection.takeNotices().map(\.message) == ["hello 7"])
            #expect(await connection.takeNotices().isEmpty)
        }
    }

    @Test("a COPY TO through query is refused, and the connection goes on with the right answers")
    func refusesCopyOut() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table t (a int)")
            for round in 0..<50 {
                let error = await #expect(throws: PostgreSQLError.self) {
                    try await connection.query("copy t to stdout")
                }
                #expect(error?.code == "postgresql.misuse")
                #expect(try await connection.query("select \(round)::int as n").only["n", as: Int.self] == round)
            }
        }
    }

    @Test("a COPY FROM through query is refused, and closes the connection, whose next answer could be the wrong one")
    func refusesCopyIn() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table t (a int)")
            let error = await #expect(throws: PostgreSQLError.self) { try await connection.query("copy t from stdin") }
            #expect(error?.code == "postgresql.misuse")
            let after = await #expect(throws: PostgreSQLError.self) { try await connection.query("select 1") }
            #expect(after == .connectionLost(reason: "a COPY has to be run with copyOut or copyIn"))
        }
    }

    @Test("a COPY that is broken off before its first row leaves the right answers behind")
    func breaksOffCopyIn() async throws {
        struct Enough: Error {}
        try await TestDatabase.current.connect { connection in
            // The server has asked for rows and reads none yet: the moment in which a second Sync would be answered.
            try await connection.executeScript(
                trusted: """
                    create table t (a int);
                    create function doze() returns trigger language plpgsql as
                    $$ begin perform pg_sleep(600); return null; end $$;
                    create trigger doze before insert on t execute function doze()
                    """)
            for round in 0..<4 {
                // More than the buffers of both sides hold, so that it is broken off in the middle of sending.
                let rows = AsyncStream<[UInt8]> { $0.yield(Array(repeating: UInt8(ascii: "1"), count: 1 << 24)) }
                let task = Task { try await connection.copyIn("copy t from stdin", from: rows) }
                try await Task.sleep(for: .milliseconds(100))
                task.cancel()
                await #expect(throws: PostgreSQLError.cancelled) { try await task.value }
                #expect(try await connection.query("select \(round)::int as n").only["n", as: Int.self] == round)
            }
            #expect(try await connection.query("select from t").isEmpty)
        }
    }

    @Test("a backend that is terminated is a lost connection")
    func noticesTermination() async throws {
        try await TestDatabase.current.connect { connection in
            let pid = await connection.backendPID
            try await TestDatabase.current.connect { try await $0.execute("select pg_terminate_backend(\(pid))") }
            let error = await #expect(throws: PostgreSQLError.self) {
                for _ in 0..<3 { try await connection.execute("select pg_sleep(1)") }
            }
            #expect(error?.code == "postgresql.connection-lost")
            #expect(error?.exitStatus == .unreachable)
            #expect(await !connection.isOpen)
        }
    }

    @Test("many sessions wait at once without blocking anybody")
    func waitsConcurrently() async throws {
        let clock = ContinuousClock()
        let database = TestDatabase.current
        let took = try await clock.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask { try await database.connect { _ = try await $0.query("select pg_sleep(1)") } }
                }
                try await group.waitForAll()
            }
        }
        #expect(took < .seconds(20))
    }
}
