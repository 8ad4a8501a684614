import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Where the physical backups of a step's database are, as its configuration says.
struct PhysicalPlace: Sendable {
    let settings: PhysicalSettings
    let engine: PhysicalEngine
    let place: BackupPlace

    /// Nil where none are configured.
    ///
    /// - Throws: `ProgramError.notInstalled`, `PhysicalError`, `FileError`.
    init?(_ look: Look) async throws {
        try await self.init(look.inventory, BackupPlace(look), look.target, look.programs)
    }

    /// As above.
    init?(_ inventory: Inventory, _ place: BackupPlace, _ target: Target, _ programs: Programs) async throws {
        guard let settings = inventory.backupPolicy(of: target).physical else { return nil }
        self.settings = settings
        switch settings.engine {
        case .pgbackrest:
            engine = .pgBackRest(
                try await Blocking().run { _ in
                    try PgBackRest(stanza: settings.stanza, configuration: settings.configuration, programs: programs)
                })
        case .basebackup: engine = .base(BaseBackups(place.folder, key: try await place.key()), programs)
        }
        self.place = place
    }

    func info() async throws -> RepositoryInfo { try await engine.info() }

    /// pgBackRest's stanza, or what stands for it.
    var name: String { settings.engine == .basebackup ? BaseBackups.name : settings.stanza }

    /// - Parameter what: which needs the archived log, as a message begins.
    /// - Throws: `BaseBackupError.noArchive`.
    func pgBackRest(for what: String) throws -> PgBackRest {
        guard case .pgBackRest(let repository) = engine else { throw BaseBackupError.noArchive(what) }
        return repository
    }

    /// - Throws: `PhysicalNotConfigured`, and what `init` throws.
    static func needed(_ look: Look) async throws -> PhysicalPlace {
        guard let place = try await PhysicalPlace(look) else { throw PhysicalNotConfigured(target: look.target) }
        return place
    }

    /// Believed only with its signature: one that is not is as none, a new proof takes its place.
    func certificate(of label: String) async throws -> PhysicalCertificate? {
        guard let key = try await place.key() else { return nil }
        return try await Blocking().run { _ in
            do { return try place.folder.physicalCertificate(of: label, key: key) } catch is PhysicalRecordError {
                return nil
            }
        }
    }

    /// The newest drill that can be believed.
    func drill() async throws -> PointInTimeRecord? {
        guard let key = try await place.key() else { return nil }
        return try await Blocking().run { _ in
            do { return try place.folder.pointInTimeRecord(key: key) } catch is PhysicalRecordError { return nil }
        }
    }
}

/// A database without physical backups was asked for one.
struct PhysicalNotConfigured: MaintenanceError {
    var target: Target

    var code: String { "physical.not-configured" }
    var problem: String { "no physical backups are configured for '\(target)'" }
    var hint: String? {
        "Name its stanza, 'backups: {physical: {stanza: …}}' of the database or its environment, or 'engine: basebackup'."
    }
    var exitStatus: ExitStatus { .configuration }
}

extension Look {
    /// What the step's database is called, without asking it: libpq takes the user's name where the address says none
    /// (PostgreSQL manual, "Parameter Key Words").
    func databaseName() async throws -> String {
        let address = try await address()
        return address.database ?? address.user ?? SystemUser.current.name
    }
}
