import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Backup
@testable import Backups

@Suite("backups that somebody asked to be kept", .temporaryDirectory)
struct KeepNoteTests {
    private func prepare(days: Int) throws -> (shelf: MadeShelf, old: BackupID) {
        let shelf = try MadeShelf { policy in
            policy.retention = Written(try #require(Period("30d")), at: .test)
        }
        let old = try shelf.add(age: 40, .expired)
        try shelf.add(age: 0.5, .proved)
        let note = KeepNote(
            old, of: shelf.target, until: shelf.now + .seconds(days * 86_400), reason: "before the upgrade to 16",
            runID: "run", at: shelf.now)
        try shelf.folder.write(note, key: try shelf.key())
        return (shelf, old)
    }

    @Test("stay until the day that was said, with the reason, and go afterwards with their note")
    func expires() async throws {
        let (shelf, old) = try prepare(days: 5)
        let kept = try await shelf.prune()
        #expect(kept.changes.isEmpty)
        let rows = try #require(kept.listing("Backups of live/main")).rows.map { "\($0[3])" }
        #expect(rows.contains { $0.contains("before the upgrade to 16, until ") }, "\(rows)")
        shelf.clock.advance(by: .seconds(6 * 86_400))
        let gone = try await shelf.prune()
        #expect(gone.changes.map(\.change.object) == [old.description])
        #expect(gone.changes.map(\.state) == [.proved])
        #expect(try !shelf.names().contains { $0.contains(old.description) })
    }

    @Test("stay where the note was changed, since nobody knows what it said")
    func changed() async throws {
        let (shelf, old) = try prepare(days: -1)
        let path = "\(shelf.folder.path)/\(old).keep.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("before the upgrade", with: "after the upgrade").write(
            toFile: path, atomically: true, encoding: .utf8)
        let kept = try await shelf.prune()
        #expect(kept.changes.isEmpty)
        let rows = try #require(kept.listing("Backups of live/main")).rows.map { "\($0[3])" }
        #expect(rows.contains { $0.contains("cannot be believed") }, "\(rows)")
    }
}
