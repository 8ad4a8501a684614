import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// `mainstay backup list`
struct ListBackups: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "list", "List the backups there are, the newest first, and which of them are proved.",
        "A backup counts only with a manifest that fits its signature; one that does not is shown as 'bad'.")

    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let backups = try await session.listed(environments)
        let listing = Listing("Backups", ListedEntry.columns, backups.map { $0.cells(at: application.clock.now()) })
        try session.print(listing, document: backups, empty: "No backup yet: 'mainstay backup run'.")
        return .success
    }
}

/// `mainstay backup show BACKUP`
struct ShowBackup: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "show", "Show one backup: where it came from, what is in it, and what its proof says.")

    @Argument(help: "The backup's id, the beginning of it, or 'latest'.")
    var backup = "latest"
    @Flag(help: "List its tables too.")
    var tables = false
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        if PhysicalBackup.isLabel(backup) { return try await showPhysical(session, application) }
        let all = try await session.backups(environments)
        let found = backup == "latest" ? Array(all.prefix(1)) : all.filter { $0.id.description.hasPrefix(backup) }
        guard let shown = found.first, found.count == 1 else {
            throw NoSuchBackup(name: backup, matching: found.map(\.id))
        }
        guard let manifest = shown.manifest else {
            throw shown.trouble ?? ErrorReport(BackupError.incomplete(path: shown.path, missing: BackupLayout.manifest))
        }
        let now = application.clock.now()
        let rotation = session.inventory.backupPolicy(of: shown.target).verification?.value.parts.map { parts in
            Rotation(parts, all.filter { $0.target == shown.target }.map(\.stored), at: now)
        }
        try session.print(
            Listing("Backup \(shown.id)", ["what", "value"], shown.lines(manifest, rotation).map { [.text($0), $1] }),
            document: Document(backup: shown, manifest: manifest), empty: "")
        if output.format == .table {
            application.console.print("")
            try session.print(
                shown.ladder.listing(until: shown.certificate?.countsUntil), document: shown.ladder, empty: "")
        }
        if tables, output.format == .table {
            let listing = Listing(
                "Tables", ["table", Listing.Column("rows", .count), Listing.Column("content", .bytes), "read twice"],
                manifest.tables.map { table in
                    [
                        .text(table.name.description), .integer(Int64(clamping: table.digest.rows)),
                        .integer(Int64(clamping: table.digest.bytes)), .boolean(table.isReadTwice),
                    ]
                })
            try session.print(listing, document: manifest.tables, empty: "It has no table.")
        }
        return .success
    }

    private func showPhysical(_ session: Session, _ application: Application) async throws -> ExitStatus {
        let shown = try await session.physicalBackup(backup, environments)
        try session.print(
            Listing("Backup \(backup)", ["what", "value"], shown.lines.map { [.text($0), $1] }), document: shown,
            empty: "")
        if output.format == .table {
            application.console.print("")
            try session.print(
                shown.ladder.listing(until: shown.certificate?.countsUntil), document: shown.ladder, empty: "")
        }
        return .success
    }

    private struct Document: Encodable {
        var backup: ListedBackup
        var manifest: BackupManifest
    }
}

