import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("checksums of a backup", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct ChecksumTests {
    private func backup() async throws -> (shelf: Shelf, manifest: BackupManifest) {
        try await TestDatabase.current.run(
            """
            create table a as select n, repeat('x', n) as t from generate_series(1, 300) n;
            create table b (id int); create table c as select 1 as one;
            select lo_from_bytea(0, 'large');
            """)
        let shelf = Shelf()
        return (shelf, try await shelf.take())
    }

    @Test("any single flipped bit in any file is found, and the file is named")
    func flippedBits() async throws {
        let (shelf, manifest) = try await backup()
        let checksums = Checksums(manifest, at: shelf.path(manifest))
        #expect(try await checksums.problems() == [])
        var generator = SeededGenerator(seed: 20_261_121)
        let files = manifest.files.filter { $0.size.bytes > 0 }
        for round in 0..<500 {
            let file = files[round % files.count]
            let path = "\(shelf.path(manifest))/\(file.path)"
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            var flipped = whole
            flipped[Int.random(in: 0..<whole.count, using: &generator)] ^=
                1 << UInt8.random(in: 0..<8, using: &generator)
            try flipped.write(to: URL(fileURLWithPath: path))
            let problems = try await checksums.problems()
            #expect(problems.map(\.path) == [file.path])
            #expect(problems.map(\.kind) == [.content])
            try whole.write(to: URL(fileURLWithPath: path))
        }
        #expect(try await checksums.problems() == [])
    }

    @Test("truncated, empty, swapped, missing, extra and replaced files are all found and named at once")
    func files() async throws {
        let (shelf, manifest) = try await backup()
        let root = shelf.path(manifest)
        let data = manifest.files.map(\.path).filter { $0.hasSuffix(".dat.zst") && !$0.contains("blob") }
        #expect(data.count == 3)
        let manager = FileManager.default
        let first = try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(data[0])"))
        try first.dropLast().write(to: URL(fileURLWithPath: "\(root)/\(data[0])"))
        try Data().write(to: URL(fileURLWithPath: "\(root)/\(data[1])"))
        try manager.removeItem(atPath: "\(root)/\(data[2])")
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(root)/database/9999.dat.zst"))
        try manager.removeItem(atPath: "\(root)/RESTORE.txt")
        try manager.createSymbolicLink(atPath: "\(root)/RESTORE.txt", withDestinationPath: "/etc/passwd")
        try manager.createDirectory(atPath: "\(root)/more", withIntermediateDirectories: false)
        let problems = try await Checksums(manifest, at: root).problems()
        let found = Dictionary(uniqueKeysWithValues: problems.map { ($0.path, $0.kind) })
        #expect(
            found == [
                data[0]: .size, data[1]: .size, data[2]: .missing, "database/9999.dat.zst": .extra,
                "RESTORE.txt": .unreadable, "more": .extra,
            ])
        let certificate = try await shelf.proof.run(manifest.id)
        #expect(certificate.verdict == .refuted)
        #expect(certificate.differences.count == 6)
        #expect(certificate.restore == nil)
    }

    @Test("two files that changed places are both found")
    func swapped() async throws {
        let (shelf, manifest) = try await backup()
        let root = shelf.path(manifest)
        let data = manifest.files.map(\.path).filter { $0.hasSuffix(".dat.zst") && !$0.contains("blob") }
        let manager = FileManager.default
        try manager.moveItem(atPath: "\(root)/\(data[0])", toPath: "\(root)/aside")
        try manager.moveItem(atPath: "\(root)/\(data[2])", toPath: "\(root)/\(data[0])")
        try manager.moveItem(atPath: "\(root)/aside", toPath: "\(root)/\(data[2])")
        #expect(try await Checksums(manifest, at: root).problems().map(\.path) == [data[0], data[2]].sorted())
    }

    @Test("a manifest that was edited to match is not believed")
    func editedManifest() async throws {
        let (shelf, manifest) = try await backup()
        let path = "\(shelf.path(manifest))/manifest.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let digits = try #require(manifest.files.first?.sha256)
        try text.replacingOccurrences(of: digits, with: String(digits.reversed()))
            .write(toFile: path, atomically: true, encoding: .utf8)
        await #expect(throws: BackupError.badSignature(manifest.id)) { try await shelf.proof.run(manifest.id) }
    }
}
