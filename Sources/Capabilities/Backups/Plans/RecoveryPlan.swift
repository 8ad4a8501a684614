import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// The written plan for the day after a disaster, made from facts: what there is, where its backups are, what to type in
/// which order, whom to ask, and how long it took the last time.
struct RecoveryPlan: Sendable {
    private let look: Look
    private var databases: [Database] = []

    private struct Database: Sendable {
        var target: Target
        var policy: BackupPolicy
        var place: BackupPlace
        /// The newest first.
        var backups: [ListedBackup]
        var drills: [DrillCertificate]

        var newest: ListedBackup? { backups.first { $0.manifest != nil } }
    }

    init(_ look: Look) async throws {
        self.look = look
        for (target, _) in look.inventory.targets(of: [.postgresql]) {
            let place = BackupPlace(look.inventory, state: look.log.directory, target)
            databases.append(
                Database(
                    target: target, policy: look.inventory.backupPolicy(of: target), place: place,
                    backups: try await ListedBackup.own(place, now: look.clock.now()),
                    drills: try await place.drills()))
        }
    }

    var text: PlanText {
        PlanText(
            title: "Disaster recovery plan",
            sections: [
                .init(
                    title: "Before anything else",
                    blocks: [
                        .yours(
                            "first",
                            hint: "Who decides, who is told, where people meet: write it here, it stays."),
                        .paragraph(
                            "This plan was written from what Mainstay knows. Keep a copy where the disaster is not, with the "
                                + "keys and passwords it names."),
                    ]),
                .init(title: "People", blocks: people), .init(title: "What there is", blocks: overview),
                .init(title: "Where the backups are", blocks: storages),
                .init(title: "A new host", blocks: host),
            ] + databases.map { .init(title: "Bring back \($0.target)", blocks: steps($0)) }
                + files + [
                    .init(title: "When everything is back", blocks: after),
                    .init(title: "How long it took, and what it would have cost", blocks: measured),
                ])
    }

    // MARK: - Who

    private var people: [PlanText.Block] {
        let teams = look.inventory.approvals.teams.sorted { $0.key < $1.key }
        let rows = teams.map { [$0.key, $0.value.joined(separator: ", ")] }
        let known: [PlanText.Block] =
            rows.isEmpty
            ? [.paragraph("The configuration names no teams ('approvals.teams').")]
            : [.table(["Team", "People"], rows)]
        return known + [.yours("contacts", hint: "Telephone numbers and where else these people are reached.")]
    }

    // MARK: - What and where

    private func seconds(_ value: Duration?) -> String { value.map(\.short) ?? "nobody says" }

    private var overview: [PlanText.Block] {
        guard !databases.isEmpty else { return [.paragraph("There is no database.")] }
        return [
            .table(
                ["Database", "Address", "PostgreSQL", "Size", "Back within", "May lose", "Protected"],
                databases.map { database in
                    let source = database.newest?.manifest?.source
                    return [
                        database.target.description, source?.address ?? "never backed up",
                        source.map { PostgreSQLVersion(number: $0.serverVersion).description } ?? "not known",
                        source?.size.description ?? "not known", seconds(database.policy.recovery?.rto),
                        seconds(database.policy.recovery?.rpo),
                        look.inventory[environment: database.target.environment]?.isProtected == true ? "yes" : "no",
                    ]
                })
        ]
    }

    private var storages: [PlanText.Block] {
        let settings = look.inventory.backups
        var rows = [["backups.directory", settings.directory(state: look.log.directory), "on this host"]]
        rows += settings.storage.repositories.map { name, storage in
            [
                name, storage.repository.description,
                "restic; its password: \(storage.password.description)\(storage.region.map { "; \($0)" } ?? "")",
            ]
        }
        let copies = databases.map { database in
            let seen = Set(database.backups.flatMap(\.copies).map(\.storage)).sorted()
            return [
                database.target.description, database.newest?.id.description ?? "none",
                database.backups.first { $0.proof == .proved }?.id.description ?? "none",
                seen.isEmpty ? "nowhere else" : seen.joined(separator: ", "),
                database.policy.physical.map {
                    $0.engine == .basebackup ? "base backups" : "stanza '\($0.stanza)', \($0.configuration)"
                } ?? "none",
            ]
        }
        return [
            .table(["Storage", "Where", "What"], rows),
            .table(["Database", "Newest backup", "Newest proved", "Copies", "Physical"], copies),
            .yours("storages", hint: "Where the keys and passwords are kept outside of this host."),
        ]
    }

    // MARK: - How

