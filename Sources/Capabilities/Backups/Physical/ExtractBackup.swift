import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Takes a logical backup of the database as it was at a moment, out of a physical one.
package struct ExtractBackup: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "The moment: everything committed until then is in it, such as 2026-11-21T14:03:00Z. Without it, all that "
                    + "was archived.", valueName: "time"))
        package var asOf: Timestamp?

        @Option(
            help: ArgumentHelp(
                "The physical backup to begin with; without it, the newest that was whole before the moment.",
                valueName: "label"))
        package var from: String?

        @Option(
            help: ArgumentHelp(
                "Keep it for so long, whatever the policy says: 'backup prune' leaves it alone until then.",
                valueName: "age"))
        package var keepFor: Period?

        @Option(help: ArgumentHelp("Why it is kept: shown wherever it is listed.", valueName: "words"))
        package var reason: String?

        package init() {}

        package func validate() throws {
            if reason != nil, keepFor == nil { throw ValidationError("'--reason' says why '--keep-for' keeps it") }
            if let reason, reason.isEmpty || reason.utf8.count > 200 {
                throw ValidationError("'--reason' is a text of at most 200 bytes")
            }
            if let from, !PhysicalBackup.isLabel(from) {
                throw ValidationError("'\(from.printable)' is no name of a physical backup, see 'mainstay backup list'")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "backup.extract",
        summary: "make a logical backup of a database as it was at a moment",
        explanation: """
            Restores the newest physical backup before the moment into a private PostgreSQL, replays the archived log up \
            to the moment, and takes a logical backup of the database there. The live database is not touched. The new \
            backup goes by the moment it shows and is one like any other: 'backup verify' proves it, and 'backup restore' \
            brings it back beside the live database, as a whole, one schema or one table. The moment is by the clock of \
            the source, as PostgreSQL notes it with each commit; a log that does not reach it is refused, and says how \
            far it goes. It fills no place of the policy: 'backup prune' leaves it alone for 'retention' from when it was             made, at least a week, or as long as '--keep-for' says.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]))

    static let kind = "extract"

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        guard let physical = try await PhysicalPlace(look) else {
            observation.gaps = [.init("physical backup", PhysicalNotConfigured(target: look.target))]
            return observation
        }
        if let moment = options.asOf, moment > look.clock.now() { throw MomentAhead(moment: moment) }
        _ = try physical.pgBackRest(for: "a backup of another moment")
        let moment = options.asOf.map(\.description) ?? "the end of what was archived"
        let info = try await physical.info()
        let source = try BackupExtraction.source(options.from, before: options.asOf, in: info)
        observation.evidence = [
            "from": .text(source.label), "cluster": .text(source.size.description),
            "whole at": .text(source.stopped.iso8601),
        ]
        // The live database may be gone: its name is what is needed of it.
        let database = try await look.databaseName()
        observation.changes = [
            Change(
                kind: Self.kind, object: database,
                action: .files(
                    "restore \(source.label) of the stanza '\(physical.settings.stanza)' into a private PostgreSQL in "
                        + "\(look.workDirectory), replay the archived log up to \(moment), and back up the database "
                        + "'\(database)' there to \(physical.place.folder.path)"),
                effect: .maintains, reversal: "remove its directory",
                identity: ["from": .text(source.label), "moment": .text(moment)],
                reason: "the database as of \(moment)")
        ]
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let physical = try await PhysicalPlace.needed(look)
        let info = try await physical.info()
        let isThere = change.identity["from"].map { label in info.backups.contains { .text($0.label) == label } }
        return Inspection(
            identity: isThere == true ? change.identity : ["from": .text("gone")], witness: ["run": .text(look.runID)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let physical = try await PhysicalPlace.needed(look)
        let key = try await physical.place.keyOrNew()
        let info = try await physical.info()
        guard let backup = info.backups.first(where: { .text($0.label) == change.identity["from"] }) else {
            throw PhysicalError.noBackup(stanza: info.stanza)
        }
        // One that this run took before it was killed.
        if let made = try await own(look) { return try await keep(made, key, look) }
        var extraction = BackupExtraction(
            try physical.pgBackRest(for: "a backup of another moment"), workDirectory: look.workDirectory,
            superuser: physical.settings.superuser)
        extraction.source = try await look.clusterSource()
        extraction.jobs = look.inventory.backups.jobs
        extraction.tell = look.tell
        let made = try await extraction.run(backup, at: options.asOf, of: change.object) { address in
            look.backupWriter(key: key, address: address, settings: .unlimited())
        }
        try await keep(made, key, look)
    }

    private func keep(_ made: BackupManifest, _ key: BackupKey, _ look: Look) async throws {
        guard let span = options.keepFor else { return }
        // The same span forwards as backwards: a month is as long as the one that is over.
        let now = look.clock.now()
        let note = KeepNote(
            made.id, of: look.target, until: now + (now - span.before(now)), reason: options.reason ?? "asked for",
            runID: look.runID, at: now)
        let folder = BackupPlace(look).folder
        try await Blocking().run { _ in try folder.write(note, key: key) }
    }

    /// Reads back every file of the backup that this run made.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let manifest = try await own(look) else { return .notDone("this run has no backup") }
        let path = BackupPlace(look).folder.path(of: manifest.id)
        let problems = try await Checksums(manifest, at: path).problems()
        if let problem = problems.first {
            return .unknown("\(problem.path) is not as it was written (\(problems.count) files are not)")
        }
        if options.keepFor != nil, let key = try await BackupPlace(look).key() {
            let folder = BackupPlace(look).folder
            let kept = try await Blocking().run { _ in try folder.keepNote(of: manifest.id, key: key) }
            guard kept?.runID == look.runID else { return .notDone("nothing says how long it is to be kept") }
        }
        var facts = manifest.facts
        facts["from"] = .text(manifest.extraction?.backup ?? "")
        facts["replayed to"] = manifest.extraction?.replayedTo.map { .text($0) } ?? .null
        facts["restore it"] = .text("mainstay backup restore \(manifest.id) --to new --as NAME")
        return .done(facts)
    }

    /// What this run made; nil where there is nothing yet.
    private func own(_ look: Look) async throws -> BackupManifest? {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { return nil }
        var generator = SystemRandomNumberGenerator()
        // Its name begins with the moment it shows, where that was said.
        let beginning =
            options.asOf.map { BackupID(at: $0, using: &generator).description.prefix { $0 != "-" } } ?? ""
        let folder = place.folder
        return try await Blocking().run { _ in
            for id in try folder.ids() where id.description.hasPrefix(beginning) {
                let manifest: BackupManifest
                // One that cannot be believed is not ours.
                do { manifest = try folder.manifest(of: id, key: key) } catch is BackupError { continue }
                if manifest.runID == look.runID { return manifest }
            }
            return nil
        }
    }
}

/// Nothing can be as it was at a moment that is yet to come.
struct MomentAhead: MaintenanceError, Hashable {
    var moment: Timestamp

    var code: String { "backup.moment-ahead" }
    var problem: String { "\(moment) is not over yet" }
    var hint: String? { "Name a moment that is behind us." }
    var exitStatus: ExitStatus { .usage }
}
