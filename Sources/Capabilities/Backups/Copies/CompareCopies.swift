import ArgumentParser
import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Looks whether the copy in another storage is there and equals the backup.
package struct CompareCopies: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Only in this storage: 'secondary' or 'offsite'.", valueName: "name"))
        package var storage: String?

        @Option(
            help: ArgumentHelp(
                "All data of a repository is read in so many runs, another part each time; 1 reads all of it now.",
                valueName: "number"))
        package var parts = 8

        package init() {}

        package func validate() throws {
            guard (1...1_000).contains(parts) else { throw ValidationError("'--parts' is a number from 1 to 1000") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "backup.cross-region",
        summary: "compare the newest backup with its copies in the other storages",
        explanation: """
            Asks the repository of every storage of 'backups.storage' for the copy of the newest backup and compares: \
            the signed manifest of the copy says the same of every row, sequence and large object, restic lists exactly \
            its files with their lengths, and files read back have the SHA-256 they should have. 'restic check' compares \
            packs, index and snapshots of the whole repository, and reads a part of all its data, the next one each run, \
            so that every bit is looked at in as many runs as '--parts' says. A copy that is not there is the \
            finding 'BK006'. What was seen counts for 'backups.prove-within' and lies signed beside the backup.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("backup:cross-region"), .init("maintenance:weekly:cross-region-backup")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.examined = ["BK006"]
        let storages = CopyStorages(look)
        let configured = try storages.configured(only: options.storage)
        let place = BackupPlace(look)
        guard !configured.isEmpty else {
            observation.gaps = [.init("storage", StorageError.unknown(options.storage ?? "offsite", configured: []))]
            return observation
        }
        guard let key = try await place.key(), let newest = try await place.newest() else {
            observation.gaps = [.init("backup", BackupsError.nothing(look.target))]
            return observation
        }
        for (name, settings) in configured {
            do {
                let fetch = CopyFetch(place.folder, key: key, repository: try await storages.repository(name))
                let copies = try await fetch.copies()
                guard let copy = copies.first(where: { $0.id == newest.id }) else {
                    throw CopyError.noCopy(newest.id, storage: name)
                }
                observation.changes.append(change(newest.id, copy.snapshot, name, settings))
            } catch let error as any MaintenanceError {
                observation.findings.append(
                    Finding(
                        code: "BK006", severity: .critical, target: look.target, object: name,
                        summary: "the newest backup has no copy in '\(name)' that can be compared: \(error.problem)",
                        evidence: ["repository": .text(settings.repository.description)],
                        mend: "mainstay backup copy"))
                observation.gaps.append(.init("storage \(name)", error))
            }
        }
        return observation
    }

    private func change(
        _ id: BackupID, _ snapshot: ResticSnapshot, _ name: String, _ settings: RepositorySettings
    ) -> Change {
        let place = settings.region.map { "\(name), \($0)" } ?? name
        return Change(
            kind: "compare", object: "\(id) in \(name)",
            action: .program(["restic", "check", "--read-data-subset=n/\(options.parts)"]), effect: .maintains,
            reversal: "remove the receipt",
            identity: [
                "backup": .text(id.description), "storage": .text(name), "snapshot": .text(snapshot.id),
                "repository": .text(settings.repository.description),
            ],
            reason: "what lies in '\(place)' has to equal the backup")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let (id, name) = Self.meaning(of: change)
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        let fetch = CopyFetch(place.folder, key: key, repository: try await CopyStorages(look).repository(name))
        var identity = change.identity
        identity["snapshot"] = .text(try await fetch.copies().first { $0.id == id }?.snapshot.id ?? "gone")
        let last = try await place.receipt(of: id, in: name)
        return Inspection(
            identity: identity, witness: ["looked at": last.map { .text($0.checkedAt.iso8601) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let (id, name) = Self.meaning(of: change)
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        var copier = BackupCopier(
            place.folder, key: key, repository: try await CopyStorages(look).repository(name),
            workDirectory: look.workDirectory, runID: look.runID, countsFor: look.inventory.backups.proveWithin)
        copier.tell = look.tell
        _ = try await copier.examine(id, parts: options.parts)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let (id, name) = Self.meaning(of: change)
        guard let receipt = try await BackupPlace(look).receipt(of: id, in: name), receipt.runID == look.runID else {
            return .notDone("this run has no receipt of the copy")
        }
        return .done(receipt.facts)
    }

    private static func meaning(of change: Change) -> (BackupID, storage: String) {
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text),
            case .text(let storage)? = change.identity["storage"]
        else { preconditionFailure("a change of a comparison names its backup and its storage") }
        return (id, storage)
    }
}
