import Backup
import Engine
import Maintenance
import Outside
import Page
import Settings

/// The newest backups of one database, with what is proved of each, read from the folder and believed only with their
/// signatures.
struct BackupLook: Sendable {
    /// Of each database; `mainstay backup list` shows all.
    static let most = 10

    var target: Target
    var backups: [KnownBackup]
    /// Why the folder says nothing; nil where it could be read.
    var trouble: ErrorReport?

    private static let blocking = Blocking(label: "mainstay.dashboard.backups")

    init(_ target: Target, _ inventory: Inventory, state: String) async {
        self.target = target
        let folder = Self.folder(target, inventory, state)
        let file = inventory.backups.keyFile(state: state)
        let former = inventory.backups.formerKeys
        do {
            backups = try await Self.blocking.run { _ in
                guard let key = try BackupKey.read(file, former: former) else {
                    guard try folder.ids().isEmpty else { throw BackupError.noKey(path: file) }
                    return []
                }
                return try Array(folder.backups(key: key).prefix(Self.most))
            }
        } catch {
            backups = []
            trouble = ErrorReport(error)
        }
    }

    /// The page that was signed beside a backup, for outsiders, believed only with its signature; nil where it has none.
    ///
    /// - Throws: `BackupError`, `FileError`.
    static func page(
        of id: BackupID, _ target: Target, _ inventory: Inventory, state: String
    ) async throws -> [UInt8]? {
        guard let certificate = try await certificate(of: id, target, inventory, state: state) else { return nil }
        let folder = folder(target, inventory, state)
        return try await blocking.run { _ in try folder.page(of: certificate, limit: largest) }
    }

    /// What is proved of a backup, believed only with its signature; nil where it has none.
    static func certificate(
        of id: BackupID, _ target: Target, _ inventory: Inventory, state: String
    ) async throws -> Certificate? {
        let folder = folder(target, inventory, state)
        let file = inventory.backups.keyFile(state: state)
        let former = inventory.backups.formerKeys
        return try await blocking.run { _ in
            guard let key = try BackupKey.read(file, former: former) else { throw BackupError.noKey(path: file) }
            return try folder.certificate(of: id, key: key)
        }
    }

    private static let largest = 16 * 1_048_576

    private static func folder(_ target: Target, _ inventory: Inventory, _ state: String) -> BackupFolder {
        BackupFolder(root: inventory.backups.directory(state: state), target: target)
    }
}

extension KnownBackup.Standing {
    var standing: Standing {
        switch self {
        case .proved: .good
        case .partly, .unproven, .expired, .none: .warning
        case .refuted, .bad: .critical
        }
    }

    var words: String {
        switch self {
        case .proved: "proved"
        case .partly: "partly proved"
        case .unproven: "not proved"
        case .refuted: "refuted"
        case .expired: "the proof counts no more"
        case .none: "never proved"
        case .bad: "cannot be believed"
        }
    }
}
