import Engine
import Maintenance
import Page

/// The report of the day as a value: made from the run log alone, the same for the same material, and rendered as HTML,
/// JSON and Markdown.
struct DailyReport: Codable, Hashable, Sendable {
    var madeAt: Timestamp
    /// What happened before is not told.
    var since: Timestamp
    var version: String
    var runID: String
    var runName: String
    var requester: Requester
    var verdict: Verdict
    var environments: [EnvironmentHealth]
    var backups: [BackupLine]
    /// Steps that did not succeed, those that nothing has mended since first.
    var troubles: [StepTrouble]
    /// Changes of the period; what is not proved first, then latest first.
    var changes: [ChangeLine]
    /// Open findings, worst first.
    var findings: [FindingGroup]
    var resolved: [FindingRecord]
    var trends: [Trend]
    var notCovered: [NotCovered]
    /// Latest first.
    var runs: [RunLine]
    /// The head of the audit trail when it was made (`audit:1234:…`): `mainstay audit verify --against` takes the file.
    var audit: String?

    /// A step that did not end well, the last time where it ended so several times.
    struct StepTrouble: Codable, Hashable, Sendable {
        var runID: String
        var step: Int
        var task: String
        var target: Target
        var state: StepState
        var at: Timestamp?
        var error: ErrorReport?
        /// The later run in which the same task succeeded on the same target.
        var mendedBy: String?
        /// How often the same task ended badly on the same target in the period.
        var times: Int
        var isDryRun: Bool
        /// Its run has no end, and no process carries it out any more.
        var isCutOff: Bool
        /// Whether the step ran checks: then the environment's health tells the same.
        var isCheck: Bool
    }

    /// One change with what shows that it was made.
    struct ChangeLine: Codable, Hashable, Sendable {
        var runID: String
        var step: Int
        var task: String
        var target: Target
        var object: String
        /// The very SQL, argv or file operation.
        var lines: [String]
        var effect: Effect
        var lock: LockMode?
        var reason: String
        var state: ChangeState
        var at: Timestamp?
        var seconds: Double?
        var proof: [Fact]
        var error: ErrorReport?
    }

    /// One number or text of a proof, before and after.
    struct Fact: Codable, Hashable, Sendable {
        var name: String
        var before: Scalar?
        var after: Scalar
    }

    /// Open findings of one code at one target with the same remedy.
    struct FindingGroup: Codable, Hashable, Sendable {
        var severity: Severity
        var code: String
        var target: Target
        var mend: String?
        var task: String
        /// Since when the oldest of them is open.
        var since: Timestamp
        /// When it was last seen; longer ago than a health check counts means that nobody has looked since.
        var lastSeen: Timestamp
        var isStale: Bool
        var entries: [Entry]

        struct Entry: Codable, Hashable, Sendable {
            var object: String?
            var summary: String
            var since: Timestamp
        }
    }

    /// What was measured under one name in one environment.
    struct Trend: Codable, Hashable, Sendable {
        var name: String
        var title: String
        var environment: String
        var unit: Measurement.Unit
        var lines: [Line]

        struct Line: Codable, Hashable, Sendable {
            /// Resource and object; empty where it is about the whole environment.
            var name: String
            var samples: [SampledSeries.Sample]
        }
    }

    /// Something nobody looked at, and why.
    struct NotCovered: Codable, Hashable, Sendable {
        var target: Target
        var subject: String
        var reason: String
        var hint: String?
    }

    struct RunLine: Codable, Hashable, Sendable {
        var id: String
        var name: String
        var isDryRun: Bool
        var state: RunState
        var requester: Requester
        var environments: [String]
        var startedAt: Timestamp
        var seconds: Double?
        var steps: Int
        var changesProved: Int
    }
}

extension DailyReport {
    /// Findings of one severity.
    func count(_ severity: Severity) -> Int {
        findings.filter { $0.severity == severity }.reduce(0) { $0 + $1.entries.count }
    }

    var changesProved: Int { changes.filter { $0.state == .proved }.count }
    var openTroubles: [StepTrouble] { troubles.filter { $0.mendedBy == nil && !$0.isDryRun } }
}

extension Requester {
    /// `ann (as root) on db1`.
    var text: String {
        let who = sudoUser.map { "\($0) (as \(user))" } ?? user
        return "\(who) on \(host)"
    }
}
