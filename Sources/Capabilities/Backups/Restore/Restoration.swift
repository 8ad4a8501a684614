import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// One change of a restore, with all it needs to be looked at, made and proved.
struct Restoration: Sendable {
    private let change: Change
    private let options: RestoreBackup.Options
    private let look: Look
    private let place: BackupPlace
    private let key: BackupKey
    private let backup: BelievedBackup
    private let names: RestoreNames
    private let selection: RestoreSelection?

    /// - Throws: `BackupError` where the backup cannot be believed any more.
    init(_ change: Change, _ options: RestoreBackup.Options, _ look: Look) async throws {
        guard case .text(let text) = change.identity["backup"], let id = BackupID(text),
            case .text(let final) = change.identity["name"]
        else { preconditionFailure("a change of a restore names its backup and its database") }
        self.change = change
        self.options = options
        self.look = look
        let place = BackupPlace(look.inventory, state: look.log.directory, options.source ?? look.target)
        self.place = place
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        self.key = key
        backup = try await Blocking().run { _ in try place.folder.believed(id, key: key) }
        let believed = backup
        selection = try await Blocking().run { _ in
            try options.selection(of: believed, at: place.folder.path(of: id))
        }
        names = RestoreNames(final: final, runID: look.runID, step: look.step)
    }

    private var receipts: RestoreReceipts { RestoreReceipts("\(directory)/receipts") }

    /// Of this target alone, which one run at a time may change.
    private var directory: String {
        "\(look.log.directory)/restores/\(look.target.environment)/\(look.target.resource)"
    }

    /// What this step restored; nil where it has not, or where that is gone.
    private func restored() async throws -> (receipt: RestoreReceipt, name: String)? {
        let (receipts, key, runID, step) = (receipts, key, look.runID, look.step)
        guard
            let receipt = try await Blocking().run({ _ in
                try receipts.receipt(runID: runID, step: step, key: key)
            }), receipt.certificate.manifestSHA256 == backup.digest,
            let name = try await look.database().name(ofDatabase: receipt.databaseOID),
            name.hasSameBytes(as: names.temporary) || name.hasSameBytes(as: names.final)
        else { return nil }
        return (receipt, name)
    }

    func inspection() async throws -> Inspection {
        if change.kind != "restore" {
            guard try await restored() != nil else { throw RestoreRefusal.notRestored(names.final) }
        }
        let present = try await look.database().oid(of: names.final).map { Scalar.integer(Int64($0)) } ?? .null
        return Inspection(
            identity: [
                "backup": .text(backup.manifest.id.description), "manifest": .text(backup.digest),
                "name": .text(names.final), "in its place": present,
                "only": selection.map { .text($0.description) } ?? .null,
            ],
            witness: ["in its place": present])
    }
}

// MARK: - Restoring

extension Restoration {
    /// Under the fence of the present database: no second worker restores over the same one at once.
    func restore(_ act: Act) async throws {
        let connection = try await act.connection()
        // It was killed after everything was done.
        if try await restored() != nil { return }
        let part = selection.map { LiveRequirements.Part($0, programs: look.programs) }
        let answer = try await LiveRequirements(backup, at: place.folder.path(of: backup.manifest.id), part: part)
            .look(try await look.database())
        if let problem = answer.problems.first { throw problem }
        try await dropLeftovers(connection)
        var restore = LiveRestore(
            place.folder, key: key, backup: backup, roles: answer.roles, address: try await look.address(),
            applicationName: act.applicationName, name: names.temporary, directory: "\(directory)/work",
            receipts: receipts, runID: look.runID, step: look.step, programs: look.programs)
        restore.selection = selection
        restore.jobs = look.inventory.backups.jobs
        restore.tell = look.tell
        try await restore.run()
    }

