import Backup
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Damage that is made for real and has to be found and named: a detector nobody tried is a hope.
@Suite("the detector of damaged physical backups", .serialized, .timeLimit(.minutes(4)))
struct DetectorTests {
    @Test("every damage of a repository and of its log is found at its rung and named")
    func repository() async throws {
        try await PhysicalEstate.with(more: "compress-type=none") { estate in
            try await estate.fill()
            let backup = try await estate.engine().back(up: .full)
            for round in 1...4 {
                try await estate.sql("update orders set total = total + \(round) where id % 7 = \(round)")
                try await estate.archive()
            }
            let relations = try await estate.relations()
            let clean = try await estate.proof().run(nil)
            #expect(!clean.ladder.hasFailed, "\(clean.ladder)")
            for damage in Damage.ofFiles + Damage.ofLog {
                let path = "\(estate.directory)/damaged"
                try await estate.run(["cp", "--archive", "--link", estate.repository, path])
                try await damage.make(
                    RepositoryCopy(estate: estate, path: path, label: backup.label, relations: relations))
                try estate.configure("compress-type=none", repository: path, name: "damaged.conf")
                let failed = try await estate.proof("damaged.conf").failure(backup.label)
                try FileManager.default.removeItem(atPath: path)
                #expect(failed?.kind == damage.rung, "\(damage.name): \(failed?.evidence ?? "not found")")
                #expect(
                    failed?.evidence.contains(damage.words) == true,
                    "\(damage.name): \(failed?.evidence ?? "not named")")
            }
            // What is not of this cluster, or from a machine whose clock is wrong.
            let other = try await estate.proof(source: .known(systemIdentifier: "7000000000000000001")).run(nil)
            #expect(other.ladder.rungs[0].evidence.contains("it is of another cluster"))
            let early = WallClock(
                now: { WallClock.system.now() - .seconds(86_400) }, monotonic: WallClock.system.monotonic,
                sleep: { try await WallClock.system.sleep(for: $0) })
            let engine = try PgBackRest(
                stanza: estate.stanza, configuration: estate.configuration,
                programs: Programs(environment: ["PATH": "/usr/bin:/bin"], clock: early))
            let skewed = try await PhysicalProof(engine, workDirectory: estate.work, source: .unknown("not asked")).run(
                nil)
            #expect(skewed.ladder.rungs[0].evidence.contains("the clock of the machine"))
        }
    }

    @Test("damage that was in the database when it was backed up is found by reading the restored copy")
    func source() async throws {
        try await PhysicalEstate.with(more: "repo1-retention-full=99") { estate in
            try await estate.fill()
            for damage in SourceDamage.all {
                let path =
                    damage.fork == "toast"
                    ? try await estate.relations()["toast"] ?? ""
                    : try await estate.path(of: damage.relation) + damage.fork
                let file = "\(estate.cluster.dataDirectory)/\(path)"
                try await estate.sql(damage.before)
                try await estate.cluster.stop()
                let whole = try Data(contentsOf: URL(fileURLWithPath: file))
                var bytes = [UInt8](whole)
                damage.make(&bytes)
                try estate.overwrite(file, bytes)
                try await estate.cluster.start()
                let backup = try await estate.engine().back(up: .full)
                let outcome = try await estate.proof().run(backup.label)
                let failed = outcome.ladder.rungs.first { $0.standing == .failed }
                #expect(failed?.kind == .structure, "\(damage.name): \(failed?.evidence ?? "not found")")
                #expect(
                    failed?.evidence.contains(damage.words) == true,
                    "\(damage.name): \(failed?.evidence ?? "not named")")
                try await estate.cluster.stop(.immediate)
                try estate.overwrite(file, [UInt8](whole))
                try await estate.cluster.start()
            }
            let backup = try await estate.engine().back(up: .full)
            let clean = try await estate.proof().run(backup.label)
            #expect(!clean.ladder.hasFailed, "\(clean.ladder)")
        }
    }

    @Test(
        "an encrypted repository is proved with its key and refused without it; a page with a wrong checksum is named")
    func encrypted() async throws {
        let cipher = "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=correct horse"
        try await PhysicalEstate.with(checksums: true, more: cipher) { estate in
            try await estate.fill()
            let backup = try await estate.engine().back(up: .full)
            let outcome = try await estate.proof().run(nil)
            #expect(!outcome.ladder.hasFailed && outcome.rows != nil, "\(outcome.ladder)")
            try estate.configure(cipher.replacing("horse", with: "donkey"), name: "wrong.conf")
            let wrong = try await estate.proof("wrong.conf").failure(backup.label)
            #expect(wrong?.evidence.contains("unable to load info file") == true, "\(wrong?.evidence ?? "not found")")

            let file = "\(estate.cluster.dataDirectory)/\(try await estate.path(of: "orders"))"
            try await estate.cluster.stop()
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            bytes[3 * 8_192 + 5_000] ^= 1
            try estate.overwrite(file, bytes)
            try await estate.cluster.start()
            let damaged = try await estate.engine().back(up: .full)
            #expect(damaged.hasPageErrors)
            let found = try await estate.proof().run(damaged.label)
            let failed = found.ladder.rungs.first { $0.standing == .failed }
            #expect(failed?.kind == .checksums && failed?.evidence.contains("wrong checksum") == true)
        }
    }
}

