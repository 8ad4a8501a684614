import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Settings

/// Brings stored files back into a new directory.
package struct RestoreFiles: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp("Which of 'backups.files'; needed where an environment has several.", valueName: "set"))
        package var name: String?

        @Option(
            help: ArgumentHelp(
                "Where they go: a directory that is not there yet.", valueName: "path"), completion: .directory)
        package var into: LocalPath?

        @Option(help: ArgumentHelp("Out of which storage: 'secondary' or 'offsite'.", valueName: "storage"))
        package var from = "offsite"

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "backup.restore-files",
        summary: "bring stored files back into a new directory",
        explanation: """
            Fetches the newest of a file set out of the repository of a storage into a directory that is made for it, and \
            compares every file with the signed listing by its SHA-256. Nothing that is there is ever written over: look \
            at what came back, and copy what is needed. A file that changed while it was stored is not compared, and the \
            listing says which. Owners and permissions come back as far as whoever runs it may set them.
            """,
        effect: .maintains,
        subject: .environments)

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        let sets = look.inventory.backups.fileSets(of: look.target.environment, name: options.name)
        guard let set = sets.first, sets.count == 1 else {
            let names = sets.map(\.name).joined(separator: ", ")
            observation.gaps = [
                .init(
                    "files",
                    ErrorReport(
                        code: "backups.which-files",
                        problem: sets.isEmpty
                            ? "'\(look.target.environment)' has no such files under 'backups.files'"
                            : "'\(look.target.environment)' has several file sets: \(names)",
                        hint: "Name one with '--name'.", exitStatus: .usage))
            ]
            return observation
        }
        let keeper = try await FileKeeper(look, storage: options.from)
        guard let listing = try await keeper.listings(set.name, environment: set.environment).first else {
            throw CopyError.noFiles(set.name, storage: options.from)
        }
        guard let path = options.into?.path else {
            observation.gaps = [
                .init(
                    "directory",
                    ErrorReport(
                        code: "backups.which-directory", problem: "nobody says where the files are to go",
                        hint: "Name a directory that is not there yet with '--into'.", exitStatus: .usage))
            ]
            return observation
        }
        observation.changes = [
            Change(
                kind: "restore files", object: path,
                action: .program(["restic", "restore", String(listing.snapshot.prefix(8)), "--target", path]),
                effect: .maintains, reversal: "remove \(path)",
                identity: [
                    "files": .text(set.name), "snapshot": .text(listing.snapshot), "directory": .text(path),
                    "present": false,
                ],
                reason: "\("file".counted(listing.files)), \(listing.bytes), as of \(listing.taken)")
        ]
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        var identity = change.identity
        let path = change.object
        let name = try FileName(String(path.split(separator: "/").last ?? ""))
        let parent = String(path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex))
        let isThere = try await Blocking().run { _ in try SafeDirectory(parent).status(of: name) != nil }
        identity["present"] = .boolean(isThere)
        return Inspection(identity: identity, witness: ["present": .boolean(isThere)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let keeper = try await FileKeeper(act.look, storage: options.from)
        try await keeper.restore(try await listing(change, keeper, act.look), to: change.object)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let keeper = try await FileKeeper(look, storage: options.from)
        let listing = try await listing(change, keeper, look)
        if let problem = try await keeper.compare(listing, at: change.object) { return .notDone(problem) }
        return .done([
            "files": Scalar(listing.files), "content": .text(listing.bytes.description),
            "directory": .text(change.object), "not compared": Scalar(listing.unsteady.count),
        ])
    }

    private func listing(_ change: Change, _ keeper: FileKeeper, _ look: Look) async throws -> FileListing {
        guard case .text(let name)? = change.identity["files"] else {
            preconditionFailure("a change of files names its set")
        }
        let all = try await keeper.listings(name, environment: look.target.environment, most: 20)
        guard let listing = all.first(where: { .text($0.snapshot) == change.identity["snapshot"] }) else {
            throw CopyError.noFiles(name, storage: options.from)
        }
        return listing
    }
}
