import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Page
import Settings

/// Looks whether the databases could be recovered, by what was measured and not by what is configured.
package struct CheckReadiness: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "dr.readiness-check",
        summary: "look whether the databases could be recovered",
        explanation: """
            Answers for each database, from signed manifests and certificates and the run log, asking no database: is \
            there a backup younger than the work that may be lost ('backups.recovery.rpo', else 'frequency')? Is one \
            proved, and how far? Does a restore take less than it may ('backups.recovery.rto'), as the last proof measured \
            it, and will it still in a year at the present growth? Is there a copy elsewhere that was seen? Where physical \
            backups are configured, was a recovery to a point in time proved lately? And has this host the server, the \
            extensions' packages and the room that a restore needs? What is not known is not ready. Each answer that is \
            no is a finding with the command that mends it.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [.init("dr:readiness-check", implied: ["--comprehensive"])])

    package init(_ options: Options) {}

    package func survey(_ look: Look) async throws -> Observation {
        let place = BackupPlace(look)
        let backups = try await ListedBackup.own(place, now: look.clock.now())
        var readiness = Readiness()
        // What was extracted is of a moment somebody chose, and no backup of the nights.
        let own = backups.filter { !$0.isExtracted }
        if own.isEmpty, let physical = try await PhysicalPlace(look) {
            try await PhysicalReadiness(physical, look).add(to: &readiness)
        } else {
            addBackup(backups, to: &readiness, look)
            addProof(own, to: &readiness, look)
            try await addTime(own, to: &readiness, look)
            addCopies(backups, to: &readiness, look)
        }
        try await addPointInTime(place, to: &readiness, look)
        try await addHost(backups, place, to: &readiness, look)
        try await addDrill(place, to: &readiness, look)

        var observation = Observation()
        observation.examined = Set(Readiness.Question.allCases.map(\.code))
        observation.findings = readiness.findings(look.target)
        observation.listings = [readiness.listing(look.target)]
        observation.evidence = [
            "ready": .boolean(readiness.isReady), "answers": .text("\(readiness.ready) of \(readiness.answers.count)"),
        ]
        observation.measurements = [
            Measurement(
                "dr.readiness", look.target, unit: .percent,
                value: 100 * Double(readiness.ready) / Double(readiness.answers.count))
        ]
        return observation
    }

    private func verify(_ look: Look) -> String {
        "mainstay backup verify --environment \(look.target.environment.shellQuoted)"
    }

    /// A part of the rows takes a part of the time.
    private func verifyWhole(_ look: Look) -> String {
        let rotates = look.inventory.backupPolicy(of: look.target).verification?.value.parts != nil
        return verify(look) + (rotates ? " --whole" : "")
    }

    private func addBackup(_ backups: [ListedBackup], to readiness: inout Readiness, _ look: Look) {
        // What was taken out of a physical backup is no new one of the database.
        let backups = backups.filter { !$0.isExtracted }
        let policy = look.inventory.backupPolicy(of: look.target)
        let limit = policy.recovery?.rpo ?? policy.frequency?.value.warning
        let wanted = limit.map { "at most \($0.short) of work lost" } ?? ""
        let take = "mainstay backup run --environment \(look.target.environment.shellQuoted)"
        if let newest = backups.first, newest.manifest == nil {
            readiness.add(
                .backup, .critical, "the newest backup is bad: \(newest.trouble?.problem ?? "")", wanted: wanted,
                mend: take)
            return
        }
        guard let manifest = backups.first?.manifest else {
            readiness.add(.backup, .critical, "there is no backup", wanted: wanted, mend: take)
            return
        }
        let age = look.clock.now() - manifest.times.snapshot
        let isOld = limit.map { age > $0 } ?? false
        readiness.add(
            .backup, isOld ? .critical : .good, "the newest is \(age.short) old", wanted: wanted, mend: take,
            evidence: ["age seconds": .number(age.inSeconds)])
    }

    private func addProof(_ backups: [ListedBackup], to readiness: inout Readiness, _ look: Look) {
        let now = look.clock.now()
        guard let proved = backups.first(where: { $0.proof == .proved }), let certificate = proved.certificate else {
            let parts = look.inventory.backupPolicy(of: look.target).verification?.value.parts
            if let rotation = parts.map({ Rotation($0, backups.map(\.stored), at: now) }) {
                return readiness.add(.proof, rotation.isWhole ? .good : .critical, rotation.words, mend: verify(look))
            }
            let known = backups.first.map { "the newest is \($0.proof.rawValue), \($0.ladder.score) rungs" }
            readiness.add(
                .proof, .critical, known.map { "none is proved; \($0)" } ?? "there is none", mend: verify(look))
            return
        }
        readiness.add(
            .proof, .good,
            "\(proved.id), \(proved.ladder.score) rungs, counts until \(certificate.countsUntil)")
    }

    private func addTime(_ backups: [ListedBackup], to readiness: inout Readiness, _ look: Look) async throws {
        let limit = look.inventory.backupPolicy(of: look.target).recovery?.rto
        let wanted = limit.map { "at most \($0.short)" } ?? ""
        guard let certificate = backups.lazy.compactMap(\.certificate).first(where: { $0.recoveryTime != nil }),
            let time = certificate.recoveryTime
        else {
            readiness.add(.time, .unknown, "no restore was ever measured", wanted: wanted, mend: verifyWhole(look))
            return
        }
        let isLate = limit.map { time > $0 } ?? false
        readiness.add(
            .time, isLate ? .critical : .good, "a restore took \(time.short) on \(certificate.times.ended)",
            wanted: wanted,
            evidence: ["restore seconds": .number(time.inSeconds)])
        try await addProspect(limit, to: &readiness, look)
    }

    /// Where nobody said how long it may take, or there is too little to go by, nothing is said about the future.
    private func addProspect(_ limit: Duration?, to readiness: inout Readiness, _ look: Look) async throws {
        guard let limit else { return }
        let now = look.clock.now()
        let series = try await look.log.history(of: look.target.environment, since: now - .seconds(366 * 86_400))
        guard let prospect = RecoveryProspect(series, of: look.target, limit: limit) else { return }
        let isSoon = prospect.passes.map { $0 - now < .seconds(366 * 86_400) } ?? false
        readiness.add(
            .prospect, isSoon ? .warning : .good, prospect.words,
            wanted: prospect.passes == nil ? "at most \(limit.short)" : "not within a year",
            evidence: prospect.passes.map { ["passes": .text($0.iso8601)] } ?? [:])
    }

    private func addCopies(_ backups: [ListedBackup], to readiness: inout Readiness, _ look: Look) {
        let now = look.clock.now()
        let configured = Set(look.inventory.backups.storage.repositories.map(\.name))
        let seen = Set(backups.flatMap(\.copies).filter { $0.counts(at: now) }.map(\.storage))
            .intersection(configured).sorted()
        guard seen.isEmpty else {
            readiness.add(.elsewhere, .good, "seen in \(seen.joined(separator: ", "))")
            return
        }
        let isConfigured = !configured.isEmpty
        readiness.add(
            .elsewhere, isConfigured ? .critical : .warning,
            isConfigured ? "none was seen in another storage lately" : "no other storage is configured",
            mend: "mainstay backup copy")
    }

    private func addPointInTime(_ place: BackupPlace, to readiness: inout Readiness, _ look: Look) async throws {
        guard look.inventory.backupPolicy(of: look.target).physical?.engine == .pgbackrest else { return }
        let drill = "mainstay recovery pitr-test --environment \(look.target.environment.shellQuoted)"
        guard let physical = try await PhysicalPlace(look), let record = try await physical.drill() else {
            readiness.add(.pointInTime, .critical, "it was never tried", mend: drill)
            return
        }
        let outcome = record.outcome
        guard outcome.isExact else {
            readiness.add(.pointInTime, .critical, "the last drill did not hold what it had to", mend: drill)
            return
        }
        guard record.countsUntil > look.clock.now() else {
            readiness.add(.pointInTime, .warning, "the last drill, of \(record.ended), counts no more", mend: drill)
            return
        }
        readiness.add(
            .pointInTime, .good,
            "\(Duration.seconds(outcome.lostSeconds).short) of work lost, back in "
                + "\(Duration.seconds(outcome.recoverySecondsInAll).short), on \(record.ended)")
    }

    private func addDrill(_ place: BackupPlace, to readiness: inout Readiness, _ look: Look) async throws {
        // A failover brings nothing back from a backup that is far away.
        let drills = try await place.drills().filter { $0.scenario != .failover }
        let rehearse =
            "mainstay dr test --scenario=complete-failure --environment \(look.target.environment.shellQuoted)"
        guard let last = drills.first(where: { $0.verdict == .proved }) else {
            let found = drills.first.map {
                "the last drill, '\($0.scenario.rawValue)' on \($0.ended), is \($0.verdict.rawValue)"
            }
            readiness.add(.drill, .warning, found ?? "none was ever rehearsed", mend: rehearse)
            return
        }
        let what = "'\(last.scenario.rawValue)' on \(last.ended)"
        guard last.proves(at: look.clock.now()) else {
            readiness.add(.drill, .warning, "the last drill, \(what), counts no more", mend: rehearse)
            return
        }
        // What came after it and failed says more about today.
        if let failed = drills.first, failed.verdict == .refuted {
            readiness.add(
                .drill, .critical, "the last drill, '\(failed.scenario.rawValue)' on \(failed.ended), failed",
                mend: rehearse)
            return
        }
        let measured = last.measured
        let isMissed = measured.missesRTO || measured.missesRPO
        readiness.add(
            .drill, isMissed ? .warning : .good,
            "\(what): \(Duration.seconds(measured.provedSeconds).short)\(isMissed ? ", and a target was missed" : "")",
            wanted: measured.rtoSeconds.map { "at most \(Duration.seconds($0).short)" } ?? "",
            mend: isMissed ? rehearse : nil)
    }

    private func addHost(
        _ backups: [ListedBackup], _ place: BackupPlace, to readiness: inout Readiness, _ look: Look
    ) async throws {
        guard let manifest = backups.lazy.compactMap(\.manifest).first else { return }
        let found = try await ProofFeasibility.look(manifest, workDirectory: look.workDirectory, with: look.programs)
        guard let gap = found.gaps.first else {
            readiness.add(
                .host, .good,
                "\(found.server.map { "PostgreSQL \($0)" } ?? "a server"), \(found.free) free in \(look.workDirectory)",
                wanted: "\(found.space)")
            return
        }
        readiness.add(.host, .critical, gap.problem, mend: gap.hint)
    }
}
