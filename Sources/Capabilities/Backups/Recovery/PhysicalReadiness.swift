import Backup
import Engine
import Maintenance
import Outside
import Page
import Settings

/// What 'dr readiness-check' says of a database that has physical backups alone.
struct PhysicalReadiness: Sendable {
    private let physical: PhysicalPlace
    private let look: Look

    init(_ physical: PhysicalPlace, _ look: Look) {
        self.physical = physical
        self.look = look
    }

    private var environment: String { look.target.environment.shellQuoted }
    private var take: String { "mainstay backup run --type full --environment \(environment)" }
    private var verify: String { "mainstay backup verify --physical --environment \(environment)" }

    func add(to readiness: inout Readiness) async throws {
        let info: RepositoryInfo
        do { info = try await physical.info() } catch let error as any MaintenanceError {
            try Task.checkCancellation()
            readiness.add(.backup, .critical, "the physical backups cannot be listed: \(error.problem)", mend: take)
            return
        }
        var certificates: [PhysicalCertificate] = []
        for backup in info.backups.reversed() {
            if let certificate = try await physical.certificate(of: backup.label) { certificates.append(certificate) }
        }
        addBackup(info, to: &readiness)
        addProof(info, certificates, to: &readiness)
        addTime(certificates, to: &readiness)
        addElsewhere(info, to: &readiness)
    }

    private func addBackup(_ info: RepositoryInfo, to readiness: inout Readiness) {
        let policy = look.inventory.backupPolicy(of: look.target)
        // With an archive what a loss costs is the log that is not there yet, which the drill of a point in time measures.
        let rpo = physical.settings.engine == .basebackup ? policy.recovery?.rpo : nil
        let limit = rpo ?? policy.frequency?.value.warning
        let wanted = limit.map { "at most \($0.short) old" } ?? ""
        guard let newest = info.newest else {
            readiness.add(.backup, .critical, "there is no physical backup", wanted: wanted, mend: take)
            return
        }
        let age = look.clock.now() - newest.stopped
        let isOld = limit.map { age > $0 } ?? false
        let trouble = info.trouble(around: newest)
        readiness.add(
            .backup, isOld || trouble != nil ? .critical : .good,
            trouble?.problem ?? "the newest physical one, \(newest.label), is \(age.short) old", wanted: wanted,
            mend: take, evidence: ["age seconds": .number(age.inSeconds)])
    }

    private func addProof(
        _ info: RepositoryInfo, _ certificates: [PhysicalCertificate], to readiness: inout Readiness
    ) {
        let now = look.clock.now()
        guard let proved = certificates.first(where: { $0.proves(at: now) }) else {
            let last = certificates.first.map { "the last, of \($0.backup), is \($0.standing(at: now).rawValue)" }
            readiness.add(
                .proof, .critical, last.map { "none is proved; \($0)" } ?? "none was ever proved", mend: verify)
            return
        }
        readiness.add(
            .proof, .good,
            "\(proved.backup), \(proved.ladder.score) rungs, counts until \(proved.countsUntil)")
    }

    private func addTime(_ certificates: [PhysicalCertificate], to readiness: inout Readiness) {
        let limit = look.inventory.backupPolicy(of: look.target).recovery?.rto
        let wanted = limit.map { "at most \($0.short)" } ?? ""
        guard let measured = certificates.first(where: { $0.restoreSeconds != nil && $0.recoverySeconds != nil }),
            let restore = measured.restoreSeconds, let recovery = measured.recoverySeconds
        else {
            readiness.add(.time, .unknown, "no restore was ever measured", wanted: wanted, mend: verify)
            return
        }
        let seconds = restore + recovery
        let isLate = limit.map { seconds > $0.inSeconds } ?? false
        readiness.add(
            .time, isLate ? .critical : .good,
            "a restore took \(Duration.seconds(seconds).short) on \(measured.ended)", wanted: wanted,
            evidence: ["restore seconds": .number(seconds)])
    }

    private func addElsewhere(_ info: RepositoryInfo, to readiness: inout Readiness) {
        let used = Set(info.backups.map(\.repository))
        var far: [String] = []
        if case .pgBackRest(let repository) = physical.engine {
            far = repository.options.places(of: repository.stanza).filter { used.contains($0.number) && $0.path == nil }
                .map { "repo\($0.number)" + ($0.host.map { " (\($0.printable))" } ?? "") }
        }
        guard far.isEmpty else {
            readiness.add(.elsewhere, .good, "listed in \(far.joined(separator: ", ")), which a network leads to")
            return
        }
        readiness.add(
            .elsewhere, .warning, "every repository with a backup is a directory of this machine",
            mend: physical.settings.engine == .basebackup ? "mainstay backup files" : nil)
    }
}
