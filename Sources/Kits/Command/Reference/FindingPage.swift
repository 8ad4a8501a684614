import Maintenance

/// What a code of a finding means, where a task has many of them that are no health checks: its manual page.
package struct FindingPage: Sendable {
    package var code: String
    /// Dotted; its first part is the group it stands in: `indexes.duplicate`.
    package var name: String
    package var title: String
    package var severity: Severity
    package var explanation: String
    /// One clause each: its place in the triage, what mending takes.
    package var facts: [String]
    package var source: String
    /// The command that asks: `db doctor`.
    package var command: String

    package init(
        code: String, name: String, title: String, severity: Severity, explanation: String, facts: [String],
        source: String, command: String
    ) {
        self.code = code
        self.name = name
        self.title = title
        self.severity = severity
        self.explanation = explanation
        self.facts = facts
        self.source = source
        self.command = command
    }

    /// As `mainstay explain` shows it.
    var lines: [String] {
        ["\(name) (\(code)): \(title)", "", explanation, ""] + facts.map(\.sentence)
            + ["Asked by 'mainstay \(command)'.", "Source: \(source)"]
    }
}

/// The page of all codes of findings that are no health checks.
enum FindingReference {
    static func page(_ findings: [FindingPage]) -> String {
        var page = MarkdownPage("What findings mean")
        page.markdown(
            "What is said here about a finding is also what `mainstay explain CODE` says. The place is its place in the "
                + "triage over everything, the worst first. Health checks are on [a page of their own](checks.md).")
        let groups = Dictionary(grouping: findings) { $0.name.prefix { $0 != "." } }
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
            page.heading(String(group))
            for finding in members.sorted(by: { $0.code < $1.code }) {
                page.heading("\(finding.code) \(finding.name)", level: 3)
                page.prose("\(finding.title) (\(finding.severity.rawValue)).")
                page.prose(finding.explanation)
                page.list(
                    finding.facts.map { MarkdownPage.marked($0.sentence) }
                        + ["Asked by `mainstay \(finding.command)`. Source: <\(finding.source)>"])
            }
        }
        return page.text
    }
}
