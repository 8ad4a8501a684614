import Engine
import Maintenance
import Outside
import Settings

extension Reading {
    /// Lets the conditions of a resource say what its probe's facts mean: the worst of them over what is known already.
    mutating func judge(_ expected: ConditionSet, by facts: ConditionFacts) {
        guard !expected.all.isEmpty else { return }
        let critical = facts.verdicts(on: expected.conditions)
        let warnings = facts.verdicts(on: expected.warnings)
        let broken = critical.filter { !$0.isMet } + warnings.filter { !$0.isMet }
        let found: CheckOutcome.State =
            critical.contains { !$0.isMet } ? .critical : warnings.contains { !$0.isMet } ? .warning : .passed
        state = [state ?? .passed, found].worst
        let count = expected.all.count
        guard !broken.isEmpty else {
            let words = count == 1 ? "its condition holds" : "all \(count) conditions hold"
            summary = summary.map { "\($0), \(words)" } ?? words
            return
        }
        let clauses = broken.prefix(3).map(\.clause).joined(separator: "; ")
        let rest = broken.count > 3 ? "; and \(broken.count - 3) more" : ""
        summary = "\(clauses)\(rest)"
        evidence["conditions"] = Scalar(count)
        for (index, verdict) in broken.prefix(20).enumerated() {
            evidence["not met \(index + 1)"] = .text(verdict.clause)
        }
    }
}

extension HTTPObservation {
    /// What conditions may ask of it. Only for one with a response.
    func facts(at now: Timestamp) -> ConditionFacts {
        var facts = ConditionFacts(times.facts)
        facts.values.merge(TLSFacts.facts(tls, at: now)) { $1 }
        facts.values["redirects"] = .number(Double(redirects.count))
        facts.values["url"] = .text(target.description)
        guard let response else { return facts }
        facts.values["status"] = .number(Double(response.status))
        facts.values["http-version"] = .text(response.version)
        facts.values["body"] = .document(response.body, isCut: response.isBodyCut)
        facts.values["body-size"] = .number(Double(response.body.count))
        var headers: [String: ConditionFacts.Value] = [:]
        for (name, value) in response.headers where headers[name.lowercased()] == nil {
            headers[name.lowercased()] = .text(value)
        }
        facts.values["header"] = .fields(headers)
        return facts
    }
}

extension HTTPObservation.Times {
    var facts: [String: ConditionFacts.Value] {
        ["response-time": .number(total.inSeconds), "connect-time": .number(connect.inSeconds)]
    }
}

extension TLSFacts {
    static func facts(_ tls: TLSFacts?, at now: Timestamp) -> [String: ConditionFacts.Value] {
        guard let tls else {
            let reason = ConditionFacts.Value.missing("without TLS there is no certificate")
            return [
                "certificate-expiration": reason, "certificate-trusted": reason, "certificate-issuer": reason,
                "tls-version": reason,
            ]
        }
        return [
            "certificate-expiration": .number((tls.notAfter - now).inSeconds),
            "certificate-trusted": .boolean(tls.verification == .verified), "certificate-issuer": .text(tls.issuer),
            "tls-version": .text(tls.version),
        ]
    }
}
