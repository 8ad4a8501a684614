import Backup
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Restores a backup into a server that others use.
package struct RestoreBackup: MaintenanceTask {
    package static let declaration = TaskDeclaration(
        name: "backup.restore",
        summary: "restore a backup, beside the present database or in its place",
        explanation: """
            Brings a backup back. First every file of it is checked against the signed manifest, and nothing is touched \
            where one was changed. Then it is restored into a new database under a name of ours, with owners, grants and \
            settings, and compared with what was dumped: every row by digest, the schema, sequences, large objects. Only \
            what is equal gets its name, after its planner statistics were collected. With '--table' or '--schema' only a part \
            comes, in the same way, into a new database. '--to new' calls it as '--as' says \
            and leaves the present database alone. '--to environment' puts it in the place of the present one: both are \
            renamed in one transaction, and the old one is kept as NAME_before_RUN until somebody drops it. Nobody may be \
            in it at that moment: whoever is gets named, or is ended with '--terminate-connections'. What a restore needs \
            of the server (a superuser, its version, roles, extensions, space) is asked before anything begins, and \
            '--dry-run' shows it. A killed restore is begun anew by 'mainstay resume', and what was half made is dropped. \
            Into a protected environment it waits for an approval, and neither data of a protected environment \
            goes into another nor the other way round. All objects come into the default tablespace. With '--into' the whole \
            cluster comes back from a physical backup instead, as a data directory that is not there yet: restored beside \
            it, replayed to '--as-of' or to the end of the archived log, read by amcheck and row by row, shut down, and \
            only then given its name.
            """,
        effect: .destroys,
        subject: .resources([.postgresql]),
        aliases: [.init("backup:restore")])

    let options: Options

    package init(_ options: Options) { self.options = options }

    package var reads: [Target] { options.source.map { [$0] } ?? [] }

    package func survey(_ look: Look) async throws -> Observation {
        guard try isMeant(look) else { return Observation() }
        if let cluster = RestoreCluster(options) { return try await cluster.survey(look) }
        let session = try await look.database()
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        let source = try source(look)
        let place = BackupPlace(look.inventory, state: look.log.directory, source)
        guard let key = try await place.key(), let id = try await wanted(place) else {
            observation.gaps = [.init("backup", BackupsError.nothing(source))]
            return observation
        }
        let folder = place.folder
        let backup = try await Blocking().run { _ in try folder.believed(id, key: key) }
        let options = options
        let selection = try await Blocking().run { _ in try options.selection(of: backup, at: folder.path(of: id)) }
        let certificate = try await place.believedCertificate(of: id)
        let part = selection.map { LiveRequirements.Part($0, programs: look.programs) }
        let answer = try await LiveRequirements(backup, at: folder.path(of: id), part: part).look(session)
        let present = try await ServerFacts(session).database
        let final = name(backup.manifest, present)
        var inPlace: Scalar = .null
        if let oid = try await session.oid(of: final) {
            if options.to == .new { observation.gaps.append(.init("database", RestoreRefusal.nameTaken(final))) }
            inPlace = .integer(Int64(oid))
        }
        observation.gaps += answer.problems.map { .init("server", $0) }
        observation.listings = [
            feasibility(backup.manifest, selection, certificate, answer, try await sessions(session), look.clock.now())
        ]
        guard observation.gaps.isEmpty else { return observation }
        let version = PostgreSQLVersion(number: await session.serverVersion)
        let dump = PostgreSQLVersion(number: backup.manifest.program.version)
        let program = try await ClientProgram.find("pg_restore", fitting: max(version, dump), with: look.programs)
        observation.changes = changes(backup, selection, certificate, final, inPlace, program, look)
        return observation
    }

    /// Every database of the environment is asked, and one is meant.
    private func isMeant(_ look: Look) throws -> Bool {
        let names = (look.environment?.resources ?? []).filter { $0.kind == .postgresql }.map(\.name)
        let environment = look.target.environment
        guard let name = options.resource else {
            guard names.count == 1 else { throw RestoreRefusal.severalDatabases(environment, names) }
            return true
        }
        guard names.contains(name) else {
            throw RestoreRefusal.unknownDatabase(name, environment: environment, names)
        }
        return name == look.target.resource
    }

    /// Whose backup.
    private func source(_ look: Look) throws -> Target {
        guard let source = options.source else { return look.target }
        guard look.inventory[source]?.kind == .postgresql else { throw RestoreRefusal.unknownSource(source) }
        guard source.environment != look.target.environment else { return source }
        guard look.environment?.isProtected == false else {
            throw RestoreRefusal.foreignData(from: source, into: look.target)
        }
        guard look.inventory[environment: source.environment]?.isProtected == false else {
            throw RestoreRefusal.protectedData(from: source, into: look.target)
        }
        return source
    }

    /// The newest is meant even where nobody can believe it: an older one in its place would be a silent choice.
    private func wanted(_ place: BackupPlace) async throws -> BackupID? {
        let ids = try await Blocking().run { _ in try place.folder.ids() }
        guard options.backup != "latest" else { return ids.first }
        guard let id = BackupID(options.backup), ids.contains(id) else {
            throw BackupsError.noSuchBackup(options.backup, path: place.folder.path)
        }
        return id
    }

    /// What the database is called in the end.
    private func name(_ manifest: BackupManifest, _ present: String) -> String {
        guard options.to == .new else { return present }
        if let name = options.as { return name }
        // The time of the snapshot, as in the backup's own name.
        return RestoreNames.beside(manifest.source.database, manifest.id)
    }

    private func changes(
        _ backup: BelievedBackup, _ selection: RestoreSelection?, _ certificate: Certificate?, _ final: String,
        _ inPlace: Scalar,
        _ program: ClientProgram, _ look: Look
    ) -> [Change] {
        let names = RestoreNames.planned(final)
        let id = backup.manifest.id
        let identity: Facts = [
            "backup": .text(id.description), "manifest": .text(backup.digest), "name": .text(final),
            "in its place": inPlace, "only": selection.map { .text($0.description) } ?? .null,
        ]
        let seconds = certificate.flatMap { proof in
            proof.times.restore.map { $0 + (proof.times.comparison ?? 0) + (proof.times.checksums ?? 0) }
        }
        let effect: Effect = options.to == .new ? .maintains : .destroys
        let jobs = look.inventory.backups.jobs
        return [
            Change(
                kind: "restore", object: "\(selection.map { "\($0.description) of " } ?? "")\(id) as \(final)",
                action: .program(
                    LiveRestore.commandWords(
                        program, jobs: jobs, database: names.temporary, isPart: selection != nil)),
                effect: .maintains,
                reversal: "drop database \(names.temporary.quotedIdentifier)", identity: identity,
                reason: "the database as it was at \(backup.manifest.times.snapshot)",
                estimate: seconds.map { .init(seconds: $0, source: "its last proof") }, priority: .critical),
            Change(
                kind: options.to == .new ? "name" : "replace", object: final,
                action: .sql(Renaming(names, replaces: options.to == .environment).statements.map(\.text)),
                effect: effect,
                reversal: options.to == .new
                    ? "drop database \(final.quotedIdentifier)"
                    : "rename both back; the old one is kept as \(names.replaced.quotedIdentifier)",
                identity: identity, reason: "only what was compared and is equal gets the name",
                priority: .warning, interrupts: options.to == .new ? [] : [look.target.resource],
                keeps: "the old database, as \(names.replaced)"),
        ]
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        if let cluster = RestoreCluster(options) { return try await cluster.inspect(change, look) }
        return try await Restoration(change, options, look).inspection()
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        if let cluster = RestoreCluster(options) { return try await cluster.apply(change, act) }
        let restoration = try await Restoration(change, options, act.look)
        if change.kind == "restore" {
            try await restoration.restore(act)
        } else {
            try await restoration.rename(act)
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        if let cluster = RestoreCluster(options) { return try await cluster.prove(change, look) }
        let restoration = try await Restoration(change, options, look)
        return try await change.kind == "restore" ? restoration.proofOfRestore() : restoration.proofOfName()
    }
}
