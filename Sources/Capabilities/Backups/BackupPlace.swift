import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Where the backups of a step's target lie, and the key that signs them.
struct BackupPlace: Sendable {
    let folder: BackupFolder
    let keyFile: String
    /// Files of keys that signed before.
    let formerKeys: [String]
    /// The file of the key that signs certificates for outsiders.
    let certificateKeyFile: String
    private let root: String

    init(_ look: Look) { self.init(look.inventory, state: look.log.directory, look.target) }

    init(_ inventory: Inventory, state: String, _ target: Target) {
        root = inventory.backups.directory(state: state)
        folder = BackupFolder(root: root, target: target)
        keyFile = inventory.backups.keyFile(state: state)
        formerKeys = inventory.backups.formerKeys
        certificateKeyFile = inventory.backups.certificateKeyFile(state: state)
    }

    /// - Throws: `BackupError.noKey` where there are backups and no key to believe them with.
    func key() async throws -> BackupKey? {
        try await Blocking().run { _ in
            if let key = try BackupKey.read(keyFile, former: formerKeys) { return key }
            guard try folder.ids().isEmpty else { throw BackupError.noKey(path: keyFile) }
            return nil
        }
    }

    /// Made where there is none: a physical backup may come before the first logical one.
    func keyOrNew() async throws -> BackupKey {
        try await Blocking().run { _ in try BackupKey.readOrMake(keyFile, former: formerKeys) }
    }

    /// The newest that can be believed and was not taken out of a physical backup; nil where there is none.
    func newest() async throws -> BackupManifest? {
        guard let key = try await key() else { return nil }
        return try await Blocking().run { _ in
            try folder.manifests(key: key).first { $0.extraction == nil }
        }
    }

    /// The newest of all that were not taken out of physical backups, also those that cannot be believed.
    func newestIDs(_ count: Int) async throws -> [BackupID] {
        let key = try await key()
        return try await Blocking().run { _ in
            guard let key else { return Array(try folder.ids().prefix(count)) }
            return Array(
                try folder.backups(key: key).lazy.filter { $0.manifest?.extraction == nil }.map(\.id).prefix(count))
        }
    }

    func newestID() async throws -> BackupID? { try await newestIDs(1).first }

    /// The key for outsiders; its public half lies beside the backups, where they find it.
    func certificateKey() throws -> CertificateKey {
        let key = try CertificateKey.readOrMake(certificateKeyFile)
        try key.publish(in: root)
        return key
    }
}
