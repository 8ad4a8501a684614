import ArgumentParser
import Backup
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// Shows where the time of a recovery goes, as drills and proofs measured it, and what would make it shorter.
package struct ReviewRecoveryTimes: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "dr.review-times",
        summary: "show where the time of a recovery goes, and what would make it shorter",
        explanation: """
            Takes the newest drill of each scenario of a database, and the newest proof of all rows of a backup and of a \
            physical one, and shows for each phase how long it took and what share of the recovery that is: fetching from a \
            storage, checksums, starting a server, restoring, replaying the log. Comparing comes when everything is back \
            and is not counted. The longest phase of each is a finding with what usually shortens it ('DR030'), a warning \
            where the whole takes longer than 'backups.recovery.rto' allows. It asks no database and changes nothing. \
            Without a drill or a proof there is nothing to show, which is a finding of its own ('DR031').
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [.init("maintenance:quarterly:rto-optimization")])

    package init(_ options: Options) {}

    package func survey(_ look: Look) async throws -> Observation {
        let place = BackupPlace(look)
        var recoveries = try await drills(place)
        if let proof = try await proof(place, look) { recoveries.append(proof) }
        if let physical = try await physical(look) { recoveries.append(physical) }
        var observation = Observation()
        observation.examined = ["DR030", "DR031"]
        guard !recoveries.isEmpty else {
            observation.findings = [
                Finding(
                    code: "DR031", severity: .warning, target: look.target,
                    summary: "nobody knows how long a recovery takes: none was ever measured",
                    mend: "mainstay dr test --environment \(look.target.environment.shellQuoted)")
            ]
            return observation
        }
        let limit = look.inventory.backupPolicy(of: look.target).recovery?.rto
        observation.listings = [Self.listing(recoveries, look.target)]
        observation.findings = recoveries.compactMap { $0.finding(look, limit) }
        return observation
    }

    private static func listing(_ recoveries: [Recovery], _ target: Target) -> Listing {
        Listing(
            "Where the time of a recovery of \(target) goes",
            ["recovery", "of", "phase", Listing.Column("took", .seconds), "share"],
            recoveries.flatMap { recovery in
                recovery.phases.map { phase in
                    [
                        .text(recovery.name), .text(recovery.at.description), .text(phase.name),
                        .number(phase.seconds), .text(recovery.share(of: phase).description),
                    ]
                }
            })
    }

    /// The newest of each scenario that brought something back.
    private func drills(_ place: BackupPlace) async throws -> [Recovery] {
        var seen: Set<DrillScenario> = []
        return try await place.drills().filter { !$0.parts.isEmpty && seen.insert($0.scenario).inserted }
            .map(Recovery.init).filter { $0.seconds > 0 }
    }

    private func proof(_ place: BackupPlace, _ look: Look) async throws -> Recovery? {
        let backups = try await ListedBackup.own(place, now: look.clock.now())
        guard let certificate = backups.lazy.compactMap(\.certificate).first(where: { $0.recoveryTime != nil }) else {
            return nil
        }
        let times = certificate.times
        let phases: [(String, Double?)] = [
            ("checksums", times.checksums), ("server", times.cluster), ("restore", times.restore),
        ]
        return Recovery(
            name: "proof of a backup", at: times.ended,
            phases: phases.compactMap { name, seconds in seconds.map { Phase(name: name, seconds: $0) } })
    }

    private func physical(_ look: Look) async throws -> Recovery? {
        guard let physical = try await PhysicalPlace(look) else { return nil }
        for backup in try await physical.info().backups.reversed() {
            guard let proof = try await physical.certificate(of: backup.label), let restore = proof.restoreSeconds
            else { continue }
            return Recovery(
                name: "proof of a physical backup", at: proof.ended,
                phases: [Phase(name: "files", seconds: restore)]
                    + (proof.recoverySeconds.map { [Phase(name: "replay", seconds: $0)] } ?? []))
        }
        return nil
    }
}

private struct Phase: Sendable, Hashable {
    var name: String
    var seconds: Double
}

/// One that was measured.
private struct Recovery: Sendable {
    var name: String
    var at: Timestamp
    /// Those a service waits for, in their order.
    var phases: [Phase]

    /// Of several databases and file sets each phase is one.
    init(_ drill: DrillCertificate) {
        name = "drill '\(drill.scenario.rawValue)'"
        at = drill.ended
        phases = []
        for phase in drill.parts.flatMap(\.phases) where phase.isRecovery {
            if let index = phases.firstIndex(where: { $0.name == phase.name }) {
                phases[index].seconds += phase.seconds
            } else {
                phases.append(Phase(name: phase.name, seconds: phase.seconds))
            }
        }
    }

    init(name: String, at: Timestamp, phases: [Phase]) {
        self.name = name
        self.at = at
        self.phases = phases
    }

    var seconds: Double { phases.reduce(0) { $0 + $1.seconds } }

    func share(of phase: Phase) -> Percentage { Percentage(seconds > 0 ? 100 * phase.seconds / seconds : 0) }

    /// - Parameter limit: how long it may take; nil where nobody said.
    func finding(_ look: Look, _ limit: Duration?) -> Finding? {
        guard let longest = phases.max(by: { $0.seconds < $1.seconds }), seconds > 0 else { return nil }
        let isLate = limit.map { seconds > $0.inSeconds } ?? false
        let time = Duration.seconds(seconds).short
        let bound = limit.map { ", and may take \($0.short)" } ?? ""
        return Finding(
            code: "DR030", severity: isLate ? .warning : .info, target: look.target, object: name,
            summary: "the \(name) took \(time)\(bound); \(share(of: longest)) of it was '\(longest.name)'",
            evidence: ["phase": .text(longest.name), "seconds": .number(longest.seconds)],
            mend: advice(longest.name, look))
    }

    /// What usually shortens a phase here.
    private func advice(_ phase: String, _ look: Look) -> String {
        let settings = look.inventory.backups
        let processors = ProcessInfo.processInfo.activeProcessorCount
        switch phase {
        case "fetching": return "Keep a copy nearer, in a 'secondary' storage, or over a faster way."
        case "checksums":
            return settings.jobs < processors
                ? "Read more files at once: 'backups.jobs' is \(settings.jobs), and there are \(processors) processors."
                : "A faster disk under 'backups.directory': every file is read before it is trusted."
        case "restore", "files":
            if settings.jobs < processors {
                return
                    "Restore with more jobs: 'backups.jobs' is \(settings.jobs), and there are \(processors) processors."
            }
            return look.inventory.backupPolicy(of: look.target).physical == nil
                ? "Take physical backups too ('backups.physical'): their files come back without building indexes anew."
                : "A faster disk, or a smaller database: archive or partition away what is not needed at once."
        case "replay": return "Take physical backups more often, so that less log has to be replayed."
        default: return "Look into what '\(phase)' waits for."
        }
    }
}
