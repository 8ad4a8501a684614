import Guide
import Maintenance

/// What came of checking guides: every finding, and what became of every command.
struct GuideReport: Encodable {
    var guides: [Part] = []
    /// How many statements of SQL no server has looked at.
    var uncheckedStatements = 0
    /// How many a server has understood or refused.
    var checkedStatements = 0

    struct Part: Encodable {
        var file: String
        var findings: [Line]
        var waived: [Line]
        var commands: [Command]
    }

    struct Line: Encodable {
        var code: String
        var severity: Severity
        var line: Int
        var problem: String
        var fix: String?
        /// Who allows it, why, and until when; nil where nobody does.
        var waiver: String?

        init(_ finding: GuideFinding, waiver: GuideWaiver? = nil) {
            code = finding.rule.rawValue
            severity = finding.severity
            line = finding.line
            problem = finding.problem
            fix = finding.fix
            self.waiver = waiver.map { "\($0.owner), until \($0.until): \($0.reason)" }
        }
    }

    struct Command: Encodable {
        var line: Int
        var text: String
        var outcome: String
        /// What is typed here instead.
        var command: String?
        var effect: Effect?
        var reason: String?
        var nearest: String?
        /// Of what is not built yet.
        var area: String?
        /// What of it the task does not do.
        var missing: String?

        init(_ entry: Procedure.Entry, _ resolution: Resolution) {
            line = entry.line
            text = entry.text
            outcome = resolution.name
            command = resolution.command
            effect =
                switch resolution.outcome {
                case .task(_, let effect), .step(let effect): effect
                case .manual, .notBuilt, .undecided: nil
                }
            area = if case .notBuilt(let area) = resolution.outcome { area } else { nil }
            reason = resolution.reason.isEmpty ? nil : resolution.reason
            missing = resolution.missing.isEmpty ? nil : resolution.missing
            nearest = resolution.nearest
        }
    }
}
