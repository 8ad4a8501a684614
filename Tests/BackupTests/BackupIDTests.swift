import Maintenance
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
