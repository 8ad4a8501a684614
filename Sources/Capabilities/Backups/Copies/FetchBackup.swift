import ArgumentParser
import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Brings a copy back into the directory of the backups.
package struct FetchBackup: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Out of which storage: 'secondary' or 'offsite'.", valueName: "name"))
        package var from = "offsite"

        @Option(help: ArgumentHelp("Which backup: its id, or 'latest'.", valueName: "id"))
        package var backup = "latest"

        package init() {}

        package func validate() throws {
            if backup != "latest", BackupID(backup) == nil {
                throw ValidationError(
                    "'--backup' is the name of a backup, such as 20261121T020000Z-k7q2m, or 'latest'")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "backup.fetch",
        summary: "bring a copy back into the directory of the backups",
        explanation: """
            Fetches a backup out of the repository of a storage into 'backups.directory', for the day when it is gone from \
            there. Its manifest is believed only with the signature of the backup key, which has to be there: \
            put its copy back first. Every file is compared with the manifest before the backup gets its name. From then \
            on it is a backup like any other: 'backup verify' proves it and 'backup restore' restores it. Its files are \
            uncompressed, as they lie in the repository.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("backup:fetch")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        let place = BackupPlace(look)
        let settings: RepositorySettings
        do { settings = try CopyStorages(look).settings(options.from) } catch {
            observation.gaps = [.init("storage \(options.from)", error)]
            return observation
        }
        let copies = try await fetch(look).copies()
        guard let wanted = try wanted(copies) else {
            observation.gaps = [.init("copy", BackupsError.nothing(look.target))]
            return observation
        }
        let folder = place.folder
        let present = try await Blocking().run { _ in try folder.presence(of: wanted.id) }
        observation.evidence = ["copies": Scalar(copies.count), "backup": .text(wanted.id.description)]
        if case .whole = present {
            observation.evidence["in the directory"] = true
            return observation
        }
        observation.changes = [
            Change(
                kind: "fetch", object: "\(wanted.id) from \(options.from)",
                action: .program(["restic", "restore", String(wanted.snapshot.id.prefix(8)), "--target", folder.path]),
                effect: .maintains, reversal: "remove its directory",
                identity: [
                    "backup": .text(wanted.id.description), "storage": .text(options.from),
                    "repository": .text(settings.repository.description), "snapshot": .text(wanted.snapshot.id),
                ],
                reason: "it is not in '\(folder.path)'", priority: .critical)
        ]
        return observation
    }

    private func fetch(_ look: Look) async throws -> CopyFetch {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        var fetch = CopyFetch(
            place.folder, key: key, repository: try await CopyStorages(look).repository(options.from))
        fetch.tell = look.tell
        return fetch
    }

    private func wanted(
        _ copies: [(id: BackupID, snapshot: ResticSnapshot)]
    ) throws -> (id: BackupID, snapshot: ResticSnapshot)? {
        guard let id = BackupID(options.backup) else { return copies.first }
        guard let copy = copies.first(where: { $0.id == id }) else {
            throw CopyError.noCopy(id, storage: options.from)
        }
        return copy
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text) else {
            preconditionFailure("a change of a fetch names its backup")
        }
        let folder = BackupPlace(look).folder
        let presence = try await Blocking().run { _ in try folder.presence(of: id) }
        var identity = change.identity
        guard let copy = try await fetch(look).copies().first(where: { $0.id == id }) else {
            identity["snapshot"] = "gone"
            return Inspection(identity: identity, witness: [:])
        }
        identity["snapshot"] = .text(copy.snapshot.id)
        return Inspection(identity: identity, witness: ["is there": .boolean(presence != .gone)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text) else {
            preconditionFailure("a change of a fetch names its backup")
        }
        try await fetch(act.look).fetch(id)
    }

    /// Reads back every file of it.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let place = BackupPlace(look)
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text),
            let key = try await place.key()
        else { return .unknown("there is no key any more") }
        let folder = place.folder
        guard case .whole = try await Blocking().run({ _ in try folder.presence(of: id) }) else {
            return .notDone("it is not in '\(folder.path)'")
        }
        let manifest = try await Blocking().run { _ in try folder.manifest(of: id, key: key) }
        let problems = try await Checksums(manifest, at: folder.path(of: id)).problems()
        if let problem = problems.first {
            return .unknown("\(problem.path) is not as it was written (\(problems.count) files are not)")
        }
        return .done(manifest.facts)
    }
}
