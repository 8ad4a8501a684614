import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("row digests", .cluster)
struct DigestTests {
    static func digest(
        _ name: String, schema: String = "public", in database: TestDatabase = .current, connections: Int = 1,
        with hash: RowHash = .xxh3, settings: ConnectionSettings = DatabaseSnapshot.settings()
    ) async throws -> RowDigest {
        try await DatabaseSnapshot.with(database.address, connections: connections, settings: settings) { snapshot in
            let table = try await snapshot.table(QualifiedName(schema: schema, name: name))
            return try await snapshot.digest(table, with: hash)
        }
    }

    @Test("the same rows of every type have one digest on all versions, whatever the database is set to")
    func isEqualOnAllVersions() async throws {
        var digests: [RowDigest] = []
        for version in TestServer.allCases {
            try await TestDatabase.with(version) { database in
                try await database.run(EveryType.script)
                digests.append(try await Self.digest("every_type", in: database))
                var settings = DatabaseSnapshot.settings()
                for (name, value) in EveryType.hostileSettings {
                    settings.parameters = [name: value]
                    digests.append(try await Self.digest("every_type", in: database, settings: settings))
                }
                settings.parameters = EveryType.hostileSettings
                digests.append(try await Self.digest("every_type", in: database, settings: settings))
            }
        }
        #expect(digests[0].rows == 303)
        #expect(Set(digests).count == 1, "\(digests)")
    }

    @Test("without its pin, every one of those settings would change the text of the same rows")
    func needsPins() async throws {
        let database = TestDatabase.current
        try await database.run(EveryType.script)
        func text(_ parameters: [String: String]) async throws -> RowDigest {
            try await database.connect(ConnectionSettings(parameters: parameters)) { connection in
                try await connection.copyOut("copy public.every_type to stdout", into: RowDigest(scheme: .xxh3)) {
                    RowHash.xxh3.add($1, to: &$0)
                }
            }
        }
        let plain = try await text([:])
        for (name, value) in EveryType.hostileSettings {
            #expect(try await text([name: value]) != plain, "\(name)")
        }
    }

    @Test(
        "a difference of one value, one row or one pair of rows is found",
        arguments: [
            "update t set v = v + 1 where id = 5", "delete from t where id = 5",
            "insert into t values (5, 50, 1.5, 'text')",
            "delete from t where id = 8", "update t set f = 'NaN' where id = 5", "update t set f = '-0' where id = 5",
            "update t set n = 1.50 where id = 5", "update t set s = null where id = 5",
            "update t set s = s || ' ' where id = 5", "update t set id = 6 - id where id in (1, 5)", "delete from t",
            "update t set s = '\\N' where id = 4",
        ])
    func detects(change: String) async throws {
        let database = TestDatabase.current
        // Row 8 is there twice: a pair that an exclusive or would not miss.
        try await database.run(
            """
            create table t (id int, v int, n numeric, s text, f float8 default 0);
            insert into t select n, n * 10, 1.5, 'text' from generate_series(1, 8) n;
            insert into t select id, v, n, s from t where id = 8;
            """)
        let before = try await Self.digest("t")
        let keyedBefore = try await Self.digest("t", with: .keyed(Self.key()))
        #expect(try await Self.digest("t") == before)
        try await database.connect { try await $0.executeScript(trusted: change) }
        #expect(try await Self.digest("t") != before)
        #expect(try await Self.digest("t", with: .keyed(Self.key())) != keyedBefore)
    }

    static func key(_ first: UInt8 = 0) throws -> SipHash128 {
        try #require(SipHash128(key: (0..<16).map { $0 + first }))
    }

    @Test("cut into ranges, into partitions, or in another order, the same rows have the same digest")
    func sumsPieces() async throws {
        try await TestDatabase.current.run(
            """
            create table plain (id int, v text);
            insert into plain select n, repeat(md5(n::text), 8) from generate_series(1, 100000) n;
            create table parted (id int, v text) partition by range (id);
            create table parted_low partition of parted for values from (minvalue) to (20000);
            create table "parted high" (extra int, v text, id int);
            alter table "parted high" drop column extra;
            alter table parted attach partition "parted high" for values from (20000) to (maxvalue);
            insert into parted select * from plain order by md5(v);
            create table parent (id int, v text);
            create table child () inherits (parent);
            insert into parent select * from plain; insert into child select * from plain limit 10;
            """)
        let digest = try await Self.digest("plain")
        #expect(digest.rows == 100_000)
        #expect(try await Self.digest("plain", connections: 3) == digest)
        #expect(try await Self.digest("parted", connections: 2) == digest)
        #expect(try await Self.digest("parent") == digest)
        let (keyed, again, other) = (try Self.key(), try Self.key(), try Self.key(1))
        let keyedDigest = try await Self.digest("plain", with: .keyed(keyed))
        #expect(try await Self.digest("parted", connections: 3, with: .keyed(again)) == keyedDigest)
        #expect(try await Self.digest("plain", with: .keyed(other)) != keyedDigest)
    }

