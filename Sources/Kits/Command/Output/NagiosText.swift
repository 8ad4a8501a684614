import Engine
import Maintenance

/// A run as a monitoring plugin prints it, and exits (Monitoring Plugins Development Guidelines): one line with the worst,
/// performance data behind `|`, then a line for each check that did not pass.
package struct NagiosText {
    private let summary: RunSummary
    private let checks: [CheckOutcome]

    package init(_ summary: RunSummary) {
        self.summary = summary
        checks = summary.steps.flatMap { $0.observation?.checks ?? [] }
    }

    /// Nagios's 3; the exit statuses of Mainstay's own mean other things.
    static let unknown: ExitStatus = .findings

    /// 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    package var status: ExitStatus {
        switch state {
        case .passed: .success
        case .warning: .failure
        case .critical: .usage
        case .unknown: Self.unknown
        }
    }

    package var lines: [String] {
        let score = HealthScore(checks.map(\.state))
        let bad = checks.filter { $0.state != .passed }.sorted { Self.rank($0.state) < Self.rank($1.state) }
        let others = summary.findings.filter { $0.severity > .info }
        var words = checks.isEmpty ? "\(others.count) findings" : "\(checks.count) checks, \(score.passed) passed"
        if let error = summary.steps.compactMap(\.error).first { words += ": \(error.problem)" }
        if let first = bad.first {
            words += ": \(Self.sentence(first))\(bad.count > 1 ? " (and \(bad.count - 1) more)" : "")"
        } else if let first = others.first {
            words += ": \(first.target): \(first.summary)"
        }
        var values = checks.compactMap { check in
            check.value.map { value in
                PerformanceValue(
                    "\(check.target) \(check.check)", value, check.unit ?? .count, warning: check.limits?.warning,
                    critical: check.limits?.critical, isLower: check.limits?.isLower ?? false)
            }
        }
        if let health = score.percentage { values.insert(PerformanceValue("health", health.value, .percent), at: 0) }
        let data = values.isEmpty ? "" : " | \(values.map(\.description).joined(separator: " "))"
        return ["MAINSTAY \(Self.word(state)) - \(Self.line(words))\(data)"]
            + bad.map { "\(Self.word($0.state)): \(Self.line(Self.sentence($0)))" }
    }

    /// What kept everything from being looked at.
    static func lines(_ error: ErrorReport) -> [String] {
        let hint = error.hint.map { [line("hint: \($0)")] } ?? []
        return ["MAINSTAY UNKNOWN - \(line(error.problem))"] + hint
    }

    /// The worst of all; where nothing was looked at, or not all could be, nothing is well.
    private var state: CheckOutcome.State {
        let states = checks.map(\.state)
        let severities = summary.findings.map(\.severity)
        if states.contains(.critical) || severities.contains(.critical) { return .critical }
        if states.contains(.warning) || severities.contains(.warning) { return .warning }
        let isProved = summary.steps.allSatisfy { $0.state == .succeeded } && !summary.steps.isEmpty
        return isProved && !states.contains(.unknown) ? .passed : .unknown
    }

    private static func sentence(_ check: CheckOutcome) -> String { "\(check.target) \(check.check): \(check.summary)" }

    private static func rank(_ state: CheckOutcome.State) -> Int {
        [.critical: 0, .warning: 1, .unknown: 2][state] ?? 3
    }

    private static func word(_ state: CheckOutcome.State) -> String {
        switch state {
        case .passed: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }

    /// One line, in which `|` would begin performance data.
    private static func line(_ text: String) -> String { text.printable.replacingBytes(of: "|", with: "/") }
}
