import Backup
import Engine
import Maintenance
import Settings

/// What a drill is going to bring back, from where, and what this scenario needs and does not have here.
struct DrillPlan: Sendable {
    var scenario: DrillScenario
    /// Of the break-in, or of the mistake.
    var moment: Timestamp?
    var sources: [Source] = []
    var obstacles: [Obstacle] = []
    /// Worth knowing; part of the certificate.
    var notes: [String] = []
    var uncovered: [String] = []
    /// Needed in the work directory at once.
    var space = ByteCount(0)
    /// Of the newest proof of what is restored, where there is one.
    var expected: Change.Estimate?

    enum Source: Sendable {
        /// Where it lies.
        case backup(BackupID, path: String, snapshot: Timestamp)
        case copy(BackupID, storage: String, snapshot: String, taken: Timestamp?)
        case cluster(PhysicalBackup, stanza: String)
        case files(FileListing, storage: String)

        /// One line.
        var text: String {
            switch self {
            case .backup(let id, let path, let snapshot): "backup \(id) of \(snapshot), from \(path)"
            case .copy(let id, let storage, _, let taken):
                "the copy of \(id)\(taken.map { " of \($0)" } ?? "") in the storage '\(storage)'"
            case .cluster(let backup, let stanza): "\(backup.label) of the stanza '\(stanza)' with its archived log"
            case .files(let listing, let storage):
                "the files '\(listing.name)' of \(listing.taken) in the storage '\(storage)'"
            }
        }

        fileprivate var identity: (key: String, value: String) {
            switch self {
            case .backup(let id, _, _): ("backup", id.description)
            case .copy(let id, let storage, let snapshot, _): ("copy", "\(id) in \(storage), snapshot \(snapshot)")
            case .cluster(let backup, let stanza): ("cluster", "\(backup.label) of \(stanza)")
            case .files(let listing, let storage):
                ("files \(listing.name)", "snapshot \(listing.snapshot) in \(storage)")
            }
        }
    }

    /// Something without which the scenario cannot be rehearsed, or not all of it.
    struct Obstacle: Sendable {
        var code: String
        var severity = Severity.critical
        var object: String?
        var problem: String
        /// The command, or the line to write.
        var mend: String?
        var exitStatus = ExitStatus.failure
    }

    mutating func lacks(_ problem: String, code: String = DrillPlan.lacking, object: String? = nil, mend: String?) {
        obstacles.append(Obstacle(code: code, object: object, problem: problem, mend: mend))
    }

    /// What a scenario needs is not here.
    static let lacking = "DR010"
    /// The recovery took longer than it may.
    static let late = "DR011"
    /// More work would be lost than may be.
    static let lossy = "DR012"
    /// Backups do not fit their signatures any more.
    static let tampered = "DR013"
    /// What came back is not what it should be.
    static let refuted = "DR014"
    /// Worth knowing about what a scenario relies on.
    static let reliance = "DR015"

    /// Found by looking, before anything is restored.
    static let surveyed: Set<String> = [lacking, tampered, reliance]
    /// Found by restoring.
    static let measured: Set<String> = [late, lossy, refuted]

    /// A drill says nothing about other scenarios than its own.
    static func reach(_ codes: Set<String>, _ scenario: DrillScenario, _ target: Target) -> [String: Observation.Reach]
    {
        Dictionary(uniqueKeysWithValues: codes.map { ($0, .init(target, object: scenario.rawValue)) })
    }

    /// What must still be so when it starts.
    var identity: Facts {
        var facts: Facts = ["scenario": .text(scenario.rawValue)]
        if let moment { facts["moment"] = .text(moment.iso8601) }
        for source in sources { facts[source.identity.key] = .text(source.identity.value) }
        return facts
    }

    func findings(_ target: Target) -> [Finding] {
        obstacles.map { obstacle in
            Finding(
                code: obstacle.code, severity: obstacle.severity, target: target,
                object: obstacle.object.map { "\(scenario.rawValue), \($0)" } ?? scenario.rawValue,
                summary: obstacle.problem, mend: obstacle.mend)
        }
    }

    /// Obstacles that keep the drill from being proved, as the step's gaps.
    var gaps: [Observation.Gap] {
        obstacles.filter { $0.severity == .critical }.map { obstacle in
            .init(
                scenario.rawValue,
                ErrorReport(
                    code: "dr.lacking", problem: obstacle.problem, hint: obstacle.mend, exitStatus: obstacle.exitStatus)
            )
        }
    }
}
