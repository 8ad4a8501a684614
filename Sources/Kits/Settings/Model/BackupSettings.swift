import Maintenance
import Outside

/// Where backups go, how they are made, and how fresh they and their proofs have to be.
package struct BackupSettings: Sendable, Equatable {
    /// Absolute; nil for `backups` under the state directory.
    package var directory: String?
    /// The file of the key that signs them, absolute; nil for `backup.key` under the state directory.
    package var key: String?
    /// Files of keys that signed before this one, absolute: what they signed is still believed.
    package var formerKeys: [String] = []
    /// The file of the key that signs certificates for outsiders, absolute; nil for `certificate.key` under the state
    /// directory.
    package var certificateKey: String?
    /// Whether each certificate is written as PDF too.
    package var certificatePDF = false
    /// Where restores are proved, absolute; nil for a directory of ours under /var/tmp.
    package var work: String?
    /// Tables read, and restored, at once.
    package var jobs = 2
    /// zstd's.
    package var level = 1
    /// Share of the rows' bytes that each backup reads a second time, in percent.
    package var readTwice = 10
    /// How long a certificate counts.
    package var proveWithin = Duration.seconds(8 * 86_400)
    /// Where else every backup lies.
    package var storage = StorageSettings()
    /// In the order of the files.
    package var files: [FileBackupSettings] = []
    /// For all databases; `Inventory.backupPolicy(of:)` adds what differs.
    package var policy = BackupPolicy()

    package init() {}

    /// Where they go, with the state directory for what is not configured.
    package func directory(state: String) -> String { directory ?? "\(state)/backups" }

    /// Where private clusters go: reachable for whoever runs PostgreSQL, which the state directory often is not.
    package var workDirectory: String { work ?? "/var/tmp/mainstay-\(SystemUser.current.name)" }

    package func keyFile(state: String) -> String { key ?? "\(state)/backup.key" }

    package func certificateKeyFile(state: String) -> String { certificateKey ?? "\(state)/certificate.key" }
}
