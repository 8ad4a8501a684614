import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Settings

extension DrillScenario: ExpressibleByArgument {
    /// Those that are brought back from; a failover is rehearsed by a command of its own.
    static let restored: [DrillScenario] = allCases.filter { $0 != .failover }

    package init?(argument: String) {
        guard let scenario = DrillScenario(rawValue: argument), scenario != .failover else { return nil }
        self = scenario
    }

    package static var allValueStrings: [String] { restored.map(\.rawValue) }
}

/// Rehearses a disaster: brings everything back from what would be left, and measures it.
package struct RunDrill: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("What is supposed to have happened.", valueName: "disaster"))
        package var scenario: DrillScenario = .completeFailure

        @Option(
            help: ArgumentHelp("Only this database of the environment; without it all of them.", valueName: "name"))
        package var resource: String?

        @Option(
            help: ArgumentHelp(
                "For 'ransomware': when the break-in was, in UTC, as 2026-11-21T14:03:00Z. Only what is older counts.",
                valueName: "moment"))
        package var before: Moment?

        @Option(
            help: ArgumentHelp(
                "For 'operator-error': when the mistake was made, in UTC. What was committed before it is wanted back.",
                valueName: "moment"))
        package var at: Moment?

        package init() {}

        package func validate() throws {
            if scenario == .ransomware, before == nil {
                throw ValidationError("'--scenario=ransomware' needs '--before', the moment of the break-in")
            }
            if scenario == .operatorError, at == nil {
                throw ValidationError("'--scenario=operator-error' needs '--at', the moment of the mistake")
            }
            if scenario != .ransomware, before != nil {
                throw ValidationError("'--before' is for '--scenario=ransomware'")
            }
            if scenario != .operatorError, at != nil {
                throw ValidationError("'--at' is for '--scenario=operator-error'")
            }
        }

        fileprivate var moment: Timestamp? { (before ?? at)?.time }
    }

    package static let declaration = TaskDeclaration(
        name: "dr.test",
        summary: "rehearse a disaster: bring everything back from what would be left",
        explanation: """
            Supposes a disaster, finds out what would be left, and brings that back into private servers and directories of \
            its own, which are gone afterwards; the live system is never touched. 'complete-failure' has lost this host \
            with its disks: the newest copy out of a storage on another machine, the physical backups where their \
            repository is elsewhere, and the file sets of the environment; a repository on a disk of this host does not \
            count. 'region-loss' has lost the site: only storages that are declared to be elsewhere, 'offsite' or one with \
            a 'region'. 'ransomware' counts only copies that are older than '--before', prefers a storage that is declared \
            'append-only', and looks whether backups on this host have lost their signatures. 'database-failure' has this \
            host: the newest physical backup with the archived log, else the newest logical one. 'operator-error' goes \
            back to just before '--at', to the commit with physical backups, else to the backup before it. Everything that \
            comes back is compared: rows, schema and files by digest, a cluster page by page, the team's assertions and \
            the application's own test too. What it took and what would be lost are held against \
            'backups.recovery', and a missed target is a finding. The outcome is a signed certificate, as JSON, as a page and \
            where wanted as PDF, with what was not covered. What a scenario needs and this configuration does not have is a \
            finding with the line to write, and the drill is then never a pass.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("dr:test"), .init("backup:test-recovery", arguments: ["--scenario=database-failure"]),
            .init("maintenance:quarterly:dr-test", arguments: ["--scenario=complete-failure", "--all-environments"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private static let kind = "drill"

    private func plan(_ look: Look) async throws -> DrillPlan {
        try await DrillPlanning(look, options.scenario, moment: options.moment).plan()
    }

    /// - Throws: `RestoreRefusal.unknownDatabase`.
    private func isMeant(_ look: Look) throws -> Bool {
        guard let name = options.resource else { return true }
        let names = (look.environment?.resources ?? []).filter { $0.kind == .postgresql }.map(\.name)
        guard names.contains(name) else {
            throw RestoreRefusal.unknownDatabase(name, environment: look.target.environment, names)
        }
        return name == look.target.resource
    }

    package func survey(_ look: Look) async throws -> Observation {
        guard try isMeant(look) else { return Observation() }
        if let moment = options.moment, moment > look.clock.now() { throw DrillError.notYet(moment) }
        let plan = try await plan(look)
        var observation = Observation()
        observation.examined = DrillPlan.surveyed
        observation.reach = DrillPlan.reach(DrillPlan.surveyed, plan.scenario, look.target)
        observation.findings = plan.findings(look.target)
        observation.examined.insert("BK020")
        observation.findings += look.missingPrinter
        observation.gaps = plan.gaps
        observation.listings = [try await listing(plan, look)]
        observation.evidence = ["scenario": .text(plan.scenario.rawValue), "to bring back": Scalar(plan.sources.count)]
        guard !plan.sources.isEmpty else { return observation }
        let place = BackupPlace(look)
        observation.changes = [
            Change(
                kind: Self.kind, object: plan.scenario.rawValue,
                action: .files(
                    "bring back \(plan.sources.map(\.text).joined(separator: "; ")) into private servers and directories in "
                        + "\(look.workDirectory), compare everything, and write the certificate into "
                        + "\(place.folder.path)/drills"),
                effect: .maintains, reversal: "remove the certificate", identity: plan.identity,
                reason: try await reason(plan.scenario, place), estimate: plan.expected)
        ]
        return observation
    }

    private func reason(_ scenario: DrillScenario, _ place: BackupPlace) async throws -> String {
        let last = try await place.drills().first { $0.scenario == scenario }
        return last.map { "the last one is of \($0.ended) (\($0.verdict.rawValue))" } ?? "it was never rehearsed"
    }

    private func listing(_ plan: DrillPlan, _ look: Look) async throws -> Listing {
        let targets = look.inventory.backupPolicy(of: look.target).recovery
        var rows = [("supposed", plan.scenario.loss)]
        rows += plan.sources.map { ("brought back", $0.text) }
        if plan.sources.isEmpty { rows.append(("brought back", "nothing: nothing would be left")) }
        rows += plan.notes.map { ("worth knowing", $0) }
        let free = try await ProofFeasibility.free(look.workDirectory)
        rows.append(("space", "\(plan.space) needed in \(look.workDirectory), \(free) free"))
        rows.append(
            (
                "expected time",
                plan.expected.map { "\(Duration.seconds($0.seconds).short), as \($0.source) took" }
                    ?? "not known: nothing like it was ever done"
            ))
        rows.append(("may take at most", targets?.rto?.short ?? "nobody says ('backups.recovery.rto')"))
        rows.append(("may lose at most", targets?.rpo?.short ?? "nobody says ('backups.recovery.rpo')"))
        return Listing(
            "Drill '\(plan.scenario.rawValue)' of \(look.target)", ["what", "found"],
            rows.map { [.text($0.0), .text($0.1.printable)] })
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        Inspection(identity: try await plan(look).identity, witness: ["run": .text(look.runID)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let plan = try await plan(act.look)
        let certificate = try await act.keep(try await DrillRun(act.look, plan).run())
        try await act.report(certificate.found)
        if certificate.verdict == .refuted {
            throw DrillError.refuted(certificate.scenario, summary: certificate.summary)
        }
    }

    /// Reads the signed certificate back: only what this run wrote counts.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let certificate = try await BackupPlace(look).drill(ofRun: look.runID, options.scenario) else {
            return .notDone("this run wrote no certificate")
        }
        return certificate.parts.allSatisfy { $0.standing == .proved }
            ? .done(certificate.facts) : .notDone(certificate.summary)
    }
}