    /// What dead runs of ours restored by half in this target: by the name, which says run and step, by our own record
    /// of them, and because there is no receipt. Whatever else is called so is nobody's to drop.
    private func dropLeftovers(_ connection: Connection) async throws {
        let found = try await connection.query(
            """
            select datname::text as name from pg_catalog.pg_database
            where pg_catalog.starts_with(datname::text, \(RestoreNames.prefix)) order by datname
            """
        ).map { try $0["name", as: String.self] }
        for name in found where !name.hasSameBytes(as: names.temporary) {
            guard let (runID, step) = RestoreNames.maker(of: name), runID != look.runID,
                try await isOurs(runID, step)
            else { continue }
            look.tell("dropping \(name.printable), which a dead run left half restored")
            try await connection.execute("set default_transaction_read_only = off")
            try await connection.execute(
                "drop database if exists \(identifier: name) with (force)", timeout: .seconds(600))
        }
    }

    private func isOurs(_ runID: String, _ step: Int) async throws -> Bool {
        let steps = try await look.log.steps(of: runID)
        guard
            steps.contains(where: {
                $0.number == step && $0.task == RestoreBackup.declaration.name && $0.target == look.target
            })
        else {
            return false
        }
        let (receipts, key) = (receipts, key)
        return try await Blocking().run { _ in try receipts.receipt(runID: runID, step: step, key: key) == nil }
    }

    func proofOfRestore() async throws -> Proof {
        guard let (receipt, name) = try await restored() else {
            return .notDone("nothing that was compared and is equal is there")
        }
        var facts = receipt.certificate.facts
        facts["database"] = .text(name)
        facts["database oid"] = .integer(Int64(receipt.databaseOID))
        if selection != nil {
            for (index, note) in receipt.certificate.notes.enumerated() { facts["note \(index + 1)"] = .text(note) }
        }
        return .done(facts)
    }
}

// MARK: - Its name

extension Restoration {
    private var present: UInt32? {
        if case .integer(let oid) = change.identity["in its place"] { UInt32(exactly: oid) } else { nil }
    }

    func rename(_ act: Act) async throws {
        guard let (receipt, name) = try await restored() else { throw RestoreRefusal.notRestored(names.final) }
        if name.hasSameBytes(as: names.final) { return }
        let renaming = Renaming(names, replaces: options.to == .environment)
        let address = try await look.address()
        await act.leaveDatabase()
        let connection = try await entrance(address, applicationName: act.applicationName)
        do {
            try await renaming.run(
                on: connection, .init(restored: receipt.databaseOID, present: present),
                terminates: options.terminateConnections, clock: look.clock, tell: look.tell)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// A session in a database that is not renamed.
    private func entrance(_ address: DatabaseAddress, applicationName: String) async throws -> Connection {
        let candidates = ["postgres", "template1"].filter { !$0.hasSameBytes(as: names.final) }
        for candidate in candidates {
            do {
                var settings = ConnectionSettings.unlimited(applicationName: applicationName)
                settings.parameters["default_transaction_read_only"] = "off"
                return try await Connection.open(address.with(database: candidate), settings)
            } catch let error as PostgreSQLError {
                switch error {
                case .noSuchDatabase, .authenticationFailed, .permissionDenied: continue
                default: throw error
                }
            }
        }
        throw RestoreRefusal.noEntrance(candidates)
    }

    private var dropping: String { "drop database \(names.replaced.quotedIdentifier.printable)" }

    func proofOfName() async throws -> Proof {
        let session = try await look.database()
        guard let (receipt, name) = try await restored() else {
            return .unknown("what was restored is not there any more")
        }
        guard name.hasSameBytes(as: names.final) else {
            return .notDone("it is still called \(name.displayedIdentifier)")
        }
        var facts: Facts = ["database": .text(name), "database oid": .integer(Int64(receipt.databaseOID))]
        if let present {
            guard let old = try await session.name(ofDatabase: present) else {
                return .unknown("the old database is not there any more")
            }
            facts["kept as"] = .text(old)
            facts["left to do"] = .text("the database as it was before is kept; drop it when you are sure: \(dropping)")
        }
        return .done(facts)
    }
}