extension PhysicalProof {
    /// The first rung that does not hold. A repository that cannot even be listed is an error of the first.
    fileprivate func failure(_ label: String) async throws -> VerificationLadder.Rung? {
        do {
            return try await run(label).ladder.rungs.first { $0.standing == .failed }
        } catch let error as PhysicalError {
            return .init(.exists, .failed, evidence: error.problem)
        }
    }
}

extension PhysicalEstate {
    fileprivate func relations() async throws -> [String: String] {
        var result: [String: String] = [:]
        for name in ["orders", "orders_pkey", "documents", "prices"] { result[name] = try await path(of: name) }
        result["toast"] = try await connect { connection in
            try await connection.query(
                """
                select pg_relation_filepath(reltoastrelid)::text as path from pg_class where relname = 'documents'
                """
            ).only["path", as: String.self]
        }
        return result
    }

    fileprivate func overwrite(_ file: String, _ bytes: [UInt8]) throws {
        guard let handle = FileHandle(forWritingAtPath: file) else { throw CocoaError(.fileNoSuchFile) }
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }
}

/// Damage of a file of the source itself, in a cluster without data checksums.
private struct SourceDamage: Sendable {
    var name: String
    /// A relation, as `regclass` reads it.
    var relation: String
    var fork = ""
    var before = "checkpoint"
    var words: String
    var make: @Sendable (inout [UInt8]) -> Void

    static let all: [SourceDamage] = [
        SourceDamage(name: "a tuple's header in a heap", relation: "orders", words: "heap table") { bytes in
            let tuple = bytes.item(1, of: 3)
            bytes[tuple + 22] = 0xFF
        },
        SourceDamage(name: "the header of a page", relation: "orders", words: "invalid page") { bytes in
            bytes[4 * 8_192 + 13] = 0xFF
        },
        SourceDamage(name: "a key in a numeric index", relation: "orders_pkey", words: "orders_pkey") { bytes in
            let item = bytes.item(5, of: 3)
            bytes[item + 10] ^= 0x40
        },
        SourceDamage(name: "a letter in an index on text", relation: "orders_customer", words: "orders_customer") {
            bytes in
            let item = bytes.item(5, of: 4)
            bytes[item + 12] ^= 0x01
        },
        SourceDamage(name: "an index that is empty", relation: "orders_customer", words: "orders_customer") { bytes in
            bytes.removeAll()
        },
        SourceDamage(name: "an index of zeros", relation: "orders_pkey", words: "orders_pkey") { bytes in
            bytes = [UInt8](repeating: 0, count: bytes.count)
        },
        SourceDamage(name: "a value's number in TOAST", relation: "documents", fork: "toast", words: "toast") { bytes in
            let tuple = bytes.item(1, of: 2)
            bytes[tuple + 24] ^= 0x40
        },
        SourceDamage(
            name: "a visibility map that promises too much", relation: "orders", fork: "_vm",
            before: "update orders set total = total + 1 where id <= 50; checkpoint", words: "visibility map"
        ) { bytes in
            for index in 24..<64 { bytes[index] = 0xFF }
        },
        // Nothing of a heap that lost its pages is wrong in itself.
        // By its visibility map, or by an index where it has not been vacuumed since.
        SourceDamage(name: "pages of a vacuumed heap that became zeros", relation: "orders", words: "orders") {
            bytes in
            bytes.replaceSubrange(20 * 8_192..<40 * 8_192, with: [UInt8](repeating: 0, count: 20 * 8_192))
        },
        SourceDamage(name: "a vacuumed heap that is cut", relation: "orders", words: "orders is cut") { bytes in
            bytes.removeLast(10 * 8_192)
        },
        SourceDamage(name: "a page of a heap that became zeros", relation: "prices", words: "rows of prices are lost") {
            bytes in
            bytes.replaceSubrange(4 * 8_192..<5 * 8_192, with: [UInt8](repeating: 0, count: 8_192))
        },
        SourceDamage(name: "a heap that is cut", relation: "prices", words: "prices is cut") { bytes in
            bytes.removeLast(3 * 8_192)
        },
        SourceDamage(name: "a heap that is empty", relation: "prices", words: "prices is cut") { bytes in
            bytes.removeAll()
        },
        SourceDamage(name: "a heap of zeros", relation: "prices", words: "rows of prices are lost") { bytes in
            bytes = [UInt8](repeating: 0, count: bytes.count)
        },
        SourceDamage(name: "TOAST that is cut", relation: "documents", fork: "toast", words: "documents") { bytes in
            bytes.removeLast(8 * 8_192)
        },
        SourceDamage(name: "TOAST that is empty", relation: "documents", fork: "toast", words: "documents") { bytes in
            bytes.removeAll()
        },
    ]
}

extension [UInt8] {
    /// Where an item of a page of 8 kB begins (PostgreSQL manual, "Database Page Layout").
    fileprivate func item(_ number: Int, of page: Int) -> Int {
        let pointer = page * 8_192 + 24 + (number - 1) * 4
        let word = UInt32(self[pointer]) | UInt32(self[pointer + 1]) << 8
        return page * 8_192 + Int(word & 0x7FFF)
    }
}
