import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("survey sessions", .cluster)
struct SurveySessionTests {
    @Test("each statement is alone in a read-only transaction with its limits")
    func isReadOnly() async throws {
        let limits = SurveyLimits(
            statementTimeout: .seconds(3), lockTimeout: .milliseconds(40), idleTimeout: .seconds(9))
        try await SurveySession.with(TestDatabase.current.address, limits: limits) { session in
            for (name, value) in [
                "transaction_read_only": "on", "statement_timeout": "3s", "lock_timeout": "40ms",
                "idle_in_transaction_session_timeout": "9s", "row_security": "on", "standard_conforming_strings": "on",
            ] {
                let row = try await session.query("select current_setting(\(name)) as value").only
                #expect(try row["value", as: String.self] == value, "\(name)")
            }
            let unfiltered = try await session.unfiltered.query("show row_security").only
            #expect(try unfiltered["row_security", as: String.self] == "off")
        }
    }

    @Test("a function of the team's own that writes is stopped by the server")
    func stopsHiddenWrites() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int);
            create function harmless() returns int language plpgsql as 'begin insert into t values (1); return 1; end';
            """)
        try await SurveySession.with(database.address) { session in
            let error = await #expect(throws: PostgreSQLError.self) { try await session.query("select harmless()") }
            #expect(error?.sqlState == "25006")
            let rows = try await session.query("select * from t")
            #expect(rows.isEmpty)
        }
    }

    @Test("a statement over a survey's own limit is a time-out")
    func timesOut() async throws {
        let limits = SurveyLimits(statementTimeout: .milliseconds(100))
        try await SurveySession.with(TestDatabase.current.address, limits: limits) { session in
            await #expect(throws: PostgreSQLError.timedOut("the statement", after: .milliseconds(100))) {
                try await session.query("select pg_sleep(30)")
            }
            let rows = try await session.query("select 1")
            #expect(rows.count == 1)
        }
    }

    @Test("a table that row security filters is an error where rows are counted")
    func refusesFilteredCounts() async throws {
        let database = TestDatabase.current
        let role = "counter_\(database.name)"
        try await database.run(
            "create table t (a int); insert into t values (1); alter table t enable row level security; create policy p on t using (false)"
        )
        try await database.connect { connection in
            try await connection.execute("create role \(identifier: role) login")
            try await connection.execute("grant select on t to \(identifier: role)")
        }
        try await SurveySession.with(database.address.with(user: role)) { session in
            let filtered = try await session.query("select count(*) as n from t").only
            #expect(try filtered["n", as: Int.self] == 0)
            let error = await #expect(throws: PostgreSQLError.self) {
                try await session.unfiltered.query("select count(*) as n from t")
            }
            #expect(error?.code == "postgresql.permission-denied")
            #expect(error?.problem.contains("\"t\"") == true)
        }
        try await database.connect { connection in
            try await connection.execute("drop owned by \(identifier: role)")
            try await connection.execute("drop role \(identifier: role)")
        }
    }

    @Test("surveys leave no trace in the server's count of rollbacks")
    func countsNoRollbacks() async throws {
        let database = TestDatabase.current
        func rollbacks(_ session: SurveySession) async throws -> Int64 {
            let survey: SurveySQL = "select xact_rollback from pg_stat_database where datname = current_database()"
            return try await session.query(survey).only["xact_rollback"]
        }
        try await SurveySession.with(database.address) { session in
            let before = try await rollbacks(session)
            for number in 0..<20 { _ = try await session.query("select \(number)::int") }
            // The next session reads what this one has reported by its end.
            let after = try await SurveySession.with(database.address) { try await rollbacks($0) }
            #expect(after == before)
        }
    }
}

@Suite("COPY streams", .cluster)
struct CopyTests {
    @Test("what is copied out and in again is the same, whatever it holds")
    func roundTrips() async throws {
        let database = TestDatabase.current
        try await database.run(EveryType.script)
        try await database.run("create table copy (like every_type including all)")
        try await database.connect { out in
            try await database.connect { into in
                let columns = "id, t, bin, num, jb, ca, tstz, e"
                let count = try await out.withCopyOut(
                    SQL(trusted: "copy every_type (\(columns)) to stdout"), size: 65_536
                ) { chunks in
                    try await into.copyIn(SQL(trusted: "copy copy (\(columns)) from stdin"), from: chunks)
                }
                #expect(count == 303)
                let difference = try await into.query(
                    SQL(trusted: "select \(columns) from every_type except all select \(columns) from copy"))
                #expect(difference.isEmpty)
                #expect(try await out.query("select 1").count == 1)
            }
        }
    }

    @Test("chunks hold whole rows, at least as many bytes as asked for, and come on demand")
    func chunks() async throws {
        try await TestDatabase.current.connect(.unlimited()) { connection in
            var sizes: [Int] = []
            let bytes = try await connection.withCopyOut(
                "copy (select repeat('x', 99) from generate_series(1, 10000)) to stdout"
            ) { chunks in
                var total = 0
                for try await chunk in chunks {
                    #expect(chunk.last == UInt8(ascii: "\n"))
                    sizes.append(chunk.count)
                    total += chunk.count
                }
                return total
            }
            #expect(bytes == 1_000_000)
            #expect(sizes.dropLast().allSatisfy { (65_536..<65_700).contains($0) })
        }
    }

    @Test("a COPY that is left early is cancelled, and the connection stays usable")
    func leavesEarly() async throws {
        try await TestDatabase.current.connect(.unlimited()) { connection in
            struct Enough: Error {}
            await #expect(throws: Enough.self) {
                try await connection.copyOut("copy (select generate_series(1, 1000000000)) to stdout", into: 0) {
                    count, _ in
                    count += 1
                    if count == 1_000 { throw Enough() }
                }
            }
            let first = try await connection.withCopyOut("copy (select generate_series(1, 1000000000)) to stdout") {
                chunks in
                var iterator = chunks.makeAsyncIterator()
                await #expect(throws: PostgreSQLError.misuse("a COPY is under way on this connection")) {
                    try await connection.query("select 1")
                }
                return try await iterator.next()
            }
            #expect(try #require(first).count >= 65_536)
            #expect(try await connection.query("select 1").count == 1)
        }
    }

    @Test("a COPY in that fails on either side leaves no row and a usable connection")
    func undoes() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table t (a int)")
            struct Broken: Error {}
            let broken = AsyncThrowingStream<[UInt8], any Error> { continuation in
                continuation.yield(Array("1\n2\n".utf8))
                continuation.finish(throwing: Broken())
            }
            await #expect(throws: Broken.self) { try await connection.copyIn("copy t from stdin", from: broken) }
            let wrong = AsyncStream<[UInt8]> { continuation in
                for _ in 0..<100 { continuation.yield(Array(String(repeating: "1\n", count: 10_000).utf8)) }
                continuation.yield(Array("word\n".utf8))
                continuation.finish()
            }
            let error = await #expect(throws: PostgreSQLError.self) {
                try await connection.copyIn("copy t from stdin", from: wrong)
            }
            #expect(error?.sqlState == "22P02")
            let task = Task {
                let endless = AsyncStream<[UInt8]> { $0.yield(Array("5\n".utf8)) }
                return try await connection.copyIn("copy t from stdin", from: endless)
            }
            for _ in 0..<100 { await Task.yield() }
            task.cancel()
            _ = await task.result
            #expect(try await connection.query("select * from t where a < 5").isEmpty)
        }
    }
}
