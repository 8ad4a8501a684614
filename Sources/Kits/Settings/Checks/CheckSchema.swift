import Calendar
import Maintenance

/// What a check lets people configure. Checks belong to capabilities, so the reader is told about them by its caller.
package struct CheckSchema: Sendable {
    package var name: String
    /// One clause, for the reference page and the editors' schema.
    package var summary: String
    /// Nil for a check without thresholds.
    package var thresholds: Thresholds?
    package var timeout: Duration
    package var retries: Int
    /// How long lies between two rounds while it is asked all the time; nil where nothing about it asks for its own pace.
    package var every: Duration?
    /// From how much of what it usually is, in percent, it is a finding where nothing else is said; nil for never.
    package var baseline: Double?
    package var options: [Option]
    /// What configures this check in the guides' `health-check-config.json`, under `checks`: `database_connectivity`,
    /// or `performance_metrics.cpu_usage` for one of `thresholds`.
    package var guideKeys: [String]
    /// False for what is worked out of other checks' answers: there is nobody to wait for, and nothing to ask again.
    package var isAsked: Bool

    package init(
        name: String, summary: String, thresholds: Thresholds? = nil, timeout: Duration = .seconds(30),
        retries: Int = 0, every: Duration? = nil, baseline: Double? = nil,
        options: [Option] = [], guideKeys: [String] = [], isAsked: Bool = true
    ) {
        self.name = name
        self.summary = summary
        self.thresholds = thresholds
        self.timeout = timeout
        self.retries = retries
        self.every = every
        self.baseline = baseline
        self.options = options
        self.guideKeys = guideKeys
        self.isAsked = isAsked
    }

    package struct Thresholds: Sendable {
        package var unit: Measurement.Unit
        package var worse: Direction
        /// In `unit`; nil where there is none by default.
        package var warning: Double?
        package var critical: Double?
        /// What a threshold may be, in `unit`.
        package var range: ClosedRange<Double>
        /// What guides say of it, and why it is this one; nil where nothing has to be settled.
        package var origin: ThresholdOrigin?

        package init(
            _ unit: Measurement.Unit, worse: Direction = .higher, warning: Double?, critical: Double?,
            range: ClosedRange<Double>? = nil, origin: ThresholdOrigin? = nil
        ) {
            self.origin = origin
            self.unit = unit
            self.worse = worse
            self.warning = warning
            self.critical = critical
            self.range = range ?? (unit == .percent ? 0...100 : 0...1e15)
        }
    }

    /// Which way a value gets worse.
    package enum Direction: Sendable { case higher, lower }

    /// A setting only this check has.
    package struct Option: Sendable {
        /// As written: `sample-size`.
        package var name: String
        package var summary: String
        package var kind: Kind
        /// In the units of `CheckSetting.options`; nil where there is none.
        package var standard: Scalar?

        package init(_ name: String, _ kind: Kind, standard: Scalar? = nil, summary: String) {
            self.name = name
            self.kind = kind
            self.standard = standard
            self.summary = summary
        }
    }

    package enum Kind: Sendable {
        case count(ClosedRange<Int>)
        case duration(ClosedRange<Duration>)
        case size(ClosedRange<ByteCount>)
        case percentage
        case boolean
        case text
        case choice([String])
    }
}

/// What the reader has to know from elsewhere to judge a file.
package struct SettingsVocabulary: Sendable {
    package var checks: [CheckSchema]
    /// Every task as typed (`db update-stats`), with what it may do.
    package var tasks: [String: Effect]
    /// The routines that are shipped, each with its steps as arguments.
    package var shippedRoutines: [String: [[String]]]
    /// The checklists that are shipped.
    package var checklists: [Checklist]
    /// What is wrong with a routine's step, given as arguments; nil where nothing is. It parses them as the command
    /// line does.
    package var judgeStep: @Sendable (_ arguments: [String]) -> StepProblem?
    /// What each task, as typed, works on.
    package var subjects: [String: TaskDeclaration.Subject]
    /// The time zones of this system.
    package var zones: ZoneDirectory

    package init(
        checks: [CheckSchema] = [], tasks: [String: Effect] = [:], subjects: [String: TaskDeclaration.Subject] = [:],
        shippedRoutines: [String: [[String]]] = [:], checklists: [Checklist] = [],
        zones: ZoneDirectory = ZoneDirectory(environment: [:]),
        judgeStep: @escaping @Sendable ([String]) -> StepProblem? = { _ in nil }
    ) {
        self.checks = checks
        self.zones = zones
        self.tasks = tasks
        self.subjects = subjects
        self.shippedRoutines = shippedRoutines
        self.checklists = checklists
        self.judgeStep = judgeStep
    }

    var routines: [String] { shippedRoutines.keys.sorted() }

    package struct StepProblem: Sendable {
        /// One clause: `there is no task 'helth check'`.
        package var text: String
        /// What is probably meant.
        package var nearest: String?

        package init(_ text: String, nearest: String? = nil) {
            self.text = text
            self.nearest = nearest
        }
    }
}
