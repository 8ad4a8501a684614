import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Where the backups of a step's target lie, and the key that signs them.
struct BackupPlace: Sendable {
    let folder: BackupFolder
    let keyFile: String

    init(_ look: Look) { self.init(look.inventory, state: look.log.directory, look.target) }

    init(_ inventory: Inventory, state: String, _ target: Target) {
        folder = BackupFolder(root: inventory.backups.directory(state: state), target: target)
        keyFile = inventory.backups.keyFile(state: state)
    }

    /// - Throws: `BackupError.noKey` where there are backups and no key to believe them with.
    func key() async throws -> BackupKey? {
        try await Blocking().run { _ in
            if let key = try BackupKey.read(keyFile) { return key }
            guard try folder.ids().isEmpty else { throw BackupError.noKey(path: keyFile) }
            return nil
        }
    }

    /// The newest that can be believed; nil where there is none.
    func newest() async throws -> BackupManifest? {
        guard let key = try await key() else { return nil }
        return try await Blocking().run { _ in
            try folder.manifests(key: key).first { _ in true }
        }
    }
}
