/// All that one survey of one target yields.
package struct Observation: Codable, Hashable, Sendable {
    package var measurements: [Measurement] = []
    package var findings: [Finding] = []
    /// The finding codes this survey could have reported: an open finding with one of them that is not reported again
    /// is over.
    package var examined: Set<String> = []
    /// How far the survey could see for single ones of these codes; nil, and for the others, it is the step's target with
    /// all of its objects.
    package var reach: [String: Reach]?
    /// Proposed changes, most useful first.
    package var changes: [Change] = []
    /// Numbers and digests that prove what was looked at.
    package var evidence: Facts = [:]
    /// What somebody has to do before the step can come to its end; nil where nothing is in the way.
    package var waiting: ErrorReport?
    /// What could not be looked at, and why. One is enough to make the step `unproven`.
    package var gaps: [Gap] = []
    /// What people came to see, as a table.
    package var listings: [Listing] = []
    /// Outcomes of single checks, where the task runs checks.
    package var checks: [CheckOutcome] = []
    /// What the target really is; part of every plan's digest.
    package var identity: Facts = [:]

    package init() {}

    /// Takes in what another survey of the same step yielded.
    package mutating func merge(_ other: Observation) {
        measurements += other.measurements
        findings += other.findings
        examined.formUnion(other.examined)
        if let reach = other.reach { self.reach = (self.reach ?? [:]).merging(reach) { _, new in new } }
        changes += other.changes
        evidence.merge(other.evidence) { _, new in new }
        gaps += other.gaps
        waiting = waiting ?? other.waiting
        listings += other.listings
        checks += other.checks
        identity.merge(other.identity) { _, new in new }
    }

    /// Whether this survey of a target would have reported such a finding, if what it tells of were still so.
    package func couldReport(_ finding: Finding, at target: Target) -> Bool {
        guard examined.contains(finding.code), target.contains(finding.target) else { return false }
        return reach?[finding.code].map { $0.contains(finding) } ?? true
    }

    /// A part of what findings of one code may be about.
    package struct Reach: Codable, Hashable, Sendable {
        package var target: Target
        /// Findings about it, or about something of it (`failover, disk`); nil for all objects.
        package var object: String?

        package init(_ target: Target, object: String? = nil) {
            self.target = target
            self.object = object
        }

        func contains(_ finding: Finding) -> Bool {
            guard target.contains(finding.target) else { return false }
            guard let object else { return true }
            return finding.object == object || finding.object?.hasPrefix("\(object), ") ?? false
        }
    }

    package struct Gap: Codable, Hashable, Sendable {
        /// What it was: a check, a table. Hostile text.
        package var subject: String
        package var reason: ErrorReport

        package init(_ subject: String, _ reason: some Error) {
            self.subject = subject
            self.reason = ErrorReport(reason)
        }
    }
}

/// A table for people, the same rows for JSON and CSV.
package struct Listing: Codable, Hashable, Sendable {
    package var title: String
    package var columns: [Column]
    package var rows: [[Scalar]]

    package init(_ title: String, _ columns: [Column], _ rows: [[Scalar]] = []) {
        self.title = title
        self.columns = columns
        self.rows = rows
    }

    package struct Column: Codable, Hashable, Sendable, ExpressibleByStringLiteral {
        package var name: String
        /// How a number in this column reads; nil for text.
        package var unit: Measurement.Unit?

        package init(_ name: String, _ unit: Measurement.Unit? = nil) {
            self.name = name
            self.unit = unit
        }

        package init(stringLiteral value: String) { self.init(value) }
    }
}

/// What one check found at one target.
package struct CheckOutcome: Codable, Hashable, Sendable {
    package var check: String
    package var code: String
    package var title: String
    package var target: Target
    package var state: State
    /// One line: the value against its limits, or why there is none.
    package var summary: String
    package var value: Double?
    package var unit: Measurement.Unit?
    package var seconds: Double
    /// What the value was judged against; nil where there is none.
    package var limits: Limits?

    package init(
        check: String, code: String, title: String, target: Target, state: State, summary: String, value: Double? = nil,
        unit: Measurement.Unit? = nil, seconds: Double, limits: Limits? = nil
    ) {
        self.check = check
        self.code = code
        self.title = title
        self.target = target
        self.state = state
        self.summary = summary
        self.value = value
        self.unit = unit
        self.seconds = seconds
        self.limits = limits
    }

    /// In the unit of the value; nil for a limit that is none.
    package struct Limits: Codable, Hashable, Sendable {
        package var warning: Double?
        package var critical: Double?
        /// Whether what lies below a limit is bad, and not what lies above it.
        package var isLower: Bool

        package init(warning: Double?, critical: Double?, isLower: Bool) {
            self.warning = warning
            self.critical = critical
            self.isLower = isLower
        }
    }

    package enum State: String, Codable, CaseIterable, Sendable {
        case passed, warning, critical
        /// It could not look, or has nothing to compare with: not green.
        case unknown

        /// Its share in the health percentage: what is not known to be well does not count as well.
        package var score: Double {
            switch self {
            case .passed: 1
            case .warning: 0.5
            case .critical, .unknown: 0
            }
        }
    }
}

/// The overall health percentage with its arithmetic.
package struct HealthScore: Codable, Hashable, Sendable {
    package var passed = 0
    package var warning = 0
    package var critical = 0
    package var unknown = 0

    package init(_ states: some Sequence<CheckOutcome.State>) {
        for state in states {
            switch state {
            case .passed: passed += 1
            case .warning: warning += 1
            case .critical: critical += 1
            case .unknown: unknown += 1
            }
        }
    }

    package var count: Int { passed + warning + critical + unknown }

    /// Nil where nothing was checked: no evidence is no health.
    package var percentage: Percentage? {
        count == 0 ? nil : Percentage((Double(passed) + 0.5 * Double(warning)) / Double(count) * 100)
    }

    /// `(17 passed + ½ × 2 warning) / 20 checks = 90 %`.
    package var arithmetic: String {
        guard let percentage else { return "nothing was checked" }
        var parts = ["\(passed) passed"]
        if warning > 0 { parts.append("½ × \(warning) warning") }
        var missing: [String] = []
        if critical > 0 { missing.append("\(critical) critical") }
        if unknown > 0 { missing.append("\(unknown) unknown") }
        let zero = missing.isEmpty ? "" : " (\(missing.joined(separator: ", ")) count 0)"
        return "(\(parts.joined(separator: " + "))) / \(count) checks = \(percentage)\(zero)"
    }
}
