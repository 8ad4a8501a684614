import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Synchronization
import Testing

@testable import Backup

@Suite("a backup and its proof in one pass", .temporaryDirectory, .timeLimit(.minutes(5)))
struct PassTests {
    /// What backup and proof said, in order, and whether the backup was whole by then.
    private final class Told: Sendable {
        let lines = Mutex<[(text: String, isWhole: Bool)]>([])
    }

    private func pass(_ shelf: Shelf, _ told: Told) -> BackupPass {
        var writer = shelf.writer()
        writer.programs = shelf.ownPrograms
        var proof = shelf.proof
        let folder = shelf.folder
        proof.tell = { text in
            let isWhole = (try? folder.ids().isEmpty) == false
            told.lines.withLock { $0.append((text, isWhole)) }
        }
        return BackupPass(writer, proof)
    }

    /// pg_dump holds on until the restore has begun.
    private func hold(_ pass: inout BackupPass, then end: String) throws {
        let flag = TemporaryDirectory.current + "/restoring"
        let waiting = "for i in $(seq 600); do [[ -e \(flag) ]] && break; sleep 0.1; done"
        pass.writer.directories = [try wrap("pg_dump", "\"$real\" \"$@\"; status=$?; \(waiting); \(end)")]
        let tell = pass.proof.tell
        pass.proof.tell = { text in
            tell(text)
            if text.hasPrefix("restoring") { _ = FileManager.default.createFile(atPath: flag, contents: nil) }
        }
    }

    @Test("a database with something of everything is proved on every version", arguments: TestServer.allCases)
    func everything(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run("select lo_from_bytea(0, repeat('large', n)::bytea) from generate_series(1, 50) n")
            try await RichSchema.make(in: database)
            try await database.run(EveryType.script)
            try await Odd.make(in: database)
            let shelf = Shelf(database: database)
            let certificate = try await pass(shelf, Told()).run()
            #expect(certificate.told == [])
            #expect(certificate.verdict == .proved)
            #expect(try shelf.folder.ids() == [certificate.backup])
            // What the two say one after the other, without the seconds.
            let alone = try await shelf.proof.run(certificate.backup)
            #expect(
                certificate.parts.map { "\($0.kind) \($0.count)" }.sorted()
                    == alone.parts.map { "\($0.kind) \($0.count)" }.sorted())
            #expect(certificate.content == alone.content)
            #expect(certificate.manifestSHA256 == alone.manifestSHA256)
            #expect(certificate.notes.sorted() == alone.notes.sorted())
        }
    }

    @Test("the restore begins while the source is still read, and a difference that came in is named")
    func besides() async throws {
        try await TestDatabase.with(.v15) { database in
            try await database.run("create table t as select n, md5(n::text) as v from generate_series(1, 20000) n")
            let shelf = Shelf(database: database)
            let told = Told()
            var pass = pass(shelf, told)
            try hold(&pass, then: "exit $status")
            pass.proof.restored = { address in
                try await Connection.with(address, .unlimited()) { connection in
                    _ = try await connection.execute("update t set v = 'x' where n = 77")
                }
            }
            let certificate = try await pass.run()
            let restoring = told.lines.withLock { $0.first { $0.text.hasPrefix("restoring") } }
            #expect(restoring?.isWhole == false)
            #expect(certificate.verdict == .refuted)
            #expect(certificate.differences.map(\.name) == ["public.t"], "\(certificate.told)")
        }
    }

    @Test("a database without a single row is backed up and proved", .timeLimit(.minutes(1)))
    func empty() async throws {
        try await TestDatabase.with(.v15) { database in
            let shelf = Shelf(database: database)
            let certificate = try await pass(shelf, Told()).run()
            #expect(certificate.verdict == .proved, "\(certificate.told)")
            #expect(certificate.content.tables == 0)
        }
    }

    @Test("a backup that fails leaves neither a backup nor a server")
    func failing() async throws {
        try await TestDatabase.with(.v15) { database in
            try await database.run("create table t as select n from generate_series(1, 1000) n")
            let shelf = Shelf(database: database)
            let work = "\(TestClusters.directory)/pass-\(UInt32.random(in: 0 ... .max))"
            defer { try? FileManager.default.removeItem(atPath: work) }
            var pass = pass(shelf, Told())
            pass.proof.workDirectory = work
            try hold(&pass, then: "exit 7")
            let failing = pass
            let error = await #expect(throws: ProgramError.self) { try await failing.run() }
            #expect(error?.problem.contains("status 7") == true)
            #expect(try shelf.folder.ids() == [])
            let left = try FileManager.default.contentsOfDirectory(atPath: work)
            #expect(left == [])
        }
    }

    @Test("a list of contents that pg_dump changes at its end is restored anew")
    func changedContents() async throws {
        try await TestDatabase.with(.v15) { database in
            try await database.run("create table t as select n from generate_series(1, 1000) n")
            let shelf = Shelf(database: database)
            let told = Told()
            var pass = pass(shelf, told)
            try hold(&pass, then: "printf x >> $directory/toc.dat; exit $status")
            let certificate = try await pass.run()
            #expect(certificate.verdict == .proved, "\(certificate.told)")
            #expect(told.lines.withLock { $0.filter { $0.text.hasPrefix("restoring") }.map(\.isWhole).last } == true)
        }
    }
}
