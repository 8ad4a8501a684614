import Backup
import Engine
import Maintenance
import Outside
import Settings

/// The storages that are configured, as something that can be asked.
struct CopyStorages: Sendable {
    private let inventory: Inventory
    private let state: String
    private let programs: Programs

    init(_ look: Look) {
        self.init(look.inventory, state: look.log.directory, programs: look.programs)
    }

    init(_ inventory: Inventory, state: String, programs: Programs) {
        self.inventory = inventory
        self.state = state
        self.programs = programs
    }

    /// By name, the nearest first; only `only` where it is named.
    ///
    /// - Throws: `StorageError.unknown`.
    func configured(only: String? = nil) throws -> [(name: String, settings: RepositorySettings)] {
        let all = inventory.backups.storage.repositories
        guard let only else { return all }
        guard let one = all.first(where: { $0.name == only }) else {
            throw StorageError.unknown(only, configured: all.map(\.name))
        }
        return [one]
    }

    /// - Throws: `StorageError.unknown`.
    func settings(_ name: String) throws -> RepositorySettings {
        guard let one = try configured(only: name).first else { throw StorageError.unknown(name, configured: []) }
        return one.settings
    }

    /// What is remembered on this side of the file sets in a storage.
    func noteOfFiles(in name: String) -> StoredFilesNote { StoredFilesNote("\(state)/storages/\(name)") }

    /// With its password and credentials fetched now.
    ///
    /// - Throws: `StorageError.unknown`, `MissingVariables`, `SecretError`.
    func repository(_ name: String) async throws -> ResticRepository {
        let settings = try settings(name)
        var repository = ResticRepository(
            storage: name, url: try await settings.repository.resolve(with: programs),
            password: try await settings.password.resolve(with: programs), directory: "\(state)/storages/\(name)",
            programs: programs)
        for (variable, value) in settings.environment {
            repository.credentials[variable] = try await value.resolve(with: programs)
        }
        repository.sftpCommand = settings.sftpCommand
        repository.uploadLimit = settings.uploadLimit
        repository.patience = settings.giveUpAfter
        return repository
    }
}

/// A storage that is asked for and not configured.
enum StorageError: MaintenanceError, Hashable {
    case unknown(String, configured: [String])

    var code: String { "backups.no-such-storage" }

    var problem: String {
        switch self {
        case .unknown(let name, let configured):
            "there is no storage '\(name.printable)' under 'backups.storage'"
                + (configured.isEmpty ? "" : " (there is \(configured.joined(separator: ", ")))")
        }
    }

    var hint: String? { "Configure it as docs/storage.md says." }
    var exitStatus: ExitStatus { .configuration }
}
