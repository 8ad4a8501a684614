import Engine
import Maintenance
import Settings

/// The page of all checks.
enum CheckReference {
    static func page(_ checks: [Check], _ shares: [CheckSchema]) -> String {
        var page = MarkdownPage("Checks")
        page.markdown(
            "Asked by [health check](tasks/health-check.md). What is said here about a check is also what "
                + "`mainstay explain NAME` says, by its name or the code of its finding.")
        page.table(
            ["check", "code", "of", "warning", "critical", "question"],
            checks.map { check in
                let limits = check.limits
                return [
                    "[\(check.name)](#\(anchor(check)))", check.code, check.kind.rawValue, limits.warning,
                    limits.critical, MarkdownPage.marked(check.schema.summary),
                ]
            })
        page.markdown(
            "Two shares are worked out of what checks say that are asked all the time, and configured beside them: "
                + shares.map { "`\($0.name)`" }.joined(separator: " and ")
                + "; [what findings mean](findings.md) explains them.")
        page.list(
            shares.compactMap { share in
                share.thresholds?.origin.map { "`\(share.name)`: \(MarkdownPage.marked($0.text))" }
            })
        page.heading("Where the thresholds come from")
        page.prose(
            "The guides that teams work by contradict each other, and some contradict themselves. What is in force until a "
                + "configuration says otherwise follows three rules, and each check below says what it follows from:")
        page.list(ThresholdOrigin.rules)
        for check in checks { describe(check, &page) }
        return page.text
    }

    private static func describe(_ check: Check, _ page: inout MarkdownPage) {
        page.heading(check.name)
        page.prose("\(check.code): \(check.title).")
        page.prose(check.explanation)
        var facts: [String] = []
        if let thresholds = check.schema.thresholds {
            let (warning, critical) = check.limits
            let direction = thresholds.worse == .higher ? "and above" : "and below"
            let parts = [("warning", warning), ("critical", critical)].filter { !$0.1.isEmpty }
                .map { "\($0.0) from \($0.1) \(direction)" }
            if !parts.isEmpty { facts.append("Thresholds: \(parts.joined(separator: ", ")).") }
        }
        if let origin = check.schema.thresholds?.origin { facts.append(MarkdownPage.marked(origin.text)) }
        let schema = check.schema
        let retries = schema.retries == 1 ? "1 more attempt" : "\(schema.retries) more attempts"
        facts.append("Time-out \(schema.timeout.short), \(schema.retries == 0 ? "one attempt" : retries).")
        facts += check.schema.options.map { option in
            let standard = option.standardText.map { " Default: `\($0)`." } ?? ""
            return "Option `\(option.name)`: \(MarkdownPage.marked(option.summary.sentence))\(standard)"
        }
        facts.append("Configure it under [`checks.\(check.name)`](configuration.md#checks\(anchor(check))).")
        if let mend = check.mend { facts.append("Mend: `\(mend.replacing("{environment}", with: "production"))`") }
        if let source = check.source { facts.append("Source: <\(source)>") }
        page.list(facts)
    }

    /// As GitHub makes them of headings: the points of a name go.
    private static func anchor(_ check: Check) -> String { check.name.replacing(".", with: "") }
}

extension Check {
    /// As people read them; empty where there is none.
    fileprivate var limits: (warning: String, critical: String) {
        let limits = CheckLimits(schema, CheckSetting())
        let unit = limits.unit ?? .count
        return (limits.warning.map(unit.text) ?? "", limits.critical.map(unit.text) ?? "")
    }
}

extension CheckSchema.Option {
    /// The default as a configuration writes it: `2s`, `128M`, `10`; nil where there is none.
    var standardText: String? {
        switch (kind, standard) {
        case (_, nil), (_, .null?): nil
        case (.duration, .number(let seconds)?): Duration.microseconds(Int64(seconds * 1_000_000)).canonical
        case (.duration, .integer(let seconds)?): Duration.seconds(seconds).canonical
        case (.size, .integer(let bytes)?): ByteCount(bytes).canonical
        case (.percentage, let value?): "\(value)%"
        case (_, let value?): value.description
        }
    }
}
