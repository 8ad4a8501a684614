import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// A database whose rows are proved part by part, over several nights.
@Suite("proving a backup by parts", .temporaryDirectory, .timeLimit(.minutes(5)))
struct RotationTests {
    /// Numbers of the parts that hold some tables.
    private func numbers(_ names: [QualifiedName], among parts: Int) -> [Int] {
        names.map { name in (1...parts).first { RotationPart($0, of: parts).holds(name) } ?? 0 }
    }

    @Test("each table is in exactly one part, whatever other tables there are", arguments: [2, 7, 30])
    func partition(parts: Int) {
        let names = (0..<600).map { QualifiedName(schema: $0 % 3 == 0 ? "shop" : "a\"b", name: "t\($0)") }
        for name in names {
            #expect((1...parts).filter { RotationPart($0, of: parts).holds(name) }.count == 1)
        }
        #expect((1...parts).filter { RotationPart($0, of: parts).holdsLargeObjects }.count == 1)
        let counts = Dictionary(grouping: numbers(names, among: parts)) { $0 }.mapValues(\.count)
        #expect(counts.count == parts && counts.values.allSatisfy { $0 > 600 / parts / 3 }, "\(counts)")
    }

    @Test("where a table goes is what it was when the first backup was proved")
    func isStable() {
        // SHA-256 of '"public"."orders"' and its like, first eight bytes as a number, modulo 7, plus 1, by another program.
        let expected = ["orders": 3, "order_items": 6, "Käufe": 1]
        for (name, number) in expected {
            #expect(numbers([QualifiedName(schema: "public", name: name)], among: 7) == [number], "\(name)")
        }
    }

    @Test(
        "every part of something of everything is proved in its turn, and the last makes it whole",
        arguments: TestServer.allCases)
    func everything(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await RichSchema.make(in: database)
            try await database.run(EveryType.script)
            try await Odd.make(in: database)
            let shelf = Shelf(database: database)
            let manifest = try await shelf.take()
            var seen: Set<String> = []
            for number in 1...3 {
                var proof = shelf.proof
                proof.part = RotationPart(number, of: 3)
                let certificate = try await proof.run(manifest.id)
                #expect(certificate.told == [], "part \(number)")
                #expect(certificate.verdict == (number == 3 ? .proved : .partly))
                let coverage = try #require(certificate.coverage)
                #expect(coverage.proved.map(\.part) == Array(1...number))
                #expect(coverage.part == number && coverage.tables > 0)
                let absent = Set(certificate.uncovered.filter { $0.kind == "rows" }.compactMap(\.name))
                let present = Set(manifest.tables.map(\.name.description)).subtracting(absent)
                #expect(present.count == coverage.tables)
                #expect(seen.isDisjoint(with: present))
                seen.formUnion(present)
                try shelf.folder.write(certificate, key: key)
            }
            #expect(seen.count == manifest.tables.count)
            let known = try #require(try shelf.folder.backups(key: key).first { _ in true })
            let certificate = try #require(known.certificate)
            let now = certificate.times.ended
            #expect(known.standing(at: now) == .proved)
            #expect(certificate.countsUntil == certificate.coverage?.proved.first?.countsUntil)
            #expect(known.ladder(at: now).score == "4 of 6")
            #expect(Rotation(3, [known], at: now).isWhole)
            #expect(Rotation(3, [known], at: certificate.countsUntil + .seconds(1)).newest.count < 3)
            #expect(Rotation(4, [known], at: now).newest.isEmpty, "another division is another rotation")
        }
    }

    /// Two tables in different parts of two, one that refers to the other, and a view over both.
    private func prepare(_ database: TestDatabase) async throws -> (one: Int, other: Int) {
        try await database.run(
            """
            create table a (id int primary key, word text);
            create table b (id int primary key, a int constraint b_to_a references a);
            comment on constraint b_to_a on b is 'needs a';
            insert into a select n, 'word ' || n from generate_series(1, 500) n;
            insert into b select n, n from generate_series(1, 500) n;
            create materialized view both_filled as select count(*) from a join b on a.id = b.a;
            create materialized view only_a as select 500 / count(*) as share from a;
            select lo_from_bytea(4711, 'large');
            """)
        let found = numbers(["a", "b"].map { QualifiedName(schema: "public", name: $0) }, among: 2)
        try #require(found[0] != found[1], "the names of this test are chosen so that they are in different parts")
        return (found[0], found[1])
    }

    @Test("what was altered is found in its own part, and no other part claims to have looked at it", .cluster)
    func alterations() async throws {
        let shelf = Shelf()
        let (one, other) = try await prepare(shelf.database)
        let manifest = try await shelf.take()
        func certificate(_ number: Int, _ script: String) async throws -> Certificate {
            var proof = shelf.proof
            proof.part = RotationPart(number, of: 2)
            proof.restored = { address in
                try await Connection.with(address, .unlimited()) { try await $0.executeScript(trusted: script) }
            }
            return try await proof.run(manifest.id)
        }
        let alter = "update a set word = 'other' where id = 7"
        let found = try await certificate(one, alter)
        #expect(found.verdict == .refuted)
        #expect(
            found.told.first?.contains("a: all 500 rows are there, and their content differs") == true, "\(found.told)")
        let blind = try await certificate(other, alter)
        #expect(blind.verdict == .partly)
        #expect(
            blind.uncovered.contains {
                $0.kind == "rows" && $0.name == QualifiedName(schema: "public", name: "a").description
            })

        let schema = try await certificate(other, "alter table a add column extra int")
        #expect(schema.verdict == .refuted, "the schema is compared whole each time")
        let dropped = try await certificate(other, "drop table a cascade")
        #expect(
            dropped.told.contains { $0.hasPrefix("table ") && $0.contains("a: it was not restored") }, "\(dropped.told)"
        )

        let plain = try await certificate(other, "select 1")
        for (kind, name) in [("foreign keys", "b_to_a"), ("materialised views", "both_filled")] {
            #expect(plain.uncovered.contains { $0.kind == kind && $0.name?.contains(name) == true }, "\(name)")
        }
        #expect(
            plain.uncovered.contains { $0.name?.contains("only_a") == true }, "a view over absent rows is not filled")
        let own = try await certificate(one, "select 1")
        let told = own.uncovered.filter { $0.kind == "materialised views" && $0.name?.contains("only_a") == true }
        #expect(told.isEmpty, "\(told)")

        // A file of the other part is read all the same.
        let table = try #require(manifest.tables.first { $0.name.name == "a" })
        let file = "\(shelf.path(manifest))/\(table.file)"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let flipped = try await certificate(other, "select 1")
        #expect(flipped.verdict == .refuted)
        #expect(flipped.told.first?.hasPrefix("file database/") == true, "\(flipped.told)")
    }

    @Test("a function that misses rows of another part leaves the backup unproven, and refutes nothing", .cluster)
    func missingRows() async throws {
        let shelf = Shelf()
        let (_, other) = try await prepare(shelf.database)
        try await shelf.database.run(
            """
            create function looks_up(int) returns int immutable language plpgsql as
                $$ declare found int; begin select id into strict found from public.a where id = $1; return found; end $$;
            create index on b (looks_up(a));
            """)
        let manifest = try await shelf.take()
        var proof = shelf.proof
        proof.part = RotationPart(other, of: 2)
        let certificate = try await proof.run(manifest.id)
        #expect(certificate.verdict == .unproven)
        #expect(
            certificate.gaps.first?.hint == "Prove all rows at once: mainstay backup verify --whole",
            "\(certificate.told)")

        // The complaint is about an index, and hides no row that is another one.
        proof.restored = { address in
            try await Connection.with(address, .unlimited()) {
                try await $0.executeScript(trusted: "update b set a = a + 1 where id = 7")
            }
        }
        let damaged = try await proof.run(manifest.id)
        #expect(damaged.verdict == .refuted && !damaged.gaps.isEmpty, "\(damaged.told)")
        #expect(damaged.told.contains { $0.contains("b: all 500 rows are there, and their content differs") })
    }
}

