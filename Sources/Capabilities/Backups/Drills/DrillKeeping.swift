import Backup
import Engine
import Maintenance
import Outside
import Page
import Settings

extension Act {
    /// Signs a certificate of a drill and writes it with its pages.
    ///
    /// - Parameter target: whose it is; the step's own where nil.
    /// - Returns: it, as it was written.
    func keep(_ drilled: DrillCertificate, in place: BackupPlace? = nil) async throws -> DrillCertificate {
        let place = place ?? BackupPlace(look)
        let key = try await place.keyOrNew()
        var certificate = drilled
        certificate.audit = try await look.log.auditHead()?.description
        let signer = try await Blocking().run { _ in
            _ = try place.folder.make()
            return try place.certificateKey()
        }
        certificate.signedBy = signer.publicName
        let page = DrillPage(certificate: certificate).html.bytes
        var pages: [CertificateCopy: [UInt8]] = [.html: page]
        if look.inventory.backups.certificatePDF { pages[.pdf] = try await pdf(of: page) }
        let (signed, written) = (certificate, pages)
        try await Blocking().run { _ in
            try place.folder.write(signed, pages: written, key: key, signer: signer)
        }
        try await look.log.noteSigned(
            "certificate of a drill, \(signed.scenario.rawValue)", target: signed.target, runID: look.runID,
            detail: [
                "state": .text(signed.verdict.rawValue),
                "path": .text(place.folder.drillPath(look.runID, signed.scenario)),
            ])
        return signed
    }
}

extension BackupPlace {
    /// Of one run; nil where it wrote none, or one that cannot be believed.
    func drill(ofRun runID: String, _ scenario: DrillScenario) async throws -> DrillCertificate? {
        guard let key = try await key() else { return nil }
        let folder = folder
        return try await Blocking().run { _ in
            do { return try folder.drill(ofRun: runID, scenario, key: key) } catch is PhysicalRecordError { return nil }
        }
    }
}

extension DrillCertificate {
    /// What came out of it, for the run that made it: findings, and the samples that trends are drawn from.
    var found: Observation {
        var observation = Observation()
        observation.examined = DrillPlan.measured
        observation.reach = DrillPlan.reach(DrillPlan.measured, scenario, target)
        let again = "Look where the time goes in its certificate."
        if measured.missesRTO {
            observation.findings.append(
                finding(
                    DrillPlan.late, .critical, "back and compared after \(text(measured.provedSeconds))",
                    limit: measured.rtoSeconds, mend: again))
        }
        if measured.missesRPO {
            observation.findings.append(
                finding(
                    DrillPlan.lossy, .critical, "\(text(measured.lossSeconds)) of work would be lost",
                    limit: measured.rpoSeconds,
                    mend: "Back up more often, or archive the log: 'backups: {physical: {stanza: …}}'"))
        }
        if verdict == .refuted {
            observation.findings.append(
                finding(DrillPlan.refuted, .critical, summary, limit: nil, mend: "mainstay backup verify"))
        }
        observation.evidence = facts
        observation.listings = [listing] + (failover.map { [$0.listing] } ?? [])
        if verdict == .proved { observation.measurements = measurements }
        return observation
    }

    private func text(_ seconds: Double?) -> String { seconds.map { Duration.seconds($0).short } ?? "unknown" }

    private func finding(
        _ code: String, _ severity: Severity, _ summary: String, limit: Double?, mend: String
    ) -> Finding {
        let wanted = limit.map { ", and it may be \(Duration.seconds($0).short) at most" } ?? ""
        return Finding(
            code: code, severity: severity, target: target, object: scenario.rawValue, summary: summary + wanted,
            evidence: ["run": .text(runID)], mend: mend)
    }

    var measurements: [Measurement] {
        [
            Measurement(
                "dr.rto.seconds", target, object: scenario.rawValue, unit: .seconds, value: measured.provedSeconds),
            measured.lossSeconds.map {
                Measurement("dr.rpo.seconds", target, object: scenario.rawValue, unit: .seconds, value: $0)
            },
        ].compactMap(\.self)
    }

    /// What a run keeps of it.
    var facts: Facts {
        [
            "scenario": .text(scenario.rawValue), "verdict": .text(verdict.rawValue),
            "recovery time seconds": .number(measured.provedSeconds),
            "back after seconds": measured.backSeconds.map { .number($0) } ?? .null,
            "recovery point seconds": measured.lossSeconds.map { .number($0) } ?? .null,
            "brought back": .text(parts.map { "\($0.kind.rawValue) \($0.name)" }.joined(separator: ", ")),
            "counts until": .text(countsUntil.iso8601),
        ]
    }

    private var listing: Listing {
        Listing(
            "What came back", ["what", "from", Listing.Column("took", .seconds), "standing"],
            parts.map { part in
                [
                    .text("\(part.kind.rawValue) \(part.name)"), .text(part.source),
                    .number(part.phases.reduce(0) { $0 + $1.seconds }),
                    .text(([part.standing.rawValue] + part.problems.prefix(1)).joined(separator: ": ").printable),
                ]
            })
    }
}

extension FailoverOutcome {
    fileprivate var listing: Listing {
        func text(_ seconds: Double?) -> Scalar { .text(seconds.map { Duration.seconds($0).short } ?? "not measured") }
        return Listing(
            "What the failover cost", ["what", "measured"],
            [
                ["replication", .text(isSynchronous ? "synchronous" : "asynchronous")],
                ["without a database for", text(downtimeSeconds)], ["of that the promotion", text(promotionSeconds)],
                ["commits acknowledged", Scalar(acknowledged)], ["of them lost", Scalar(lost)],
                ["pg_rewind of the old primary", text(rewindSeconds)],
                ["until it had caught up", text(catchUpSeconds)],
                ["the two in the end", .text(differences.isEmpty ? "equal" : "\(differences.count) differences")],
            ])
    }
}

/// A drill that cannot be done, or whose outcome refutes it.
enum DrillError: MaintenanceError, Hashable {
    case notYet(Timestamp)
    case refuted(DrillScenario, summary: String)

    var code: String {
        switch self {
        case .notYet: "dr.not-yet"
        case .refuted: "dr.refuted"
        }
    }

    var problem: String {
        switch self {
        case .notYet(let moment): "\(moment.iso8601) has not come yet"
        case .refuted(let scenario, let summary):
            "after '\(scenario.rawValue)' not everything would come back: \(summary)"
        }
    }

    var hint: String? {
        switch self {
        case .notYet: "Say when it was, in UTC."
        case .refuted: "Its certificate says what and why; take and prove a new backup: mainstay backup run --prove"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .notYet: .usage
        case .refuted: .failure
        }
    }
}
