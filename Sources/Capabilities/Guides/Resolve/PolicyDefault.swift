import Engine
import Maintenance
import Settings

/// Who lets a command of a guide happen where nothing else is configured: nobody, somebody who says yes, or whoever
/// does it.
///
/// It is what 'guide compile' makes rules of approvals from. The effect alone does not say it: a backup and a rebuilt
/// index both maintain, and only one of them is noticed by the people who work there.
enum PolicyDefault: String, Sendable {
    case automatic
    case needsApproval = "needs-approval"
    case manual

    /// Nil for what is not built, or needs a decision: nobody knows what would be let happen.
    ///
    /// - Parameter routines: the shipped ones, whose mode counts.
    init?(_ resolution: Resolution, routines: [Routine]) {
        switch resolution.outcome {
        case .manual: self = .manual
        case .notBuilt, .undecided: return nil
        case .step(let effect): self = effect == .observes || resolution.onlyAdds ? .automatic : .needsApproval
        case .task(let arguments, let effect): self = Self.task(arguments, effect, routines)
        }
    }

    private static func task(_ arguments: [String], _ effect: Effect?, _ routines: [Routine]) -> PolicyDefault {
        if arguments.contains("--dry-run") { return .automatic }
        if arguments.first == "run", let name = arguments.dropFirst().first {
            guard let routine = routines.first(where: { $0.name == name }), routine.schedule != nil else {
                return .needsApproval
            }
            switch routine.mode {
            case .automatic: return .automatic
            case .semiAutomatic: return .needsApproval
            case .manual: return .manual
            }
        }
        let words = arguments.prefix { !$0.hasPrefix("-") }.joined(separator: " ")
        if people.contains(words) { return .manual }
        if words == "backup verify", arguments.contains("--auto-fix") { return .needsApproval }
        // These look, and change something only where they are told to.
        if asking.contains(words) {
            return arguments.contains { applying.contains($0) } ? .needsApproval : .automatic
        }
        // A rehearsal of one database's loss begins and ends in a server of our own.
        if words == "dr test" {
            return arguments.contains("--scenario=database-failure") ? .automatic : .needsApproval
        }
        if noticed.contains(words) { return .needsApproval }
        return effect == .destroys && !governed.contains(words) ? .needsApproval : .automatic
    }

    /// Somebody looks, practises or decides there and then.
    private static let people: Set = ["alerts review", "dr training", "dr update-plans"]
    private static let asking: Set = [
        "db connections", "db bottlenecks", "db vectors", "db advise-indexes", "data corruption-check",
        "data consistency-check",
    ]
    private static let applying: Set = ["--apply", "--auto-size", "--auto-fix", "--auto-repair", "--fix-issues"]
    /// Those who work in the database may notice it while it goes on, or may miss something afterwards.
    private static let noticed: Set = [
        "db optimize", "db reindex", "db vacuum", "db tune", "dr test-failover", "backup restore",
        "backup restore-files",
    ]
    /// What it removes stands in the configuration, file by file and age by age: that is the approval.
    private static let governed: Set = [
        "logs rotate", "backup prune", "backup prune-copies", "report prune", "history prune",
    ]
}
