/// How much of each list a page shows before it says "and N more".
struct Limits: Hashable, Sendable {
    var environments = 60
    /// Over all environments together.
    var checks = 400
    var needs = 12
    var troubles = 40
    var changes = 120
    var findings = 100
    /// Of one group of findings.
    var entries = 5
    var resolved = 40
    var charts = 24
    var notCovered = 40
    var runs = 40
    /// Characters of one text.
    var text = 400

    static let full = Limits()

    /// About half of everything, at least one of each.
    var halved: Limits {
        func half(_ value: Int) -> Int { max(1, value / 2) }
        return Limits(
            environments: half(environments), checks: half(checks), needs: half(needs), troubles: half(troubles),
            changes: half(changes), findings: half(findings), entries: half(entries), resolved: half(resolved),
            charts: half(charts), notCovered: half(notCovered), runs: half(runs), text: max(40, text / 2))
    }

    func clip(_ text: String) -> String {
        guard text.utf8.count > self.text, text.count > self.text else { return text }
        return text.prefix(self.text) + "…"
    }
}