    @Test("no rows, no columns, 1,600 columns and hostile names all have digests")
    func takesExtremes() async throws {
        try await TestDatabase.current.connect { connection in
            try await connection.executeScript(
                trusted:
                    "create table none (a int); create table bare (); insert into bare select from generate_series(1, 3)"
            )
            let columns = (1...1_600).map { "\(identifier: "c \($0)") bool" as SQL }
            try await connection.execute("create table wide (\(columns.joined(separator: ", ")))")
            try await connection.execute("insert into wide default values")
            for name in SQLServerTests.hostileTexts where !name.isEmpty {
                let table = QualifiedName(schema: "public", name: name)
                try await connection.execute("create table \(relation: table) (\(identifier: name) int)")
                try await connection.execute("insert into \(relation: table) values (1)")
            }
        }
        let digest = try await DatabaseSnapshot.with(TestDatabase.current.address, connections: 2) {
            try await $0.digest()
        }
        let rows = Dictionary(uniqueKeysWithValues: digest.tables.map { ($0.name.name, $0.digest.rows) })
        #expect(rows["none"] == 0)
        #expect(rows["bare"] == 3)
        #expect(rows["wide"] == 1)
        #expect(digest.tables.count == 3 + SQLServerTests.hostileTexts.count - 1)
        #expect(digest.rows == UInt64(4 + SQLServerTests.hostileTexts.count - 1))
        #expect(digest.uncovered.isEmpty)
    }

    @Test("what a digest does not cover is named")
    func namesUncovered() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int); create table hidden (a int); create table filtered (a int);
            alter table filtered enable row level security;
            create materialized view mv as select 1 as a; create sequence s;
            create role digester_role login; grant select on t, filtered to digester_role;
            """)
        do {
            let address = database.address.with(user: "digester_role")
            let digest = try await DatabaseSnapshot.with(address) { try await $0.digest() }
            #expect(digest.tables.map(\.name.name) == ["t"])
            let reasons = Dictionary(uniqueKeysWithValues: digest.uncovered.map { ($0.name.name, $0.reason) })
            #expect(
                reasons == [
                    "hidden": .noPrivilege, "filtered": .rowSecurity, "mv": .materializedView, "s": .sequence,
                ])
            await #expect(throws: DigestError.self) {
                try await DatabaseSnapshot.with(address) {
                    try await $0.table(QualifiedName(schema: "public", name: "hidden"))
                }
            }
        }
        try await database.run("drop owned by digester_role; drop role digester_role")
    }

    @Test("a snapshot does not see what is committed after it, on any connection")
    func keepsOneSnapshot() async throws {
        let database = TestDatabase.current
        try await database.run("create table t (a int); insert into t select generate_series(1, 10)")
        try await DatabaseSnapshot.with(database.address, connections: 3) { snapshot in
            try await database.run("insert into t values (11)")
            let digest = try await snapshot.digest()
            #expect(digest.rows == 10)
        }
    }

    @Test("SipHash-2-4-128 gives the reference implementation's outputs")
    func matchesSipHashVectors() throws {
        let vectors = [
            "a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45", "8177228da4a45dc7fca38bdef60affe4",
        ]
        let function = try Self.key()
        for (length, expected) in vectors.enumerated() {
            let hash = (0..<UInt8(length)).map { $0 }.withUnsafeBytes { function.hash($0) }
            let bytes = (0..<16).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
            #expect(bytes.hexadecimal == expected)
        }
    }

    @Test("a digest survives its text")
    func roundTripsText() async throws {
        try await TestDatabase.current.run("create table t as select generate_series(1, 5) as a")
        let digest = try await Self.digest("t")
        #expect(RowDigest(digest.description) == digest)
        #expect(RowDigest("xxh3-128/2:1:1:\(String(repeating: "0", count: 32))") == nil)
    }
}
