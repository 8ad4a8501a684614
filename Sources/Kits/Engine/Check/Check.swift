import Maintenance
import Settings

/// One question asked of a resource: a value, what it may be, why that matters and what mends it.
///
/// What a person may configure of it stands in `schema`, so that the configuration, the manual page and the check itself
/// cannot disagree.
package struct Check: Sendable {
    package var schema: CheckSchema
    /// The code of the finding it reports; stable.
    package var code: String
    package var title: String
    package var kind: ResourceKind
    /// The manual page: what it looks at, why it matters, what to do.
    package var explanation: String
    /// Where the knowledge comes from.
    package var source: String?
    /// The command that mends it, or says more.
    package var mend: String?
    /// What other keys of the configuration say about its thresholds at a target; `checks` wins over it.
    package var standard: (@Sendable (Inventory, Target) -> StandardThresholds?)?
    package var probe: @Sendable (CheckContext) async throws -> Reading

    package init(
        _ schema: CheckSchema, code: String, title: String, kind: ResourceKind, explanation: String,
        source: String? = nil, mend: String? = nil,
        standard: (@Sendable (Inventory, Target) -> StandardThresholds?)? = nil,
        probe: @escaping @Sendable (CheckContext) async throws -> Reading
    ) {
        self.schema = schema
        self.code = code
        self.title = title
        self.kind = kind
        self.explanation = explanation
        self.source = source
        self.mend = mend
        self.standard = standard
        self.probe = probe
    }

    package var name: String { schema.name }
}

/// Thresholds in the check's own unit, in the place of its schema's.
package struct StandardThresholds: Sendable {
    package var warning: Double?
    package var critical: Double?

    package init(warning: Double?, critical: Double?) {
        self.warning = warning
        self.critical = critical
    }
}

/// What a probe is given.
package struct CheckContext: Sendable {
    package let look: Look
    package let resource: Resource
    package let target: Target
    package let limits: CheckLimits
}

/// The check's settings in force at one target: its own defaults under what the configuration says.
package struct CheckLimits: Sendable {
    package var unit: Measurement.Unit?
    package var worse: CheckSchema.Direction
    package var warning: Double?
    package var critical: Double?
    package var timeout: Duration
    package var retries: Int
    package var options: [String: Scalar]
    /// What the check counts as where it is asked all the time; a value has to come back further than to the threshold
    /// before it counts as better than that.
    package var standing: CheckOutcome.State?
    package var hysteresis = Percentage(0)

    /// - Parameter standard: takes the place of the schema's thresholds where the setting names neither.
    package init(_ schema: CheckSchema, _ setting: CheckSetting, standard: StandardThresholds? = nil) {
        unit = schema.thresholds?.unit
        worse = schema.thresholds?.worse ?? .higher
        // One of each would be two opinions, which may come in the wrong order.
        let standard = setting.warning == nil && setting.critical == nil ? standard : nil
        warning = setting.warning.map(\.value.value) ?? standard.map(\.warning) ?? schema.thresholds?.warning
        critical = setting.critical.map(\.value.value) ?? standard.map(\.critical) ?? schema.thresholds?.critical
        timeout = setting.timeout?.value ?? schema.timeout
        retries = setting.retries?.value ?? schema.retries
        options = Dictionary(
            uniqueKeysWithValues: schema.options.compactMap { option in option.standard.map { (option.name, $0) } })
        options.merge(setting.options.mapValues(\.value)) { _, new in new }
    }

    /// How a value stands against the thresholds; at a threshold counts as over it.
    package func judge(_ value: Double) -> CheckOutcome.State {
        func isBeyond(_ limit: Double?, isHeld: Bool) -> Bool {
            guard let limit = isHeld ? limit.map(threshold(toLeave:)) : limit else { return false }
            return worse == .higher ? value >= limit : value <= limit
        }
        if isBeyond(critical, isHeld: standing == .critical) { return .critical }
        return isBeyond(warning, isHeld: standing == .critical || standing == .warning) ? .warning : .passed
    }

    /// Where a value that is beyond a threshold stops counting as beyond it. Of a share nothing above 100 % can be asked
    /// for, so it is at most half of the way there.
    private func threshold(toLeave limit: Double) -> Double {
        let margin = limit.magnitude * hysteresis.value / 100
        guard worse == .lower else { return limit - margin }
        return unit == .percent && limit < 100 ? limit + min(margin, (100 - limit) / 2) : limit + margin
    }

    /// `warning 80 %, critical 90 %`.
    package var text: String {
        let unit = unit ?? .count
        return [warning.map { "warning \(unit.text($0))" }, critical.map { "critical \(unit.text($0))" }]
            .compactMap { $0 }.joined(separator: ", ")
    }

    package func count(_ option: String) -> Int {
        guard case .integer(let value)? = options[option] else {
            preconditionFailure("the check has no count option '\(option)'")
        }
        return Int(value)
    }

    package func duration(_ option: String) -> Duration {
        switch options[option] {
        case .integer(let value)?: .seconds(value)
        case .number(let value)?: .seconds(value)
        default: preconditionFailure("the check has no duration option '\(option)'")
        }
    }
}

/// What a probe saw.
package struct Reading: Sendable {
    /// Judged against the thresholds where there are any.
    package var value: Double?
    /// One clause; made from value and thresholds where it is nil.
    package var summary: String?
    /// The probe's own verdict, where thresholds do not tell it; nil leaves it to the value.
    package var state: CheckOutcome.State?
    /// More exact findings than the one made from the state; where there are any, that one is not made.
    package var findings: [Finding] = []
    package var measurements: [Measurement] = []
    package var gaps: [Observation.Gap] = []
    package var evidence: Facts = [:]

    package init(value: Double? = nil, summary: String? = nil, state: CheckOutcome.State? = nil) {
        self.value = value
        self.summary = summary
        self.state = state
    }
}
