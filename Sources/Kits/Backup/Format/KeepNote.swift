import Foundation
import Maintenance
import Outside

/// Why a backup stays although no rule keeps it, and until when: beside the backup, `ID.keep.json`, signed with the key of
/// the backups.
package struct KeepNote: Codable, Hashable, Sendable {
    package static let format = "mainstay-keep/1"

    package var format = Self.format
    package var backup: BackupID
    package var target: Target
    package var until: Timestamp
    /// What people read, as `before the upgrade to 16`. Hostile text.
    package var reason: String
    package var runID: String
    package var madeAt: Timestamp

    package init(
        _ backup: BackupID, of target: Target, until: Timestamp, reason: String, runID: String, at now: Timestamp
    ) {
        self.backup = backup
        self.target = target
        self.until = until
        self.reason = reason
        self.runID = runID
        madeAt = now
    }
}

extension BackupFolder {
    private var keepShelf: RecordShelf { RecordShelf(directory: path) }

    private static func keepName(_ id: BackupID) -> String { "\(id).keep" }

    /// The files of a note, which go with their backup.
    static func keepNames(_ id: BackupID) -> [String] {
        ["\(keepName(id)).json", "\(keepName(id)).signature.json", "\(keepName(id)).json.next"]
    }

    /// - Throws: `FileError`.
    package func write(_ note: KeepNote, key: BackupKey) throws {
        try keepShelf.write(note, as: Self.keepName(note.backup), key: key)
    }

    /// Nil where nobody asked for it to be kept.
    ///
    /// - Throws: `PhysicalRecordError` where it cannot be believed, `FileError`.
    package func keepNote(of id: BackupID, key: BackupKey) throws -> KeepNote? {
        let name = Self.keepName(id)
        guard let note = try keepShelf.read(KeepNote.self, name, key: key) else { return nil }
        guard note.format == KeepNote.format, note.backup == id, note.target == target else {
            throw PhysicalRecordError(path: keepShelf.path(of: name), reason: "it is about something else")
        }
        return note
    }
}
