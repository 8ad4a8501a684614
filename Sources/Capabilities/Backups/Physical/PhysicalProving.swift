import Backup
import Engine
import Maintenance
import Outside
import Page
import PostgreSQL
import Settings

/// What 'backup verify' does with physical backups: one change for each that is to be proved.
struct PhysicalProving: Sendable {
    let physical: PhysicalPlace

    static let kind = "prove files"
    static let code = "BK010"

    /// - Parameters:
    ///   - label: nil for the newest.
    ///   - all: every one there is.
    func survey(_ look: Look, label: String?, all: Bool) async throws -> Observation {
        var observation = Observation()
        observation.examined = [Self.code]
        let info = try await physical.info()
        if let trouble = info.trouble {
            observation.findings = [finding(look, trouble.problem)]
        }
        let wanted: [PhysicalBackup]
        if let label {
            guard let backup = info[label] else {
                throw PhysicalError.noSuchBackup(label, stanza: physical.name)
            }
            wanted = [backup]
        } else {
            wanted = all ? info.backups.reversed() : info.newest.map { [$0] } ?? []
        }
        guard !wanted.isEmpty else {
            let error = PhysicalError.noBackup(stanza: physical.name)
            observation.findings = [finding(look, error.problem)]
            observation.gaps = [.init("physical backup", error)]
            return observation
        }
        let oracle =
            physical.settings.standby.map {
                ", hold it against the standby '\($0.value)', whose replay is paused while it is read"
            } ?? ""
        for backup in wanted {
            let known = try await physical.certificate(of: backup.label)
            observation.changes.append(
                Change(
                    kind: Self.kind, object: backup.label,
                    action: .files(
                        "restore \(backup.label)\(physical.of) into a private PostgreSQL "
                            + "in \(look.workDirectory), replay \(physical.log), read everything\(oracle), and write its "
                            + "certificate to \(physical.place.folder.physicalCertificatePath(of: backup.label))"),
                    effect: .maintains, reversal: "remove the certificate", identity: ["backup": .text(backup.label)],
                    reason: known.map { "the last proof is of \($0.ended)" } ?? "it was never proved",
                    estimate: known.map {
                        .init(seconds: ($0.ended - $0.began).inSeconds, source: "the last proof")
                    }))
            if backup == wanted.first, let known { observation.measurements = known.measurements }
        }
        return observation
    }

    private func finding(_ look: Look, _ summary: String) -> Finding {
        Finding(
            code: Self.code, severity: .critical, target: look.target, object: physical.name,
            summary: summary, mend: "mainstay backup run --type full")
    }

    static func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let physical = try await PhysicalPlace.needed(look)
        let isThere = try await physical.info()[change.object] != nil
        return Inspection(
            identity: ["backup": .text(isThere ? change.object : "gone")], witness: ["run": .text(look.runID)])
    }

    /// Reads the signed certificate back: only what this run wrote counts.
    static func prove(_ change: Change, _ look: Look) async throws -> Proof {
        let physical = try await PhysicalPlace.needed(look)
        guard let certificate = try await physical.certificate(of: change.object), certificate.runID == look.runID
        else { return .notDone("this run wrote no certificate") }
        return certificate.verdict == .proved ? .done(certificate.facts) : .notDone(certificate.summary)
    }
}

extension PhysicalCertificate {
    var measurements: [Measurement] {
        [
            restoreSeconds.map {
                Measurement("backup.physical.restore.seconds", target, unit: .seconds, value: $0)
            },
            recoverySeconds.map {
                Measurement("backup.physical.recovery.seconds", target, unit: .seconds, value: $0)
            },
        ].compactMap { $0 }
    }
}

extension Act {
    /// Climbs the ladder of a physical backup and keeps what was found, signed.
    ///
    /// - Throws: `PhysicalRefuted`, and what keeps the proof from being made.
    func provePhysical(_ label: String) async throws {
        let physical = try await PhysicalPlace.needed(look)
        let place = physical.place
        let key = try await place.keyOrNew()
        let signer = try await Blocking().run { _ in
            // The first proof of all may come before the first logical backup.
            _ = try place.folder.make()
            return try place.certificateKey()
        }
        var proof = PhysicalProof(
            physical.engine, workDirectory: look.workDirectory, source: try await look.clusterSource())
        proof.superuser = physical.settings.superuser
        proof.jobs = look.inventory.backups.jobs
        proof.tell = look.tell
        proof.standby = try await standby(physical.settings)
        let (assertions, smokeTest) = questions
        proof.questions = PhysicalProof.Questions(
            database: try await look.databaseName(), assertions: assertions, smokeTest: smokeTest)
        let outcome = try await proof.run(label)
        var certificate = PhysicalCertificate(
            outcome, target: look.target, stanza: physical.name, runID: look.runID,
            countsFor: look.inventory.backups.proveWithin)
        certificate.audit = try await look.log.auditHead()?.description
        certificate.signedBy = signer.publicName
        let page = PhysicalCertificatePage(certificate: certificate).html.bytes
        var pages: [CertificateCopy: [UInt8]] = [.html: page]
        if look.inventory.backups.certificatePDF { pages[.pdf] = try await pdf(of: page) }
        let (signed, written) = (certificate, pages)
        let folder = place.folder
        try await Blocking().run { _ in try folder.write(signed, pages: written, key: key, signer: signer) }
        var detail: Facts = [
            "state": .text(signed.verdict.rawValue), "rungs": .text(signed.ladder.score),
            RunLog.certificatePath: .text(folder.physicalCertificatePath(of: label)),
        ]
        // Where pgBackRest keeps its repository is its own affair.
        if case .base(let backups, _) = physical.engine { detail[RunLog.backupPath] = .text(backups.path(of: label)) }
        if signed.verdict == .proved {
            detail[RunLog.bringsBack] = .text(signed.taken.iso8601)
            detail[RunLog.isOfCluster] = true
        }
        try await look.log.noteSigned(
            RunLog.certificateSubject + label, target: look.target, runID: look.runID, detail: detail)
        if signed.verdict == .refuted { throw PhysicalRefuted(label: label, summary: signed.summary) }
    }

    /// What the copy is held against; the configuration was refused where there is no such database.
    private func standby(_ settings: PhysicalSettings) async throws -> StandbyReading? {
        guard let name = settings.standby?.value,
            let resource = look.inventory[Target(environment: look.target.environment, resource: name)]
        else { return nil }
        var reading = StandbyReading(
            address: try await look.address(resource),
            settings: resource.connectionSettings(applicationName: applicationName),
            jobs: look.inventory.backups.jobs, clock: look.clock)
        reading.note = try PauseNote(BackupPlace(look).folder)
        return reading
    }
}

/// A physical backup that does not bring its cluster back.
struct PhysicalRefuted: MaintenanceError, Hashable {
    var label: String
    /// The rung that does not hold, and why. Safe to print.
    var summary: String

    var code: String { "physical.refuted" }
    var problem: String { "backup \(label) does not bring the cluster back: \(summary)" }
    var hint: String? { "Take a new one: mainstay backup run --type full" }
}
