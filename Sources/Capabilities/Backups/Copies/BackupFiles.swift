import ArgumentParser
import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Stores configuration files and application trees in the repositories.
package struct BackupFiles: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Only these of 'backups.files'.", valueName: "set"))
        package var name: String?

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "backup.files",
        summary: "store configuration files and application trees, encrypted",
        explanation: """
            Stores every file set of 'backups.files' in the restic repositories of 'backups.storage'. Each file is read \
            and its SHA-256 written into a signed listing, which lies in the repository behind the files; restic then has \
            to list exactly these files with their lengths, 'restic check' has nothing to say, and some read back are \
            compared. Files that cannot be read, sockets, pipes and devices are named, and so is a file that changed while \
            it was read. Files such as .env hold secrets: they go into repositories, which are encrypted, and never \
            into a plain archive. A storage that cannot be asked is a finding ('BK005'), and nothing is sent there.
            """,
        effect: .maintains,
        subject: .environments,
        aliases: [.init("backup:files")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.examined = ["BK005", "BK007"]
        let sets = look.inventory.backups.fileSets(of: look.target.environment, name: options.name)
        let now = look.clock.now()
        let storages = sets.isEmpty ? [] : try await reachable(look, &observation)
        for set in sets {
            do {
                let listing = try await Blocking().run {
                    try FileListing.read(set, hashing: false, runID: look.runID, at: now, $0)
                }
                if !listing.omissions.isEmpty { observation.findings.append(finding(listing, look)) }
                for (name, settings) in storages {
                    observation.changes.append(
                        Change(
                            kind: "store", object: "\(set.name) in \(name)",
                            action: .program(
                                ["restic", "backup", "--tag", "files=\(set.name)"]
                                    + set.exclude.flatMap { ["--exclude", $0] }
                                    + (set.include.isEmpty
                                        ? [set.directory] : set.include.map { "\(set.directory)/\($0)" })),
                            effect: .maintains, reversal: "restic forget, then restic prune",
                            identity: [
                                "files": .text(set.name), "directory": .text(set.directory), "storage": .text(name),
                                "repository": .text(settings.repository.description),
                            ],
                            reason: "\("file".counted(listing.files)), \(listing.bytes)"))
                }
            } catch let error as FileError {
                observation.gaps.append(.init("files \(set.name)", error))
            }
        }
        observation.evidence = ["file sets": Scalar(sets.count)]
        return observation
    }

    /// Those that answer, and whose repository is the one that is known; of the others it is said what keeps them.
    private func reachable(
        _ look: Look, _ observation: inout Observation
    ) async throws -> [(name: String, settings: RepositorySettings)] {
        var result: [(name: String, settings: RepositorySettings)] = []
        let path = look.inventory.backups.keyFile(state: look.log.directory)
        let former = look.inventory.backups.formerKeys
        let key = try await Blocking().run { _ in try BackupKey.read(path, former: former) }
        for (name, settings) in look.inventory.backups.storage.repositories {
            do {
                let repository = try await CopyStorages(look).repository(name)
                if let key {
                    _ = try await RepositoryDesk(repository).look(key: key)
                } else {
                    _ = try await repository.identity()
                }
                result.append((name, settings))
            } catch let error as any MaintenanceError {
                try Task.checkCancellation()
                observation.gaps.append(.init("storage \(name)", error))
                observation.findings.append(
                    .storage(name, settings, error, what: "files of '\(look.target.environment)'", look.target))
            }
        }
        return result
    }

    private func finding(_ listing: FileListing, _ look: Look) -> Finding {
        let shown = listing.omissions.prefix(5).map { "\($0.path): \($0.reason)" }.joined(separator: "; ")
        let more = listing.omissions.count > 5 ? " and \(listing.omissions.count - 5) more" : ""
        return Finding(
            code: "BK007", severity: .warning, target: look.target, object: listing.name,
            summary:
                "\("entry".entries(listing.omissions.count)) of '\(listing.directory)' cannot be stored: \(shown)\(more)",
            evidence: ["files": Scalar(listing.files)])
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let (set, name) = try meaning(of: change, look)
        let settings = try CopyStorages(look).settings(name)
        return Inspection(
            identity: [
                "files": .text(set.name), "directory": .text(set.directory), "storage": .text(name),
                "repository": .text(settings.repository.description),
            ], witness: ["run": .text(look.runID)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let (set, name) = try meaning(of: change, act.look)
        _ = try await FileKeeper(act.look, storage: name, making: true).store(set, runID: act.look.runID)
    }

    /// Reads the newest listing back out of the repository: only one of this run counts.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let (set, name) = try meaning(of: change, look)
        let found: FileListing?
        do {
            found = try await FileKeeper(look, storage: name).listings(set.name, environment: set.environment).first
        } catch let error as any MaintenanceError {
            try Task.checkCancellation()
            // Storing it again is no harm, and what only a person could tell nobody has to be asked.
            guard try await isStored(set, in: name, look) else {
                return .notDone("it was not stored to its end, and the storage cannot be asked: \(error.problem)")
            }
            throw error
        }
        guard let listing = found, listing.runID == look.runID else {
            return .notDone("the repository has no listing of this run")
        }
        var facts: Facts = [
            "files": Scalar(listing.files), "content": .text(listing.bytes.description),
            "snapshot": .text(listing.snapshot),
        ]
        if !listing.unsteady.isEmpty {
            facts["changed while they were read"] = .text(listing.unsteady.prefix(5).joined(separator: ", "))
        }
        let unread = listing.omissions
        guard unread.isEmpty else {
            return .failed(
                "\("entry".entries(unread.count)) could not be stored: "
                    + unread.prefix(5).map { "\($0.path) (\($0.reason))" }.joined(separator: ", "), facts)
        }
        return .done(facts)
    }

    /// Whether this run wrote down, on this side, that the listing was sent.
    private func isStored(_ set: FileSet, in storage: String, _ look: Look) async throws -> Bool {
        let note = CopyStorages(look).noteOfFiles(in: storage)
        let runID = look.runID
        return try await Blocking().run { _ in try note.run(of: set) == runID }
    }

    private func meaning(of change: Change, _ look: Look) throws -> (FileSet, storage: String) {
        guard case .text(let name)? = change.identity["files"], case .text(let storage)? = change.identity["storage"]
        else { preconditionFailure("a change of files names its set and its storage") }
        guard let set = look.inventory.backups.fileSets(of: look.target.environment, name: name).first else {
            throw CopyError.noFiles(name, storage: storage)
        }
        return (set, storage)
    }
}

extension String {
    /// `1 entry`, `2 entries`.
    fileprivate func entries(_ count: Int) -> String { "\(count) \(count == 1 ? "entry" : "entries")" }
}

extension BackupSettings {
    /// Those of an environment, all where no name is given.
    func fileSets(of environment: String, name: String? = nil) -> [FileSet] {
        files.filter { $0.environment == environment && (name == nil || $0.name == name) }.map {
            FileSet(
                name: $0.name, environment: environment, directory: $0.directory, include: $0.include,
                exclude: $0.exclude)
        }
    }
}

extension FileKeeper {
    /// - Parameter making: whether a key is made where there is none yet.
    init(_ look: Look, storage: String, making: Bool = false) async throws {
        let path = look.inventory.backups.keyFile(state: look.log.directory)
        let former = look.inventory.backups.formerKeys
        let key = try await Blocking().run { _ in
            making ? try BackupKey.readOrMake(path, former: former) : try BackupKey.read(path, former: former)
        }
        guard let key else { throw BackupError.noKey(path: path) }
        self.init(try await CopyStorages(look).repository(storage), key: key)
        tell = look.tell
    }
}
