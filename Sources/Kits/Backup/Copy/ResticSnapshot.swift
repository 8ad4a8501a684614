import Foundation
import Maintenance

/// A snapshot as `restic snapshots --json` lists it. Everything in it is hostile text: whoever has the password may have
/// written it.
package struct ResticSnapshot: Decodable, Sendable, Hashable {
    /// 64 hexadecimal digits.
    package var id: String
    /// RFC 3339, as Go writes it; of a copy the moment of the database's snapshot.
    package var time: String
    package var tags: [String]?
    package var hostname: String?

    /// What the tags of a copy say; nil for a snapshot that is none.
    package var label: CopyLabel? { CopyLabel(tags ?? []) }

    /// Of a snapshot that Mainstay made, of a backup or of files: `BackupKey.name`.
    var key: String? {
        guard let tags, tags.contains(CopyLabel.mark) else { return nil }
        return tags.first { $0.hasPrefix("key=") }.map { String($0.dropFirst(4)) }
    }
}

/// Which backup a snapshot is a copy of, as its tags say.
package struct CopyLabel: Sendable, Hashable {
    package var backup: BackupID
    package var target: Target
    /// `BackupKey.name` of the key that signs its manifest.
    package var key: String

    package init(backup: BackupID, target: Target, key: String) {
        self.backup = backup
        self.target = target
        self.key = key
    }

    /// Whoever signed it: the keys of all are looked at before.
    package func isCopy(of id: BackupID, _ target: Target) -> Bool { backup == id && self.target == target }

    static let mark = "mainstay"

    /// Names of environments and resources hold neither `=` nor a comma.
    package var tags: [String] {
        [
            Self.mark, "backup=\(backup)", "environment=\(target.environment)", "resource=\(target.resource)",
            "key=\(key)",
        ]
    }

    init?(_ tags: [String]) {
        func value(_ name: String) -> String? {
            tags.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard tags.contains(Self.mark), let backup = value("backup").flatMap(BackupID.init),
            let environment = value("environment"), let resource = value("resource"), let key = value("key")
        else { return nil }
        self.init(backup: backup, target: Target(environment: environment, resource: resource), key: key)
    }
}
