import Crypto
import Foundation
import Maintenance
import Outside

/// What a proof of a physical backup found, signed with the key of the backups as every certificate is. It stands beside
/// the logical ones of the same database, in `physical/`: pgBackRest's repository is its own and gets nothing of ours.
package struct PhysicalCertificate: Codable, Hashable, Sendable {
    package var format = Certificate.format
    /// What kind of backup it is about.
    package var method = "physical"
    package var madeBy: String
    package var runID: String
    package var target: Target
    package var stanza: String
    /// pgBackRest's name of the backup.
    package var backup: String
    package var type: PhysicalBackupType
    package var systemIdentifier: String
    package var server: String?
    package var verdict: Certificate.Verdict
    package var ladder: VerificationLadder
    /// When the backup was taken: its end, which is the earliest moment it can bring back.
    package var taken: Timestamp
    package var size: ByteCount
    package var began: Timestamp
    package var ended: Timestamp
    package var restoreSeconds: Double?
    package var recoverySeconds: Double?
    /// How far the write-ahead log was replayed.
    package var replayedTo: String?
    package var tables: Int?
    package var rows: UInt64?
    /// What the team wrote and came of it; nil where nothing is written, or it was not come to.
    package var assertions: [Assertion.Outcome]?
    package var smokeTest: SmokeTest.Outcome?
    package var notes: [String]
    /// What is not covered by it, in a sentence each.
    package var uncovered: [String]
    /// After that it proves nothing any more.
    package var countsUntil: Timestamp
    /// The head of the audit trail when it was signed.
    package var audit: String?
    /// The public key that verifies its detached signature.
    package var signedBy: String?

    package init(
        _ outcome: PhysicalProof.Outcome, target: Target, stanza: String, runID: String, countsFor: Duration
    ) {
        madeBy = Release.name
        self.runID = runID
        self.target = target
        self.stanza = stanza
        backup = outcome.backup.label
        type = outcome.backup.type
        systemIdentifier = outcome.cluster.systemIdentifier
        server = outcome.server
        ladder = outcome.ladder
        taken = outcome.backup.stopped
        size = outcome.backup.size
        began = outcome.began
        ended = outcome.ended
        restoreSeconds = outcome.restoreSeconds
        recoverySeconds = outcome.recoverySeconds
        replayedTo = outcome.redone?.description
        tables = outcome.tables
        rows = outcome.rows
        assertions = outcome.assertions
        smokeTest = outcome.smokeTest
        notes = outcome.notes
        uncovered = [
            "whatever lies outside the cluster's own files: its configuration in another directory, what archives it",
            "that its rows are those of the source, unless a rung above says so: a physical backup of a database that "
                + "was already wrong is the same wrong database",
        ]
        countsUntil = outcome.ended + countsFor
        // Whether it equals its source is one rung of its own; that nobody could climb it here does not refute it.
        let needed = outcome.ladder.rungs.filter(\.isNeeded)
        verdict =
            outcome.ladder.hasFailed ? .refuted : needed.allSatisfy { $0.standing == .proved } ? .proved : .unproven
    }

    package func proves(at now: Timestamp) -> Bool { verdict == .proved && now <= countsUntil }

    /// The first rung that does not hold; nil where all do that have to.
    package var trouble: VerificationLadder.Rung? {
        ladder.rungs.first { $0.standing == .failed }
            ?? ladder.rungs.first { $0.isNeeded && $0.standing != .proved }
    }

    /// One line, safe to print.
    package var summary: String {
        switch verdict {
        case .proved:
            "\(ladder.score) rungs hold; restored, replayed and read: \("table".counted(tables ?? 0)), "
                + "\("row".counted(Int(clamping: rows ?? 0)))"
        case .unproven, .refuted, .partly:
            trouble.map { "\($0.kind.rawValue): \($0.evidence.printable)" } ?? "it could not be proved"
        }
    }
}