    private var host: [PlanText.Block] {
        let majors = Set(
            databases.compactMap { $0.newest?.manifest?.source.serverVersion }
                .map { PostgreSQLVersion(number: $0).major }
        ).sorted()
        var packages = majors.map { "postgresql-\($0)" }
        if !look.inventory.backups.storage.repositories.isEmpty { packages.append("restic") }
        if databases.contains(where: { $0.policy.physical?.engine == .pgbackrest }) { packages.append("pgbackrest") }
        let settings = look.inventory.backups
        let state = look.log.directory
        var blocks: [PlanText.Block] = []
        if !packages.isEmpty { blocks.append(.commands(["apt-get install \(packages.joined(separator: " "))"])) }
        blocks += [
            .paragraph("Then put these back; without the key of the backups nothing of them is believed:"),
            .table(
                ["File", "What it is"],
                look.inventory.sourceFiles.map { [$0, "configuration"] } + [
                    [settings.keyFile(state: state), "the key that signs backups"],
                    [settings.certificateKeyFile(state: state), "the key that signs certificates"],
                ]),
            .commands(["mainstay config check"]),
            .yours("host", hint: "Which machine, which network, which names."),
        ]
        return blocks
    }

    private func steps(_ database: Database) -> [PlanText.Block] {
        let environment = database.target.environment.shellQuoted
        let resource = database.target.resource.shellQuoted
        var commands: [String] = []
        if let storage = look.inventory.backups.storage.repositories.last?.name {
            commands.append("mainstay backup fetch --environment \(environment) --from \(storage)")
        }
        commands += [
            "mainstay backup list --environment \(environment)",
            "mainstay backup restore --environment \(environment) --resource \(resource) --to environment --dry-run",
            "mainstay backup restore --environment \(environment) --resource \(resource) --to environment",
        ]
        var blocks: [PlanText.Block] = []
        if let physical = database.policy.physical, physical.engine == .pgbackrest {
            blocks += [
                .paragraph(
                    "To the end of the archived log, which loses least (as the server's user, the server stopped):"),
                .commands([
                    "pgbackrest --config=\(physical.configuration.shellQuoted) --stanza=\(physical.stanza) --delta restore"
                ]),
                .paragraph("Or from the newest logical backup:"),
            ]
        }
        blocks.append(.commands(commands))
        if let name = database.newest?.manifest?.source.database {
            blocks.append(
                .paragraph(
                    "On a new server make an empty database '\(name)' first (createdb): the restore takes its place, and "
                        + "keeps what was there under another name."))
        }
        if let extensions = database.newest?.manifest?.extensions.map(\.name), !extensions.isEmpty {
            blocks.append(.paragraph("It needs the extensions \(extensions.joined(separator: ", "))."))
        }
        if look.inventory[environment: database.target.environment]?.isProtected == true {
            blocks.append(
                .paragraph(
                    "The environment is protected: the restore waits for an approval ('mainstay approvals list')."))
        }
        return blocks + [
            .yours("\(database.target.environment)/\(database.target.resource)", hint: "What else it needs.")
        ]
    }

    private var files: [PlanText.Section] {
        let storage = look.inventory.backups.storage.repositories.last?.name ?? "offsite"
        return Set(look.inventory.backups.files.map(\.environment)).sorted().map { environment in
            let sets = look.inventory.backups.files.filter { $0.environment == environment }
            return .init(
                title: "Bring back the files of \(environment)",
                blocks: [
                    .table(["Files", "Were in"], sets.map { [$0.name, $0.directory] }),
                    .commands(
                        sets.map { set in
                            "mainstay backup restore-files --environment \(environment.shellQuoted) "
                                + "--name \(set.name.shellQuoted) --from \(storage) --into /srv/restored-\(set.name.shellQuoted)"
                        }),
                    .yours("files of \(environment)", hint: "Which services start from them, and how."),
                ])
        }
    }

    private var after: [PlanText.Block] {
        [
            .commands(["mainstay health check --all-environments", "mainstay backup run --prove --all-environments"]),
            .yours("after", hint: "Who is told, and what is looked at by hand."),
        ]
    }

    // MARK: - How long

    private var measured: [PlanText.Block] {
        let rows = databases.flatMap { database -> [[String]] in
            var seen: Set<DrillScenario> = []
            let drills = database.drills.filter { seen.insert($0.scenario).inserted }.map { drill in
                [
                    database.target.description, "drill '\(drill.scenario.rawValue)', \(drill.verdict.rawValue)",
                    drill.ended.description, Duration.seconds(drill.measured.provedSeconds).short,
                    drill.measured.lossSeconds.map { Duration.seconds($0).short } ?? "not measured",
                ]
            }
            let proof = database.backups.lazy.compactMap(\.certificate).first { $0.recoveryTime != nil }
            return drills
                + (proof.map { proof in
                    [
                        [
                            database.target.description, "proof of \(proof.backup)", proof.times.ended.description,
                            proof.recoveryTime?.short ?? "", "",
                        ]
                    ]
                } ?? [])
        }
        guard !rows.isEmpty else {
            return [.paragraph("Nothing was ever measured: mainstay dr test --scenario=complete-failure")]
        }
        return [.table(["Database", "What", "When", "Took", "Work lost"], rows)]
    }
}
