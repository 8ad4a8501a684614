import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Settings

/// Rehearses a failover between two private servers, and looks what would hinder a real one.
package struct RehearseFailover: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "Whose primary: an environment, or 'environment/resource' where it has several databases.",
                valueName: "target"))
        package var primary: String?

        @Option(help: ArgumentHelp("Where its standby is, in the same way.", valueName: "target"))
        package var secondary: String?

        @Flag(
            help: "Let each commit wait for the standby; so without it where the live primary does.")
        package var synchronous = false

        @Option(
            help: ArgumentHelp("How long commits are made before the primary ends.", valueName: "span"))
        package var `for`: Duration = .seconds(3)

        package init() {}

        package func validate() throws {
            guard self.for >= .milliseconds(100), self.for <= .seconds(3_600) else {
                throw ValidationError("'--for' is from 100ms to 1h")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "dr.test-failover",
        summary: "rehearse a failover, and name what would hinder a real one",
        explanation: """
            Fills a private primary from the newest proved backup of the database, makes a standby of it with \
            pg_basebackup, and lets numbered commits run. Then the primary is ended as a crash would end it, the standby is \
            promoted, and the first commit on it is waited for: that is the time without a database, without what people \
            need to notice and decide. Acknowledged commits that the new primary does not have are counted; with \
            asynchronous replication there may be some. The old primary is rewound with pg_rewind, follows the new one, and \
            is compared with it row by row when it has caught up. The live servers are never promoted or ended. Where \
            they answer they are looked at: whether the secondary streams from the primary, how far it is behind, slots, \
            synchronous standbys, and the settings that a rewind and a promotion need; what would hinder a failover \
            is a finding. The outcome is a signed certificate beside those of the primary's backups.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [.init("dr:test-failover")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private static let kind = "rehearse failover"
    /// Of what would hinder a failover of the live pair.
    private static let hindrance = "DR020"

    /// The database that a name means.
    ///
    /// - Throws: `FailoverTarget`.
    private func target(_ name: String, _ option: String, _ look: Look) throws -> (Target, Resource) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let environments = look.inventory.environments.map(\.name)
        guard parts.count <= 2, let environment = look.inventory[environment: parts[0]] else {
            throw FailoverTarget(option: option, name: name, allowed: environments)
        }
        let databases = environment.resources.filter { $0.kind == .postgresql }
        let wanted = parts.count == 2 ? databases.filter { $0.name == parts[1] } : databases
        guard let only = wanted.first, wanted.count == 1 else {
            throw FailoverTarget(
                option: option, name: name, allowed: databases.map { "\(environment.name)/\($0.name)" })
        }
        return (Target(environment: environment.name, resource: only.name), only)
    }

    private struct Pair {
        var primary: Target
        var secondary: Target
        var first: Resource
        var second: Resource
    }

    /// - Throws: `FailoverTarget`.
    private func pair(_ look: Look) throws -> Pair {
        guard let primaryName = options.primary, let secondaryName = options.secondary else {
            let allowed = look.inventory.targets(of: [.postgresql]).map(\.target.description)
            throw FailoverTarget(
                option: options.primary == nil ? "--primary" : "--secondary", name: nil, allowed: allowed)
        }
        let (primary, first) = try target(primaryName, "--primary", look)
        let (secondary, second) = try target(secondaryName, "--secondary", look)
        guard primary != secondary else {
            throw FailoverTarget(option: "--secondary", name: secondaryName, allowed: [])
        }
        return Pair(primary: primary, secondary: secondary, first: first, second: second)
    }

    private func place(_ target: Target, _ look: Look) -> BackupPlace {
        BackupPlace(look.inventory, state: look.log.directory, target)
    }

    private func newestProved(_ target: Target, _ look: Look) async throws -> ListedBackup? {
        try await ListedBackup.own(place(target, look), now: look.clock.now()).first { $0.proof == .proved }
    }

    private func live(_ pair: Pair, _ look: Look) async throws -> Result<PairSurvey.Found, ErrorReport> {
        look.tell("looking at '\(pair.primary)' and '\(pair.secondary)'")
        let survey = PairSurvey(
            primary: pair.first, secondary: pair.second,
            names: (pair.primary.description, pair.secondary.description), programs: look.programs,
            applicationName: "mainstay \(look.runID)/\(look.step)")
        do {
            return .success(try await survey.run())
        } catch let error as any MaintenanceError {
            try Task.checkCancellation()
            return .failure(ErrorReport(error))
        }
    }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        guard options.primary != nil, options.secondary != nil else {
            do { _ = try pair(look) } catch { observation.gaps = [.init("failover", error)] }
            return observation
        }
        let pair = try pair(look)
        observation.examined = [Self.hindrance, DrillPlan.lacking]
        observation.reach = [
            Self.hindrance: .init(pair.secondary),
            DrillPlan.lacking: .init(pair.primary, object: DrillScenario.failover.rawValue),
        ]
        var isSynchronous = options.synchronous
        var rows = [("primary", pair.primary.description), ("secondary", pair.secondary.description)]
        switch try await live(pair, look) {
        case .success(let found):
            isSynchronous = isSynchronous || found.isSynchronous
            rows += found.facts.map { ($0.what, $0.value) }
            observation.findings = found.hindrances.map { finding($0, pair) }
        case .failure(let error):
            observation.findings = [
                finding(.init("the live pair", "the live pair cannot be looked at: \(error.problem)"), pair)
            ]
        }
        observation.examined.insert("BK020")
        observation.findings += look.missingPrinter
        rows.append(("rehearsed", isSynchronous ? "synchronous: a commit waits for the standby" : "asynchronous"))
        guard let backup = try await newestProved(pair.primary, look), let manifest = backup.manifest else {
            var plan = DrillPlan(scenario: .failover)
            plan.lacks(
                "no backup of '\(pair.primary)' is proved, to fill the servers of a rehearsal from",
                mend: "mainstay backup run --prove --environment \(pair.primary.environment.shellQuoted)")
            observation.findings += plan.findings(pair.primary)
            observation.gaps = plan.gaps
            return observation
        }
        let need = try await ProofFeasibility.look(manifest, workDirectory: look.workDirectory, with: look.programs)
        observation.gaps += need.gaps.map { gap in
            .init("rehearsal", ErrorReport(code: "dr.lacking", problem: gap.problem, hint: gap.hint))
        }
        rows.append(("space", "\(need.space + need.space) needed in \(look.workDirectory), \(need.free) free"))
        observation.listings = [
            Listing("Failover", ["what", "found"], rows.map { [.text($0.0), .text($0.1.printable)] })
        ]
        let last = try await place(pair.primary, look).drills().first { $0.scenario == .failover }
        observation.changes = [
            Change(
                kind: Self.kind, object: "\(pair.primary) to \(pair.secondary)",
                action: .files(
                    "restore \(backup.id) into a private primary in \(look.workDirectory), make a standby with "
                        + "pg_basebackup, end the primary, promote the standby, rewind the old primary, compare, and write "
                        + "the certificate into \(place(pair.primary, look).folder.path)/drills"),
                effect: .maintains, reversal: "remove the certificate",
                identity: [
                    "backup": .text(backup.id.description), "synchronous": .boolean(isSynchronous),
                    "primary": .text(pair.primary.description), "secondary": .text(pair.secondary.description),
                ],
                reason: last.map { "the last one is of \($0.ended) (\($0.verdict.rawValue))" }
                    ?? "it was never rehearsed",
                estimate: last.map {
                    .init(seconds: $0.measured.provedSeconds, source: "the rehearsal of \($0.ended)")
                })
        ]
        return observation
    }

    private func finding(_ hindrance: PairSurvey.Hindrance, _ pair: Pair) -> Finding {
        Finding(
            code: Self.hindrance, severity: .warning, target: pair.secondary, object: hindrance.subject,
            summary: "this would hinder a failover: \(hindrance.text)")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let pair = try pair(look)
        var identity = change.identity
        identity["backup"] = try await newestProved(pair.primary, look).map { .text($0.id.description) } ?? "none"
        return Inspection(identity: identity, witness: ["run": .text(look.runID)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let pair = try pair(look)
        let place = place(pair.primary, look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text) else {
            preconditionFailure("a change of a rehearsal names its backup")
        }
        var rehearsal = FailoverRehearsal(
            place.folder, key: key, workDirectory: look.workDirectory, programs: look.programs)
        rehearsal.isSynchronous = change.identity["synchronous"] == true
        rehearsal.span = options.for
        rehearsal.jobs = look.inventory.backups.jobs
        rehearsal.tell = look.tell
        let (began, start) = (look.clock.now(), look.clock.monotonic())
        var result = try await rehearsal.run(id)
        let targets = look.inventory.backupPolicy(of: pair.primary).recovery
        var measured = DrillCertificate.Measured(provedSeconds: (look.clock.monotonic() - start).inSeconds)
        measured.rtoSeconds = targets?.rto?.inSeconds
        measured.rpoSeconds = targets?.rpo?.inSeconds
        if let outcome = result.outcome {
            // The service is back when it takes a commit; that the servers had to be made first is the rehearsal's own.
            measured.backSeconds = outcome.downtimeSeconds
            measured.provedSeconds = outcome.downtimeSeconds
            measured.lossSeconds = outcome.lostSeconds
            measured.lossNote = "\(outcome.lost) of \(outcome.acknowledged.grouped) acknowledged commits were lost"
            if case .success(let found) = try await live(pair, look) {
                result.outcome?.hindrances = found.hindrances.map(\.text)
            }
        }
        result.outcome?.primary = pair.primary.description
        result.outcome?.secondary = pair.secondary.description
        var certificate = DrillCertificate(
            .failover, target: pair.primary, runID: look.runID, parts: [result.part], obstacles: [],
            measured: measured, began: began, ended: look.clock.now(),
            countsFor: targets?.drillWithin ?? RecoveryTargets.usualDrillWithin)
        certificate.failover = result.outcome
        let kept = try await act.keep(certificate, in: place)
        try await act.report(kept.found)
        if kept.verdict == .refuted { throw DrillError.refuted(.failover, summary: kept.summary) }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let place = place(try pair(look).primary, look)
        guard let certificate = try await place.drill(ofRun: look.runID, .failover) else {
            return .notDone("this run wrote no certificate")
        }
        guard certificate.verdict == .proved, let outcome = certificate.failover else {
            return .notDone(certificate.summary)
        }
        return .done(
            certificate.facts.merging([
                "without a database seconds": .number(outcome.downtimeSeconds),
                "commits acknowledged": Scalar(outcome.acknowledged), "commits lost": Scalar(outcome.lost),
                "synchronous": .boolean(outcome.isSynchronous),
            ]) { $1 })
    }
}

/// A name that is no database, or not one alone.
struct FailoverTarget: MaintenanceError, Hashable {
    var option: String
    /// Nil where none was given.
    var name: String?
    var allowed: [String]

    var code: String { "dr.failover-target" }
    var problem: String {
        let known = allowed.isEmpty ? "" : " (there is \(allowed.joined(separator: ", ")))"
        guard let name else { return "nobody says which database is meant by '\(option)'\(known)" }
        return allowed.isEmpty
            ? "'\(option)' is '\(name.printable)', which is the primary itself"
            : "'\(option)' is '\(name.printable)', which is no single database\(known)"
    }
    var hint: String? { "Name an environment with one database, or 'environment/resource'." }
    var exitStatus: ExitStatus { .usage }
}
