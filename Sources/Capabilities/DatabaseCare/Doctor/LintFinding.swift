import Command
import Maintenance

extension Doctor.Answer {
    /// One finding for each hit, and one for those that are not named.
    func findings(at target: Target) -> [Finding] {
        var findings = hits.map { lint.finding($0, at: target) }
        if total > hits.count {
            findings.append(
                Finding(
                    code: lint.code, severity: lint.severity, target: target, object: "and others",
                    summary: "\((total - hits.count).grouped) more like them (\(lint.title.lowercasedFirst))",
                    evidence: ["priority": Scalar(lint.priority)],
                    mend: "mainstay db doctor --only=\(lint.name) --most=\(min(total, 10_000))"))
        }
        return findings
    }
}

extension Lint {
    func finding(_ hit: LintHit, at target: Target) -> Finding {
        var evidence: Facts = ["check": .text(name), "priority": Scalar(priority), "source": .text(source)]
        if let bytes = hit.bytes { evidence["bytes"] = .integer(bytes) }
        if let value = hit.value { evidence["value"] = .number(value) }
        if let bound = hit.bound { evidence["bound"] = .number(bound) }
        if hit.mend != nil {
            if let lock = mending.lock { evidence["mending locks"] = .text("\(lock.rawValue): \(lock.consequence)") }
            if let expected = mending.expected(bytes: hit.bytes) { evidence["mending takes"] = .text(expected) }
        }
        let isCritical = critical.map { (hit.value ?? 0) >= $0 } ?? false
        return Finding(
            code: code, severity: isCritical ? .critical : severity, target: target, object: hit.object,
            summary: say(hit), evidence: evidence, mend: hit.mend ?? advice)
    }
}

extension String {
    /// `Index that exists twice` as part of a sentence.
    var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}

extension Lint {
    /// Its manual page.
    var page: FindingPage {
        var facts = ["place \(priority) in the triage" + (isHabit ? ", shown with '--habits' or by its family" : "")]
        if let critical { facts.append("critical from \(Int64(critical).grouped) on") }
        if let lock = mending.lock {
            facts.append("mending takes a \(lock.rawValue) lock: \(lock.consequence)")
        } else if let expected = mending.expected(bytes: nil) {
            facts.append("mending takes \(expected)")
        }
        if let advice { facts.append("mend: \(advice)") }
        switch sight {
        case .everyone: break
        case .samples: facts.append("the role has to read every table and sequence (pg_read_all_data)")
        case .monitor: facts.append("the role has to see other sessions (pg_monitor)")
        }
        if isOfPrimary { facts.append("not asked of a standby, which does not keep these counters") }
        return FindingPage(
            code: code, name: name, title: title, severity: severity, explanation: explanation, facts: facts,
            source: source, command: ExamineDatabase.declaration.command)
    }
}
