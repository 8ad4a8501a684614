import Maintenance
import Settings

/// What is protected stays so under every name: a database that is a protected one is not changed as if it were another,
/// and what reaches a whole server is judged by everything that lives in it.
struct ProtectionJudgement: Judgement {
    let look: Look
    let databases: ProtectedDatabases

    /// Names can lead elsewhere by then.
    var isAskedAgain: Bool { true }

    func judge(_ judged: Judged) async throws -> Verdict {
        let changing = judged.plan.changes.filter { $0.effect > .observes && !$0.action.isOfFiles }
        // What is about a whole environment may have to start the very database that would be asked.
        guard look.environment?.isProtected == false, !changing.isEmpty, !look.target.resource.isEmpty,
            look.resource.kind == .postgresql
        else { return .allowed }
        switch try await databases.relation(of: look.target, look.database()) {
        case .none: return .allowed
        case .forbidden(let error): return .refusedAll(judged.plan, error)
        case .neighbour(let names):
            guard let name = names.first else { return .allowed }
            let error = ErrorReport(ProtectionError.sharesServer(look.target, protected: name))
            let reaching = changing.filter { $0.scope == .cluster }
            return .refused(Dictionary(reaching.map { ($0.id, error) }) { first, _ in first })
        }
    }
}

extension Change.Action {
    /// What is done to files alone needs no database, and does nothing to one.
    var isOfFiles: Bool {
        if case .files = self { true } else { false }
    }
}

/// Why nothing is changed under this name.
enum ProtectionError: MaintenanceError, Hashable {
    case isProtected(Target, protected: Target)
    case isStandby(Target, protected: Target)
    case isUpstream(Target, protected: Target)
    case sharesServer(Target, protected: Target)
    case cannotAsk(Target, protected: Target, reason: String)
    /// The connection that would make the change leads to another server than the one that was looked at.
    case otherServer(Target)

    var code: String {
        switch self {
        case .isProtected, .isStandby, .isUpstream: "policy.protected-elsewhere"
        case .sharesServer: "policy.shares-server"
        case .cannotAsk: "policy.identity-unknown"
        case .otherServer: "change.other-server"
        }
    }

    var problem: String {
        switch self {
        case .isProtected(let target, let protected):
            "\(target) is the very database \(protected), and \(protected.environment) is protected"
        case .isStandby(let target, let protected):
            "\(target) is a standby of \(protected), or of a copy of it, and \(protected.environment) is protected"
        case .isUpstream(let target, let protected):
            "\(protected) follows the server of \(target), as far as can be told, and \(protected.environment) is protected"
        case .sharesServer(let target, let protected):
            "the change reaches the whole server of \(target), in which \(protected) lives too, and "
                + "\(protected.environment) is protected"
        case .cannotAsk(let target, let protected, let reason):
            "nobody can tell whether \(target) is \(protected), which is protected: \(reason)"
        case .otherServer(let target):
            "two connections to \(target) lead to two servers, so that what was looked at is not what would be changed"
        }
    }

    var hint: String? {
        switch self {
        case .isProtected(let target, let protected), .isStandby(let target, let protected),
            .isUpstream(let target, let protected):
            "Work on it as \(protected), where its protection counts, and take it out of '\(target.environment)'."
        case .sharesServer(_, let protected): "Do it as \(protected), where its protection counts."
        case .cannotAsk(_, let protected, _):
            "Let Mainstay reach \(protected) from here; what it saw of it counts for \(ProtectedDatabases.memory.short)."
        case .otherServer: "Name one server in its connection, not a pooler or a list that leads to several."
        }
    }

    var exitStatus: ExitStatus { .failure }
}
