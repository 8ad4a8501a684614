import Alert
import Engine
import Maintenance
import Monitor

/// How everything stands at one moment, as lines of a terminal: environments, checks that are not well, alerts.
struct TopScreen: Sendable {
    /// In the order of the configuration.
    var environments: [String]
    var checks: [MonitoredCheck]
    var alerts: [AlertRecord]
    var silences: [Silence]
    var findings: [Finding]
    var now: Timestamp
    /// The fingerprint of the alert that keys are about.
    var selected: String?
    /// What the last key has done.
    var note: String?

    /// What fires or is pending, the worst and newest first: the order that keys move in.
    static func ordered(_ alerts: some Sequence<AlertRecord>) -> [AlertRecord] {
        alerts.filter { $0.state != .resolved }.sorted { left, right in
            let ranks = [left, right].map { rank($0.labels.severity) }
            return ranks[0] != ranks[1]
                ? ranks[0] < ranks[1] : (right.since, left.fingerprint) < (left.since, right.fingerprint)
        }
    }

    private static func rank(_ severity: Severity?) -> Int {
        switch severity {
        case .critical: 0
        case .warning: 1
        case .info: 2
        case nil: 3
        }
    }

    /// No line is longer than `width`, and there are no more than `height`; nil for as long and as many as there are.
    func lines(width: Int?, height: Int?, isLive: Bool) -> [String] {
        var lines = ["mainstay top   \(now)"]
        lines += environments.map(line)
        let bad = checks.filter { $0.standing(at: now) != .passed || $0.phase == .pending }.sorted {
            (rank($0), $0.outcome.target, $0.outcome.check) < (rank($1), $1.outcome.target, $1.outcome.check)
        }
        let foot = isLive ? ["", note ?? "up/down select   a acknowledge   s silence for an hour   q quit"] : []
        let room = height.map { max(2, $0 - lines.count - foot.count - 4) }
        // Alerts first get what they need, up to half of the room.
        let forAlerts = room.map { min(alerts.count, max($0 / 2, $0 - bad.count)) } ?? alerts.count
        let forChecks = room.map { max(0, $0 - forAlerts) } ?? bad.count
        lines += [
            "", head("checks that are not well", bad.count, checks.isEmpty ? "nothing is asked all the time" : "none"),
        ]
        lines += shown(bad.map(line), forChecks)
        lines += ["", head("alerts", alerts.count, "none")]
        let place = alerts.firstIndex { $0.fingerprint == selected } ?? 0
        // The selected one stays in sight.
        let first = max(0, min(place - (forAlerts - 1) / 2, alerts.count - forAlerts))
        lines += shown(
            alerts.map { line($0, isSelected: isLive && $0.fingerprint == selected) }, forAlerts, from: first)
        lines += foot
        return lines.map { text in width.map { Self.fitted(text, $0) } ?? text.printable }
    }

    private func head(_ title: String, _ count: Int, _ none: String) -> String {
        count == 0 ? "\(title): \(none)" : "\(title): \(count)"
    }

    private func shown(_ lines: [String], _ room: Int, from first: Int = 0) -> [String] {
        guard lines.count > room else { return lines }
        var part = Array(lines[first..<min(lines.count, first + room)])
        let hidden = lines.count - first - part.count
        if hidden > 0, part.count > 1 { part[part.count - 1] = "  … and \(hidden + 1) more" }
        return part
    }

    private func line(_ name: String) -> String {
        let score = HealthScore(checks.filter { $0.outcome.target.environment == name }.map { $0.standing(at: now) })
        let open = findings.filter { $0.target.environment == name }
        let worst = [Severity.critical, .warning].compactMap { severity -> String? in
            let count = open.count { $0.severity == severity }
            return count == 0 ? nil : "\(count) \(severity.rawValue)"
        }
        let health = score.percentage.map { "\($0) healthy, \(score.passed) of \(score.count) checks" } ?? "not asked"
        return "  \(name): \(health); findings: \(worst.isEmpty ? "none" : worst.joined(separator: ", "))"
    }

    private func rank(_ check: MonitoredCheck) -> Int {
        switch check.standing(at: now) {
        case .critical: 0
        case .warning: 1
        case .unknown: 2
        case .passed: 3
        }
    }

    private func line(_ check: MonitoredCheck) -> String {
        let standing = check.standing(at: now)
        let state = standing == .passed ? "pending" : standing.rawValue
        let planned = check.isPlanned ? " (we work there)" : ""
        return "  \(state) \(check.outcome.target) \(check.outcome.check)\(planned): \(check.outcome.summary)"
    }

    private func line(_ alert: AlertRecord, isSelected: Bool) -> String {
        let isSilenced = silences.contains { $0.starts <= now && now < $0.ends && $0.covers(alert.labels) }
        let state = isSilenced ? "silenced" : alert.standing(at: now)
        let what = [alert.labels[Labels.Name.alert], alert.labels[Labels.Name.object]].filter { !$0.isEmpty }
        return "\(isSelected ? ">" : " ") \(alert.labels[Labels.Name.severity]) \(state) \(alert.place) "
            + "\(what.joined(separator: " ")): \(alert.annotations["summary"] ?? "")"
    }

    /// Hostile text without what moves a cursor, and no longer than a line.
    private static func fitted(_ text: String, _ width: Int) -> String {
        let scalars = text.printable.unicodeScalars
        guard scalars.count > width else { return String(scalars) }
        var cut = String.UnicodeScalarView()
        cut.append(contentsOf: scalars.prefix(max(1, width - 1)))
        cut.append("…")
        return String(cut)
    }
}