extension ListedBackup {
    /// - Parameter rotation: how far the database is proved by parts; nil where its policy does not divide it.
    fileprivate func lines(_ manifest: BackupManifest, _ rotation: Rotation?) -> [(String, Scalar)] {
        let source = manifest.source
        let server = PostgreSQLVersion(number: source.serverVersion)
        var lines: [(String, Scalar)] = [
            ("target", .text(target.description)),
            ("database", .text("\(source.database.printable) at \(source.address), PostgreSQL \(server)")),
            ("snapshot", .text("\(manifest.times.snapshot), held for \(manifest.times.snapshotAge.short)")),
            ("took", .text(manifest.times.duration.short)),
            (
                "content",
                .text("\("table".counted(manifest.tables.count)), \("row".counted(Int(clamping: manifest.rows)))")
            ),
            ("of which read twice", .text(manifest.readTwice?.description ?? "none")),
            ("sequences", Scalar(manifest.sequences.count)),
            ("large objects", .integer(Int64(clamping: manifest.largeObjects.digest.sum.count))),
            ("entries of the schema", Scalar(manifest.catalog.entries)),
            ("stored", .text("\(manifest.storedBytes) in \("file".counted(manifest.files.count))")),
            ("path", .text(path)),
        ]
        if let extraction = manifest.extraction {
            lines.insert(
                ("extracted", .text("at \(extraction.made) from the physical backup \(extraction.backup)")), at: 3)
        }
        let omissions = Dictionary(grouping: manifest.uncovered, by: \.kind).sorted { $0.key < $1.key }
        for (kind, items) in omissions {
            let names = items.compactMap(\.name)
            let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
            lines.append(("not covered", .text("\(kind)\(names.isEmpty ? "" : " \(shown)"): \(items[0].reason)")))
        }
        for copy in copies {
            lines.append(
                (
                    "copy in '\(copy.storage)'",
                    .text(
                        "snapshot \(copy.snapshot.prefix(8)), looked at \(copy.checkedAt), "
                            + "counts until \(copy.countsUntil)")
                ))
        }
        if let kept { lines.append(("kept", .text("\(kept.reason.printable), until \(CivilTime(kept.until).date)"))) }
        for notice in manifest.notices { lines.append(("pg_dump said", .text(notice))) }
        lines.append(("proof", .text(proofText)))
        lines.append(("verification", .text("\(ladder.score) rungs")))
        if let rotation { lines.append(("all rows", .text(rotation.words))) }
        return lines
    }

    private var proofText: String {
        if let trouble { return "\(proof.rawValue): \(trouble.problem)" }
        guard let certificate else { return "none yet: mainstay backup verify" }
        return "\(proof.rawValue): \(certificate.summary), counts until \(certificate.countsUntil)"
    }
}

extension VerificationLadder {
    /// - Parameter end: when what was found counts no more; nil where nothing was.
    fileprivate func listing(until end: Timestamp?) -> Listing {
        Listing(
            "Verification",
            ["rung", "standing", "looked at", Listing.Column("took", .seconds), "counts until", "evidence"],
            rungs.map { rung in
                [
                    .text(rung.kind.rawValue), .text(rung.standing.rawValue),
                    rung.at.map { .text($0.description) } ?? .null, rung.seconds.map { .number($0) } ?? .null,
                    rung.at != nil && rung.standing == .proved ? end.map { .text($0.description) } ?? .null : .null,
                    .text(rung.evidence.printable),
                ]
            })
    }
}

extension CopyReceipt {
    /// `offsite`, or `offsite (expired)` where nobody looked at it for so long that it counts no more.
    func word(at now: Timestamp) -> String { counts(at: now) ? storage : "\(storage) (expired)" }
}

extension Session {
    /// Of every database of the chosen environments, the newest first.
    func backups(_ options: EnvironmentOptions) async throws -> [ListedBackup] {
        // A list asks nothing of anybody: without a name it is of all.
        let names = try inventory.select(options, for: .estate)
        var all: [ListedBackup] = []
        for target in inventory.targets(of: .resources([.postgresql]), in: names) {
            all += try await ListedBackup.all(
                BackupPlace(inventory, state: stateDirectory, target), now: application.clock.now())
        }
        return all.sorted { $0.id > $1.id }
    }
}

/// No backup has the name, or several have.
struct NoSuchBackup: MaintenanceError {
    var name: String
    var matching: [BackupID]

    var code: String { "backup.no-such-backup" }
    var problem: String {
        matching.isEmpty
            ? "there is no backup '\(name.printable)'"
            : "'\(name.printable)' is the beginning of \(matching.count) backups: "
                + matching.prefix(5).map(\.description).joined(separator: ", ")
    }
    var hint: String? { "List them with 'mainstay backup list'." }
    var exitStatus: ExitStatus { .usage }
}
