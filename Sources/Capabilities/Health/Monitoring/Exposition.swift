import Engine
import Maintenance

/// How everything stands in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct Exposition: Sendable {
    private var lines: [String] = []

    /// - Parameters:
    ///   - checks: every check that is asked all the time.
    ///   - findings: what is open.
    init(
        _ checks: [MonitoredCheck], _ findings: [FindingRecord], environments: [String],
        at now: Timestamp
    ) {
        family(
            "mainstay_check_state", "What a check counts as: 0 passed, 1 warning, 2 critical, 3 unknown.")
        for check in checks {
            add("mainstay_check_state", check.labels, Double(check.standing(at: now).number))
        }
        family(
            "mainstay_check_value",
            "The last value of a check, in its own unit: a count, percent, seconds or bytes.")
        for check in checks {
            guard let value = check.outcome.value, let unit = check.outcome.unit else { continue }
            add("mainstay_check_value", check.labels + [("unit", unit.rawValue)], value)
        }
        family("mainstay_check_duration_seconds", "How long the last round of a check took.")
        for check in checks {
            add("mainstay_check_duration_seconds", check.labels, check.outcome.seconds)
        }
        family("mainstay_check_seen_timestamp_seconds", "When a check was last asked.")
        for check in checks {
            add("mainstay_check_seen_timestamp_seconds", check.labels, check.seenAt.seconds)
        }
        family(
            "mainstay_check_planned",
            "Whether Mainstay itself was changing the resource in the last round.")
        for check in checks { add("mainstay_check_planned", check.labels, check.isPlanned ? 1 : 0) }
        family(
            "mainstay_health_percent",
            "Passed checks of all, a warning counting half; missing where none is asked.")
        for name in environments {
            let states = checks.filter { $0.outcome.target.environment == name }.map {
                $0.standing(at: now)
            }
            guard let percentage = HealthScore(states).percentage else { continue }
            add("mainstay_health_percent", [("environment", name)], percentage.value)
        }
        family("mainstay_findings", "Findings that are open.")
        for name in environments {
            for severity in [Severity.critical, .warning, .info] {
                let count = findings.count {
                    $0.finding.target.environment == name && $0.finding.severity == severity
                }
                add(
                    "mainstay_findings", [("environment", name), ("severity", severity.rawValue)],
                    Double(count))
            }
        }
        family("mainstay_exposed_timestamp_seconds", "When this was written.")
        add("mainstay_exposed_timestamp_seconds", [], now.seconds)
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    private mutating func family(_ name: String, _ help: String) {
        lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge"]
    }

    private mutating func add(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }
        lines.append(
            "\(name)\(pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") \(Self.number(value))")
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : "\(value)"
    }

    /// A backslash, a quote and a line feed may not stand in a label's value as they are; no other byte means anything.
    private static func escaped(_ text: String) -> String {
        text.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"")
            .replacingBytes(of: "\n", with: "\\n")
    }
}

extension MonitoredCheck {
    fileprivate var labels: [(String, String)] {
        [
            ("environment", outcome.target.environment), ("resource", outcome.target.resource),
            ("check", outcome.check), ("code", outcome.code),
        ]
    }
}

extension CheckOutcome.State {
    fileprivate var number: Int {
        switch self {
        case .passed: 0
        case .warning: 1
        case .critical: 2
        case .unknown: 3
        }
    }
}
