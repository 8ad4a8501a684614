import ArgumentParser
import Backup
import Calendar
import Engine
import Maintenance
import Outside
import Settings

/// Removes the copies that the policy does not keep, by the same rules as the backups themselves.
package struct PruneCopies: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Only in this storage: 'secondary' or 'offsite'.", valueName: "name"))
        package var storage: String?

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "backup.prune-copies",
        summary: "remove the copies that the policy does not keep",
        explanation: """
            Judges the copies in each storage by the rules that 'backup prune' judges the backups by: 'retention', 'keep' \
            and 'minimum', each storage by itself. A copy counts as proved while its backup's certificate counts and it \
            was seen itself since then, or while it was proved itself by 'backup verify --from'. The newest proved copy \
            stays with all that are newer, and where no copy is proved nothing goes. Copies of which the backup is gone \
            stay as long as the rules say. Snapshots go first, by 'restic forget', then what no other snapshot needs, by \
            'restic prune'. Afterwards every other copy has to be listed still, and 'restic check' has nothing to say.
            """,
        effect: .destroys,
        subject: .resources([.postgresql]))

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        let configured = try CopyStorages(look).configured(only: options.storage)
        let policy = look.inventory.backupPolicy(of: look.target)
        observation.evidence = ["policy": .text(policy.authority?.description ?? "none: all copies stay")]
        for (name, settings) in configured {
            do {
                guard let shelf = try await CopyShelf.read(look, storage: name) else { continue }
                observation.listings.append(shelf.listing)
                let going = shelf.going
                guard !going.isEmpty else { continue }
                observation.changes.append(
                    Change(
                        kind: "remove copies", object: "\("copy".plural(going.count)) in \(name)",
                        action: .program(
                            ["restic", "forget", "--prune"] + going.map { String($0.snapshot.id.prefix(8)) }),
                        effect: .destroys, reversal: "none; a newer proved one stays",
                        identity: Self.identity(shelf, settings), reason: "the policy does not keep them",
                        authority: policy.authority?.description))
            } catch let error as any MaintenanceError {
                observation.gaps.append(.init("storage \(name)", error))
            }
        }
        return observation
    }

    private static func identity(_ shelf: CopyShelf, _ settings: RepositorySettings) -> Facts {
        [
            "storage": .text(shelf.storage), "repository": .text(settings.repository.description),
            "copies": .text(shelf.going.map(\.label.backup.description).sorted().joined(separator: " ")),
        ]
    }

    /// The policy is asked once more, with what lies there now.
    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let name = Self.storage(of: change)
        let settings = try CopyStorages(look).settings(name)
        guard let shelf = try await CopyShelf.read(look, storage: name) else {
            throw CopyError.noRepository(storage: name)
        }
        let others = shelf.items.filter { $0.verdict.stays }.map(\.snapshot.id).sorted()
        return Inspection(
            identity: Self.identity(shelf, settings), witness: ["others": .text(others.joined(separator: " "))])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let name = Self.storage(of: change)
        let repository = try await CopyStorages(look).repository(name)
        try await RepositoryDesk(repository).alone(tell: look.tell) {
            guard let shelf = try await CopyShelf.read(look, storage: name) else { return }
            guard change.identity["copies"] == Self.identity(shelf, try CopyStorages(look).settings(name))["copies"]
            else { throw CopyError.failed(storage: name, detail: "other copies lie there than were planned to go") }
            look.tell("removing \("copy".plural(shelf.going.count)) in the storage '\(name)'")
            try await repository.forget(shelf.going.map(\.snapshot.id))
            try await repository.prune()
            try await repository.check()
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let name = Self.storage(of: change)
        guard let shelf = try await CopyShelf.read(look, storage: name) else {
            return .unknown("the repository is not there any more")
        }
        guard case .text(let planned)? = change.identity["copies"], case .text(let text)? = witness["others"] else {
            return .unknown("nobody wrote down which copies were there")
        }
        let there = Set(shelf.items.map(\.label.backup.description))
        let left = planned.split(separator: " ").map(String.init).filter { there.contains($0) }
        guard left.isEmpty else { return .notDone("still there: \(left.joined(separator: ", "))") }
        let lost = text.split(separator: " ").map(String.init).filter { id in
            !shelf.items.contains { $0.snapshot.id == id }
        }
        let facts: Facts = ["removed": .text(planned), "others": Scalar(shelf.items.count)]
        guard lost.isEmpty else {
            return .failed("other copies are gone too: \(lost.map { $0.prefix(8) }.joined(separator: ", "))", facts)
        }
        return .done(facts)
    }

    private static func storage(of change: Change) -> String {
        guard case .text(let name)? = change.identity["storage"] else {
            preconditionFailure("a change of copies names its storage")
        }
        return name
    }
}

extension String {
    /// `1 copy`, `3 copies`.
    fileprivate func plural(_ count: Int) -> String { "\(count) \(count == 1 ? self : "copies")" }
}