/// Whose turn it is, and when all is proved: over made certificates.
@Suite("the turns of a rotation", .temporaryDirectory, .cluster)
struct RotationTurnTests {
    @Test("each night proves the part that waited longest, of the backup that is the newest then")
    func turns() async throws {
        let shelf = Shelf()
        try await shelf.database.run("create table t as select n from generate_series(1, 10) n")
        let manifest = try await shelf.take()
        let believed = try shelf.folder.believed(manifest.id, key: key)
        let real = try await shelf.proof.run(manifest.id)
        var now = try #require(Timestamp(iso8601: "2026-11-21T02:00:00Z"))
        var order: [Int] = []
        for night in 0..<10 {
            var certificate = real
            certificate.coverage = nil
            (certificate.times.began, certificate.times.ended) = (now, now)
            certificate.countsUntil = now + .seconds(8 * 86_400)
            let known = Array(try shelf.folder.backups(key: key))
            let rotation = Rotation(4, known, at: now)
            if night == 0 { #expect(rotation.words == "proved 0 of 4 parts, whole by 2026-11-25") }
            if night == 3 { #expect(rotation.words == "proved 3 of 4 parts, whole by 2026-11-24") }
            if night > 3 { #expect(rotation.words == "proved 4 of 4 parts") }
            let part = rotation.next
            order.append(part.number)
            let earlier = known.first?.certificate?.proofs(ofParts: 4).filter { now <= $0.countsUntil } ?? []
            try shelf.folder.write(
                certificate.covering(part, of: believed.manifest, earlier: night == 0 ? [] : earlier), key: key)
            now = now + .seconds(86_400)
        }
        #expect(order == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2])
        let last = try #require(try shelf.folder.certificate(of: manifest.id, key: key))
        #expect(last.verdict == .proved)
        let late = last.countsUntil + .seconds(1)
        #expect(Rotation(4, try shelf.folder.backups(key: key), at: late).words.hasPrefix("proved 3 of 4 parts"))
    }
}
