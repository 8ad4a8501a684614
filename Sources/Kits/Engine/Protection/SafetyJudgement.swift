import Maintenance
import Outside
import Settings
import Store

/// What removes data in a protected environment starts only when what it replaces is safe.
///
/// Files that a written policy says to drop are listed and dropped, and some changes keep what they replace themselves
/// (`Change.keeps`). Everything else, a team's own program above all, has to find every database it can reach in a backup
/// that was proved as a whole and is fresh.
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
        guard look.environment?.isProtected == true, !foretells else { return .allowed }
        let removing = judged.open.filter(\.needsBackup)
        guard !removing.isEmpty else { return .allowed }
        let now = log.clock.now()
        let safe = try await log.provedBackups(in: look.target.environment, since: now - Self.fresh)
        let bare = databases.filter { (safe[$0.resource] ?? now - Self.fresh) <= now - Self.fresh }
        guard !bare.isEmpty else { return .allowed }
        let error = ErrorReport(SafetyError.nothingProved(bare))
        return .refused(Dictionary(removing.map { ($0.id, error) }) { first, _ in first })
    }

    /// Those it can reach: its own, or all of an environment.
    private var databases: [Target] {
        let reached = look.target.resource.isEmpty ? look.environment?.resources ?? [] : look.resources
        return reached.filter { $0.kind == .postgresql }.map {
            Target(environment: look.target.environment, resource: $0.name)
        }
    }
}

extension Change {
    /// Whether what it removes has to be in a backup.
    fileprivate var needsBackup: Bool {
        guard effect == .destroys, authority == nil, keeps == nil else { return false }
        if case .files = action { return false }
        return true
    }
}

extension RunLog {
    /// The fact of a certificate's entry in the audit trail that says which moment can be brought back, as a whole.
    package static let bringsBack = "brings back"

    /// For each resource of an environment the newest moment that a backup was proved to bring back, as the audit trail
    /// says, where it was proved since then.
    func provedBackups(in environment: String, since: Timestamp) async throws -> [String: Timestamp] {
        try await store.read { reader in
            var found: [String: Timestamp] = [:]
            for stored in try reader.rows(
                AuditStatement.signedSince, ["environment": environment, "since": since])
            {
                let row = try AuditRow(stored)
                guard row.isGenuine, case .text(let text)? = try row.entry().detail[Self.bringsBack],
                    let moment = Timestamp(iso8601: text)
                else { continue }
                found[row.resource] = max(found[row.resource] ?? moment, moment)
            }
            return found
        }
    }
}

/// Why nothing is removed yet.
enum SafetyError: MaintenanceError, Hashable {
    case nothingProved([Target])

    var code: String { "policy.not-safe" }

    var problem: String {
        switch self {
        case .nothingProved(let targets):
            "what it may remove could not be brought back: no backup of \(targets.map(\.description).joined(separator: ", ")) "
                + "of the last \(SafetyJudgement.fresh.short) was proved as a whole, and \(targets[0].environment) is protected"
        }
    }

    var hint: String? {
        switch self {
        case .nothingProved(let targets):
            "Run 'mainstay backup run --prove --environment \(targets[0].environment.shellQuoted)' first, or say what it may "
                + "do with 'effect' where it removes nothing."
        }
    }

    var exitStatus: ExitStatus { .failure }
}
