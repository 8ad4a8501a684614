import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@testable import Backup

@Suite("the name of a backup")
struct BackupIDTests {
    @Test("sorts by time and reads back")
    func text() throws {
        var generator = SeededGenerator(seed: 1)
        let time = try #require(Timestamp(iso8601: "2026-11-21T02:00:00Z"))
        let first = BackupID(at: time, using: &generator)
        let second = BackupID(at: time + .seconds(1), using: &generator)
        #expect(first.description.hasPrefix("20261121T020000Z-"))
        #expect(first < second)
        #expect(BackupID(first.description) == first)
    }

    @Test(
        "nothing else is one",
        arguments: [
            "", "20261121T020000Z", "../20261121T020000Z-aaaa", "20261121T020000Z-aaa/a", "20261121T020000Z-AAAAA",
            "2026112XT020000Z-aaaaa", ".20261121T020000Z-aaaaa.partial",
        ])
    func others(text: String) { #expect(BackupID(text) == nil) }
}

@Suite("the key that signs backups", .temporaryDirectory)
struct BackupKeyTests {
    @Test("many who need it first at the same moment all get the same, and only its owner can read it")
    func race() async throws {
        let path = TemporaryDirectory.current + "/deep/down/backup.key"
        let names = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try await Blocking().run { _ in try BackupKey.readOrMake(path).name } } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names.count == 1)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: TemporaryDirectory.current + "/deep/down").count == 1)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }

    @Test(
        "what is no key is refused",
        arguments: ["", "abc", String(repeating: "0", count: 63), "x" + String(repeating: "0", count: 63)])
    func bad(text: String) throws {
        let path = TemporaryDirectory.current + "/backup.key"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: BackupError.badKey(path: path)) { try BackupKey.readOrMake(path) }
    }
}
