import ArgumentParser
import Backup
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// Proves a backup by restoring it.
package struct VerifyBackup: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp("Which backup to prove; the newest where it is not said.", valueName: "backup"))
        package var backup: String?

        package init() {}

        package func validate() throws {
            if let backup, BackupID(backup) == nil {
                throw ValidationError("'--backup' is the name of a backup, such as 20261121T020000Z-k7q2m")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "backup.verify",
        summary: "prove a backup by restoring it and comparing everything",
        explanation: """
            Checks the signature of the manifest, the length and SHA-256 of every file, and that no file is missing or \
            extra. Then it restores the backup into a private PostgreSQL of a fitting version, with its roles, none of \
            which may log in, and counts every error of pg_restore. What was restored is compared with what was dumped: \
            every row of every table by digest, the schema with owners, grants, policies and comments, sequences, and \
            large objects. The outcome is a signed certificate beside the backup, as JSON and as a page, which says what \
            was compared how, what is not covered, and until when it counts ('backups.prove-within'). A locale, an \
            extension or space that this host lacks leaves the step unproven, with the line that installs it; a backup \
            that is not what it says fails the step, and every difference is named. The production database is not asked \
            for anything.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("backup:verify"), .init("maintenance:weekly:backup-verification")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let place = BackupPlace(look)
        var observation = Observation()
        observation.examined = ["BK001", "BK002"]
        guard let id = try await wanted(place) else {
            observation.findings = [
                Finding(
                    code: "BK001", severity: .critical, target: look.target,
                    summary: "there is no backup to prove", mend: "mainstay backup run")
            ]
            observation.gaps = [.init("backup", BackupsError.nothing(look.target))]
            return observation
        }
        let known = try await place.certificate(of: id)
        observation.evidence = [
            "backup": .text(id.description), "last verdict": known.map { .text($0.verdict.rawValue) } ?? .null,
        ]
        if let known, let seconds = known.times.restore {
            observation.measurements = [
                Measurement("backup.restore.seconds", look.target, unit: .seconds, value: seconds),
                Measurement(
                    "backup.restore.bytes", look.target, unit: .bytes, value: Double(known.source.size.bytes)),
            ]
        }
        let seconds = known.map { ($0.times.ended - $0.times.began).inSeconds }
        observation.changes = [
            Change(
                kind: "prove", object: id.description,
                action: .files(
                    "restore \(place.folder.path(of: id)) into a private PostgreSQL in \(look.workDirectory), compare it, and "
                        + "write \(place.folder.certificatePath(of: id))"),
                effect: .maintains, reversal: "remove the certificate", identity: ["backup": .text(id.description)],
                reason: known.map { "the last proof is of \($0.times.ended)" } ?? "it was never proved",
                estimate: seconds.map { .init(seconds: $0, source: "the last proof") })
        ]
        return observation
    }

    private func wanted(_ place: BackupPlace) async throws -> BackupID? {
        let ids = try await Blocking().run { _ in try place.folder.ids() }
        guard let name = options.backup else { return ids.first }
        guard let id = BackupID(name), ids.contains(id) else {
            throw BackupsError.noSuchBackup(name, path: place.folder.path)
        }
        return id
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let place = BackupPlace(look)
        let id = try change.backup
        let known = try await place.certificate(of: id)
        return Inspection(
            identity: ["backup": .text(id.description)],
            witness: ["certificate of run": known.map { .text($0.runID) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let place = BackupPlace(look)
        let id = try change.backup
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        var proof = BackupProof(
            place.folder, key: key, workDirectory: look.workDirectory, runID: look.runID,
            countsFor: look.inventory.backups.proveWithin, programs: look.programs)
        proof.jobs = look.inventory.backups.jobs
        proof.tell = look.tell
        let certificate = try await proof.run(id)
        try await Blocking().run { _ in
            try place.folder.write(certificate, key: key)
            let name = try FileName("\(id).certificate.html")
            try SafeDirectory(place.folder.path).write(
                name, CertificatePage(certificate: certificate).html.bytes, mode: 0o600)
        }
        if certificate.verdict == .refuted {
            throw BackupsError.refuted(
                id, differences: certificate.differences.prefix(5).map(\.description),
                count: certificate.differenceCount)
        }
    }

    /// Reads the signed certificate back: only what this run wrote counts.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let certificate = try await BackupPlace(look).certificate(of: try change.backup),
            certificate.runID == look.runID
        else { return .notDone("this run wrote no certificate") }
        guard certificate.verdict == .proved else { return .notDone(certificate.reasons) }
        return .done(certificate.facts)
    }
}

extension Change {
    fileprivate var backup: BackupID {
        get throws {
            guard let id = BackupID(object) else { throw BackupsError.noSuchBackup(object, path: "the plan") }
            return id
        }
    }
}

extension Look {
    /// Where private clusters go: reachable for whoever runs PostgreSQL, which the state directory often is not.
    fileprivate var workDirectory: String { inventory.backups.work ?? "/var/tmp/mainstay-\(SystemUser.current.name)" }
}

extension BackupPlace {
    /// Nil where it was never proved; one that cannot be believed is an error.
    func certificate(of id: BackupID) async throws -> Certificate? {
        guard let key = try await key() else { return nil }
        return try await Blocking().run { _ in try folder.certificate(of: id, key: key) }
    }
}

extension Certificate {
    /// Why it does not prove anything, with what to do, safe to print.
    fileprivate var reasons: String {
        gaps.isEmpty ? summary : gaps.map { "\($0.problem)\($0.hint.map { " (\($0))" } ?? "")" }.joined(separator: "; ")
    }

    /// What a run keeps of it.
    fileprivate var facts: Facts {
        [
            "backup": .text(backup.description), "verdict": .text(verdict.rawValue),
            "tables": Scalar(content.tables), "rows": .integer(Int64(clamping: content.rows)),
            "content": .text(content.rowDigest), "manifest": .text(manifestSHA256),
            "restore seconds": times.restore.map { .number($0) } ?? .null,
            "counts until": .text(countsUntil.iso8601),
        ]
    }
}

/// Backups that cannot be chosen or relied on.
enum BackupsError: MaintenanceError, Hashable {
    case nothing(Target)
    case noSuchBackup(String, path: String)
    case refuted(BackupID, differences: [String], count: Int)

    var code: String {
        switch self {
        case .nothing: "backups.none"
        case .noSuchBackup: "backups.no-such-backup"
        case .refuted: "backups.refuted"
        }
    }

    var problem: String {
        switch self {
        case .nothing(let target): "there is no backup of '\(target)'"
        case .noSuchBackup(let name, let path): "there is no backup '\(name.printable)' in '\(path.printable)'"
        case .refuted(let id, let differences, let count):
            "backup \(id) does not bring back what was dumped: \(differences.joined(separator: "; "))"
                + (count > differences.count ? " (and \(count - differences.count) more)" : "")
        }
    }

    var hint: String? {
        switch self {
        case .nothing, .refuted: "Take a new one: mainstay backup run"
        case .noSuchBackup: nil
        }
    }
}
