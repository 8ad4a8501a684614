import Backup
import Engine
import Foundation
import Maintenance
import Outside
import Page
import PostgreSQL
import Settings

extension Act {
    /// Takes a backup of the step's database under its fence: no second worker backs up the same one at once.
    func takeBackup() async throws -> BackupManifest { try await writer().take() }

    /// Both, at once where this machine has the processors for it.
    ///
    /// - Throws: as the two alone.
    /// - Parameter isWhole: whether all rows are restored, also where the policy proves a part each time.
    func takeAndProveBackup(isWhole: Bool) async throws {
        let jobs = look.inventory.backups.jobs
        let part = isWhole ? nil : try await BackupPlace(look).rotation(look)?.next
        guard part == nil,
            BackupPass.isWorthIt(processors: ProcessInfo.processInfo.activeProcessorCount, jobs: jobs)
        else {
            return try await proveBackup(try await takeBackup().id, part: part)
        }
        let writer = try await writer()
        try await keep(try await BackupPass(writer, proof(key: writer.key)).run(), key: writer.key)
    }

    private func writer() async throws -> BackupWriter {
        _ = try await connection()
        return look.backupWriter(
            key: try await BackupPlace(look).keyOrNew(), address: try await look.address(),
            settings: look.resource.connectionSettings(applicationName: applicationName))
    }

    /// Restores a backup, compares, and writes its certificate and the page of it.
    ///
    /// - Parameter part: of its rows; nil for all.
    /// - Throws: `BackupsError.refuted`, and what keeps the proof from being made.
    func proveBackup(_ id: BackupID, part: RotationPart? = nil) async throws {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        var proof = proof(key: key)
        proof.part = part
        try await keep(try await proof.run(id), key: key)
    }

    private func proof(key: BackupKey) -> BackupProof { look.backupProof(in: BackupPlace(look).folder, key: key) }

    /// As the look has them.
    var questions: (assertions: [Assertion], smokeTest: SmokeTest?) { look.questions }

    private func keep(_ proved: Certificate, key: BackupKey) async throws {
        let place = BackupPlace(look)
        let id = proved.backup
        var signed = proved
        signed.audit = try await look.log.auditHead()?.description
        let signer = try await Blocking().run { _ in try place.certificateKey() }
        signed.signedBy = signer.publicName
        let certificate = signed
        try await Blocking().run { _ in try place.folder.write(certificate, key: key) }
        let page = CertificatePage(certificate: certificate).html.bytes
        var copies: [CertificateCopy: [UInt8]] = [.html: page]
        if look.inventory.backups.certificatePDF { copies[.pdf] = try await pdf(of: page) }
        let written = copies
        try await Blocking().run { _ in try place.folder.write(written, of: id, key: signer) }
        var detail: Facts = [
            "state": .text(certificate.verdict.rawValue), "manifest": .text(certificate.manifestSHA256),
            RunLog.certificatePath: .text(place.folder.certificatePath(of: id)),
            RunLog.backupPath: .text(place.folder.path(of: id)),
        ]
        if certificate.isEqual, certificate.verdict == .proved {
            detail[RunLog.bringsBack] = .text(certificate.snapshot.iso8601)
        }
        try await look.log.noteSigned(
            RunLog.certificateSubject + "\(id)", target: look.target, runID: look.runID, detail: detail)
        if certificate.verdict == .refuted {
            throw BackupsError.refuted(
                id, differences: certificate.differences.prefix(5).map(\.description),
                count: certificate.differenceCount)
        }
    }
}

extension Act {
    /// Nil where there is no WeasyPrint, or it fails: a proof does not hang on how it is printed.
    func pdf(of page: [UInt8]) async throws -> [UInt8]? {
        do {
            return try await WeasyPrint(look.programs).pdf(of: page)
        } catch let error as ProgramError {
            look.tell("the certificate is not written as PDF: \(error.problem)")
            return nil
        }
    }
}

extension Look {
    /// Certificates that are wanted as PDF, and nothing to print them ('BK020').
    var missingPrinter: [Finding] {
        guard inventory.backups.certificatePDF else { return [] }
        do throws(ProgramError) {
            _ = try WeasyPrint(programs)
            return []
        } catch {
            return [
                Finding(
                    code: "BK020", severity: .warning, target: target,
                    summary: "certificates are not written as PDF: \(error.problem)", mend: error.hint)
            ]
        }
    }

    /// Into the folder of this target, as its configuration says.
    func backupWriter(key: BackupKey, address: DatabaseAddress, settings: ConnectionSettings) -> BackupWriter {
        var writer = BackupWriter(
            BackupPlace(self).folder, key: key, address: address, settings: settings, runID: runID, programs: programs)
        writer.jobs = inventory.backups.jobs
        writer.level = inventory.backups.level
        writer.readTwice = inventory.backups.readTwice
        writer.tell = tell
        return writer
    }

    /// With what the team asks of every restored copy.
    func backupProof(in folder: BackupFolder, key: BackupKey) -> BackupProof {
        var proof = BackupProof(
            folder, key: key, workDirectory: workDirectory, runID: runID, countsFor: inventory.backups.proveWithin,
            programs: programs)
        proof.jobs = inventory.backups.jobs
        proof.tell = tell
        (proof.assertions, proof.smokeTest) = questions
        return proof
    }

    /// What the team wrote that is asked of a restored copy.
    var questions: (assertions: [Assertion], smokeTest: SmokeTest?) {
        let policy = inventory.backupPolicy(of: target)
        return (
            (policy.assertions ?? [:]).sorted { $0.key < $1.key }.map { Assertion($0.key, $0.value) },
            policy.smokeTest.map { SmokeTest($0, self) }
        )
    }

    var workDirectory: String { inventory.backups.workDirectory }
}

extension Assertion {
    fileprivate init(_ name: String, _ written: BackupAssertion) {
        let rule: Rule =
            switch written.rule {
            case .holds: .holds
            case .findsNothing: .findsNothing
            }
        self.init(name, rule, written.statement)
    }
}

extension SmokeTest {
    fileprivate init(_ settings: CommandSettings, _ look: Look) {
        self.init(exitStatuses: settings.exitStatuses) { programs in
            var variables: [String: ChildEnvironment.Value] = [
                "MAINSTAY_RUN": .plain(look.runID), "MAINSTAY_ENVIRONMENT": .plain(look.target.environment),
                "MAINSTAY_RESOURCE": .plain(look.target.resource),
            ]
            for (name, value) in try await settings.resolvedVariables(with: programs) {
                variables[name] = .secret(value)
            }
            return ChildProgram(
                try settings.path(of: settings.program.first ?? "", programs), Array(settings.program.dropFirst()),
                environment: ChildEnvironment(variables), workingDirectory: settings.directory ?? "/",
                timeLimit: settings.timeLimit)
        }
    }
}
