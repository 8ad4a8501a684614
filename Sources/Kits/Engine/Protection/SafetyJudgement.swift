import Foundation
import Maintenance
import Outside
import Settings
import Store

/// What removes data in a protected environment starts only when what it replaces is safe.
///
/// What a written policy says may go goes, and some changes keep what they replace themselves (`Change.keeps`). Files that
/// neither is said of stay, since no backup of a database holds them. Everything else, a team's own program above all, has
/// to find every database it can reach in a backup that was proved as a whole, is there and is fresh.
struct SafetyJudgement: Judgement {
    let look: Look
    let log: RunLog
    /// A dry run of a routine, of which earlier steps have not taken the backup that they will have taken by then.
    let foretells: Bool

    /// How old what can be brought back may be.
    static let fresh: Duration = .seconds(86_400)

    /// It may have waited for people for days.
    var isAskedAgain: Bool { true }

    func judge(_ judged: Judged) async throws -> Verdict {
        guard look.environment?.isProtected == true else { return .allowed }
        let removing = judged.open.filter(\.needsBackup)
        guard !removing.isEmpty else { return .allowed }
        var reasons: [Change.ID: ErrorReport] = [:]
        for change in removing where change.action.isOfFiles {
            reasons[change.id] = ErrorReport(SafetyError.files(change.id, look.target))
        }
        let reaching = removing.filter { !$0.action.isOfFiles }
        if !reaching.isEmpty, let error = try await reasonAgainstReaching() {
            for change in reaching { reasons[change.id] = ErrorReport(error) }
        }
        return reasons.isEmpty ? .allowed : .refused(reasons)
    }

    /// Nil where every database it can reach is safe.
    private func reasonAgainstReaching() async throws -> SafetyError? {
        let since = log.clock.now() - Self.fresh
        let environment = look.target.environment
        var proved = try await log.provedBackups(in: environment, since: since).filter { $0.moment > since }
        if foretells { proved += try await foretold() }
        var bare: [Target] = []
        for database in databases where !proved.contains(where: { $0.resource == database.name }) {
            guard try await !isInCluster(of: proved, database) else { continue }
            bare.append(Target(environment: environment, resource: database.name))
        }
        guard !bare.isEmpty else { return nil }
        let isDivided = bare.contains { look.inventory.backupPolicy(of: $0).verification?.value.parts != nil }
        return .nothingProved(bare, isDivided: isDivided)
    }

    /// Those it can reach: its own, or all of an environment where it is about no single database. A standby holds what
    /// the database holds that it is named beside.
    private var databases: [Resource] {
        if !look.target.resource.isEmpty {
            let own = look.resources.filter { $0.kind == .postgresql }
            if !own.isEmpty { return own }
        }
        let all = (look.environment?.resources ?? []).filter { $0.kind == .postgresql }
        var standbys: Set<String> = []
        for database in all where !standbys.contains(database.name) {
            let target = Target(environment: look.target.environment, resource: database.name)
            guard let standby = look.inventory.backupPolicy(of: target).physical?.standby?.value else { continue }
            if standby != database.name { standbys.insert(standby) }
        }
        return all.filter { !standbys.contains($0.name) }
    }

    /// Whether a whole cluster was proved that the database lives in, or that it follows. Both are asked now: where one
    /// cannot be, nobody can tell.
    private func isInCluster(of proved: [ProvedBackup], _ database: Resource) async throws -> Bool {
        let names = Set(proved.lazy.filter(\.isOfCluster).map(\.resource))
        for other in look.environment?.resources ?? [] where names.contains(other.name) && other.kind == .postgresql {
            do {
                let own = try await InstanceFacts(look.database(database))
                let facts = try await InstanceFacts(look.database(other))
                guard let identifier = own.systemIdentifier, identifier == facts.systemIdentifier,
                    own.timeline == facts.timeline
                else { continue }
                // A copy of its files that was promoted has gone its own way, and is neither.
                if own.startedAt == facts.startedAt || own.isInRecovery { return true }
            } catch {
                if Task.isCancelled { throw CancellationError() }
            }
        }
        return false
    }

    /// What earlier steps of the routine will have proved by then.
    private func foretold() async throws -> [ProvedBackup] {
        let now = log.clock.now()
        return try await log.outlines(of: look.runID).compactMap { step in
            guard step.number < look.step, step.target.environment == look.target.environment,
                step.terms?.leftOut == nil, !step.state.isFailure, let isOfCluster = provesCluster(step)
            else { return nil }
            return ProvedBackup(resource: step.target.resource, moment: now, isOfCluster: isOfCluster)
        }
    }