extension VerificationLadder.Rung {
    /// Whether a physical backup is proved only with it: a standby need not be there, nor anything a team may write.
    fileprivate var isNeeded: Bool {
        switch kind {
        case .equality: false
        case .assertions, .smokeTest: standing != .notLooked
        default: true
        }
    }
}

extension BackupFolder {
    private var physical: String { "\(path)/physical" }

    package func physicalCertificatePath(of label: String) -> String { "\(physical)/\(label).certificate.json" }

    /// Writes it and its signature in place of older ones, what people get to see of it, and for each of these files a
    /// detached signature that needs no secret to verify.
    ///
    /// - Throws: `FileError`.
    package func write(
        _ certificate: PhysicalCertificate, pages: [CertificateCopy: [UInt8]] = [:], key: BackupKey,
        signer: CertificateKey
    ) throws {
        let name = "\(certificate.backup).certificate"
        var files = pages
        files[.json] = try writeSigned(certificate, as: name, key: key)
        let directory = try SafeDirectory(physical)
        // A page or a signature of an older one never stands beside the new one.
        for kind in CertificateCopy.allCases {
            for old in (kind == .json ? [] : ["\(name).\(kind.rawValue)"]) + ["\(name).\(kind.rawValue).sig"] {
                let file = try FileName(old)
                if let status = try directory.status(of: file) { _ = try directory.remove(file, seen: status) }
            }
        }
        for (kind, bytes) in files.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let file = "\(name).\(kind.rawValue)"
            if kind != .json { try directory.write(try FileName(file), bytes, mode: 0o600) }
            try directory.write(try FileName("\(file).sig"), try signer.signature(of: bytes), mode: 0o600)
        }
    }

    /// Believed only with its signature; nil where there is none.
    ///
    /// - Throws: `PhysicalRecordError`, `FileError`.
    package func physicalCertificate(of label: String, key: BackupKey) throws -> PhysicalCertificate? {
        guard
            let certificate = try readSigned(
                PhysicalCertificate.self, "\(label).certificate", key: key)
        else { return nil }
        guard certificate.format == Certificate.format, certificate.backup == label, certificate.target == target else {
            throw PhysicalRecordError(path: physicalCertificatePath(of: label), reason: "it is about something else")
        }
        return certificate
    }

    /// Those of all physical backups that can be believed, of the newest backup first.
    ///
    /// - Throws: `FileError`, `CocoaError`.
    package func physicalCertificates(key: BackupKey) throws -> [PhysicalCertificate] {
        guard FileManager.default.fileExists(atPath: physical) else { return [] }
        let mark = ".certificate.json"
        let labels = try FileManager.default.contentsOfDirectory(atPath: physical).filter { $0.hasSuffix(mark) }
            .map { String($0.dropLast(mark.utf8.count)) }
        var found: [PhysicalCertificate] = []
        for label in labels {
            do {
                if let certificate = try physicalCertificate(of: label, key: key) { found.append(certificate) }
            } catch is PhysicalRecordError {
                continue
            }
        }
        return found.sorted { ($0.taken, $0.backup) > ($1.taken, $1.backup) }
    }

    private var shelf: RecordShelf { RecordShelf(directory: physical) }

    @discardableResult
    func writeSigned(_ record: some Encodable, as name: String, key: BackupKey) throws -> [UInt8] {
        try shelf.write(record, as: name, key: key)
    }

    func readSigned<Record: Decodable>(_ type: Record.Type, _ name: String, key: BackupKey) throws -> Record? {
        try shelf.read(type, name, key: key)
    }
}

/// A record of ours about physical backups that cannot be believed.
package struct PhysicalRecordError: MaintenanceError, Hashable {
    package var path: String
    package var reason: String

    package var code: String { "physical.record" }
    package var problem: String { "'\(path.printable)' cannot be believed: \(reason.printable)" }
    package var hint: String? { "Make a new one: mainstay backup verify" }
}
