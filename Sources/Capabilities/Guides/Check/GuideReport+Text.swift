import Command
import Maintenance

extension GuideReport.Part {
    /// For people: the file and its findings by line.
    ///
    /// - Parameters:
    ///   - width: columns; nil where no line has to be broken.
    ///   - showsCommands: whether what became of each command is listed too.
    func text(width: Int?, showsCommands: Bool) -> [String] {
        var lines = [file.printable]
        for finding in findings {
            let head =
                "  \(String(finding.line).filled(to: 5)) \(finding.severity.rawValue.filled(to: 8)) \(finding.code)  "
            lines += "\(finding.problem.printable)\(finding.fix.map { ". \($0.printable)" } ?? "")"
                .wrapped(to: width, first: head)
        }
        for finding in waived {
            let head = "  \(String(finding.line).filled(to: 5)) \("waived".filled(to: 8)) \(finding.code)  "
            lines += "\(finding.problem.printable) (\((finding.waiver ?? "").printable))".wrapped(
                to: width, first: head)
        }
        if showsCommands {
            for command in commands {
                let head = "  \(String(command.line).filled(to: 5)) "
                let what = command.meaning
                lines +=
                    "\(command.text.printable.prefix(70)) → \(command.outcome)\(what.isEmpty ? "" : ": \(what.printable)")"
                    .wrapped(to: width, first: head)
            }
        }
        if findings.isEmpty, waived.isEmpty { lines.append("  nothing found") }
        return lines
    }

    /// Annotations of GitHub's workflow commands (docs.github.com, "Workflow commands for GitHub Actions").
    var annotations: [String] {
        findings.map { finding in
            let kind =
                switch finding.severity {
                case .critical: "error"
                case .warning: "warning"
                case .info: "notice"
                }
            let message = [finding.problem, finding.fix].compactMap(\.self).joined(separator: ". ")
            return "::\(kind) file=\(file.workflowProperty),line=\(finding.line),"
                + "title=\(finding.code)::\(message.workflowData)"
        }
    }
}

extension GuideReport {
    /// How much of everything there is.
    struct Sum {
        private var findings: [Severity: Int] = [:]
        private var waived = 0
        private var commands: [String: Int] = [:]

        mutating func add(_ part: Part) {
            for finding in part.findings { findings[finding.severity, default: 0] += 1 }
            waived += part.waived.count
            for command in part.commands { commands[command.outcome, default: 0] += 1 }
        }

        func hasFinding(from severity: Severity?) -> Bool {
            guard let severity else { return false }
            return findings.keys.contains { $0 >= severity }
        }

        func text(_ statements: (unchecked: Int, checked: Int)) -> [String] {
            let counts = Severity.allCases.reversed().compactMap { severity in
                findings[severity].map { "\($0.grouped) \(severity.rawValue)" }
            }
            let count = findings.values.reduce(0, +)
            var lines = [
                "\("finding".counted(count))\(counts.isEmpty ? "" : ": \(counts.joined(separator: ", "))")"
                    + (waived > 0 ? "; \(waived.grouped) waived" : "")
            ]
            let kinds = ["task", "command step", "manual", "not built", "needs a decision"].compactMap(self.kind)
            if !commands.isEmpty {
                let count = commands.values.reduce(0, +)
                lines.append("\("command".counted(count)): \(kinds.joined(separator: ", "))")
            }
            if statements.checked > 0 {
                lines.append("\("statement".counted(statements.checked)) of SQL checked by a server")
            }
            if statements.unchecked > 0 {
                lines.append("\("statement".counted(statements.unchecked)) of SQL not checked by a server")
            }
            return lines
        }

        private func kind(_ kind: String) -> String? {
            guard let count = commands[kind] else { return nil }
            return switch kind {
            case "task", "command step": kind.counted(count)
            case "manual", "not built": "\(count.grouped) \(kind)"
            default: "\(count.grouped) that need\(count == 1 ? "s" : "") a decision"
            }
        }
    }
}

extension GuideReport.Command {
    /// What is typed here instead, or why nothing is.
    fileprivate var meaning: String {
        guard let command else {
            return [reason ?? area, effect.map { "it \($0.rawValue)" }].compactMap(\.self).joined(separator: "; ")
        }
        return command + (missing.map { " (but: \($0))" } ?? "")
    }
}

extension String {
    func filled(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// Behind a head, broken at blanks; later lines stand below the first word.
    func wrapped(to width: Int?, first head: String) -> [String] {
        guard let width else { return [head + self] }
        var lines: [String] = []
        var line = head
        var isEmpty = true
        for word in split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: head.count)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }

    fileprivate var workflowData: String {
        replacingBytes(of: "%", with: "%25").replacingBytes(of: "\r", with: "%0D").replacingBytes(of: "\n", with: "%0A")
    }

    fileprivate var workflowProperty: String {
        workflowData.replacingBytes(of: ":", with: "%3A").replacingBytes(of: ",", with: "%2C")
    }
}