    /// Whether a step proves a backup of the whole cluster, or of its database alone; nil where it proves none as a whole.
    private func provesCluster(_ step: StepRecord) -> Bool? {
        let policy = look.inventory.backupPolicy(of: step.target)
        let isDivided = policy.verification?.value.parts != nil
        func says(_ options: String...) -> Bool {
            options.contains { option in
                step.arguments.contains { $0 == "--\(option)" || $0.hasPrefix("--\(option)=") }
            }
        }
        switch step.task {
        case "backup.run":
            guard says("prove") || policy.verification?.value.provesAtOnce == true else { return nil }
            if says("type") { return true }
            return isDivided && !says("keep-for") ? nil : false
        case "backup.verify":
            guard !says("from") else { return nil }
            if policy.physical != nil { return true }
            return isDivided && !says("whole", "all", "backup") ? nil : false
        default: return nil
        }
    }
}

extension Change {
    /// Whether what it removes has to be somewhere else too: rows of a database also where a retention lets them go.
    fileprivate var needsBackup: Bool {
        guard effect == .destroys, keeps == nil else { return false }
        guard authority != nil else { return true }
        if case .sql = action { return true }
        return false
    }
}

/// A backup that was proved to bring back a moment, as a whole.
struct ProvedBackup: Sendable, Hashable {
    var resource: String
    var moment: Timestamp
    /// It brings back every database of the server.
    var isOfCluster: Bool
}

extension RunLog {
    /// The fact of a certificate's entry in the audit trail that says which moment can be brought back, as a whole.
    package static let bringsBack = "brings back"
    /// The fact that is true where that is so of every database of the server.
    package static let isOfCluster = "of the cluster"
    /// Facts that name what has to be there still: the certificate, and the backup itself where it lies on this machine.
    package static let (certificatePath, backupPath) = ("path", "backup")
    /// How the subjects of those entries begin; the rest is the backup.
    package static let certificateSubject = "certificate of "

    /// What was proved in an environment since then, as the audit trail says, and was not refuted later.
    ///
    /// Only the newest entry about a backup counts: one that was proved, and of which the next proof found less, is none.
    /// One of which the certificate or the files are gone brings nothing back either.
    func provedBackups(in environment: String, since: Timestamp) async throws -> [ProvedBackup] {
        let found = try await store.read { reader in
            var seen: Set<[String]> = []
            var found: [(backup: ProvedBackup, paths: [String])] = []
            for stored in try reader.rows(
                AuditStatement.signedSince, ["environment": environment, "since": since])
            {
                let row = try AuditRow(stored)
                guard row.subject.hasPrefix(Self.certificateSubject),
                    seen.insert([row.resource, row.subject]).inserted,
                    row.isGenuine
                else { continue }
                let detail = try row.entry().detail
                guard case .text(let text)? = detail[Self.bringsBack], let moment = Timestamp(iso8601: text) else {
                    continue
                }
                let backup = ProvedBackup(
                    resource: row.resource, moment: moment, isOfCluster: detail[Self.isOfCluster] == .boolean(true))
                let paths = [Self.certificatePath, Self.backupPath].compactMap { name -> String? in
                    if case .text(let path)? = detail[name] { path } else { nil }
                }
                found.append((backup, paths))
            }
            return found
        }
        return try await Blocking().run { _ in
            found.filter { $0.paths.allSatisfy { FileManager.default.fileExists(atPath: $0) } }.map(\.backup)
        }
    }
}

/// Why nothing is removed yet.
enum SafetyError: MaintenanceError, Hashable {
    /// - Parameter isDivided: a proof of one of them is of a part of its rows each time.
    case nothingProved([Target], isDivided: Bool)
    case files(Change.ID, Target)

    var code: String { "policy.not-safe" }

    var problem: String {
        switch self {
        case .nothingProved(let targets, _):
            "what it may remove could not be brought back: no backup of \(targets.map(\.description).joined(separator: ", ")) "
                + "of the last \(SafetyJudgement.fresh.short) was proved as a whole, and \(targets[0].environment) is protected"
        case .files(let change, let target):
            "'\(change.printable)' removes files that no written policy lets go and nothing keeps, and "
                + "\(target.environment) is protected"
        }
    }

    var hint: String? {
        switch self {
        case .nothingProved(let targets, let isDivided):
            "Run '\(Self.proof(targets[0].environment, isDivided))' first, or say what it may do with 'effect' where it "
                + "removes nothing."
        case .files: "Write into the configuration what may go."
        }
    }

    var exitStatus: ExitStatus { .failure }

    /// Where a part is proved each time, only whoever asks for all of it gets that.
    private static func proof(_ environment: String, _ isDivided: Bool) -> String {
        let words = isDivided ? "backup verify --whole" : "backup run --prove"
        return "mainstay \(words) --environment \(environment.shellQuoted)"
    }
}
