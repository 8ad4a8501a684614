import Command
import Maintenance

extension GuideReport {
    /// For people: a file, its findings by line, and one line that sums up.
    ///
    /// - Parameters:
    ///   - width: columns; nil where no line has to be broken.
    ///   - showsCommands: whether what became of each command is listed too.
    func text(width: Int?, showsCommands: Bool) -> [String] {
        var lines: [String] = []
        for part in guides {
            lines.append(part.file.printable)
            for finding in part.findings {
                let head =
                    "  \(String(finding.line).filled(to: 5)) \(finding.severity.rawValue.filled(to: 8)) \(finding.code)  "
                lines += "\(finding.problem.printable)\(finding.fix.map { ". \($0.printable)" } ?? "")"
                    .wrapped(to: width, first: head)
            }
            for finding in part.waived {
                let head = "  \(String(finding.line).filled(to: 5)) \("waived".filled(to: 8)) \(finding.code)  "
                lines += "\(finding.problem.printable) (\((finding.waiver ?? "").printable))".wrapped(
                    to: width, first: head)
            }
            if showsCommands {
                for command in part.commands {
                    let head = "  \(String(command.line).filled(to: 5)) "
                    let what = command.meaning
                    lines +=
                        "\(command.text.printable.prefix(70)) → \(command.outcome)\(what.isEmpty ? "" : ": \(what.printable)")"
                        .wrapped(to: width, first: head)
                }
            }
            if part.findings.isEmpty, part.waived.isEmpty { lines.append("  nothing found") }
        }
        return lines + summary
    }

    private var summary: [String] {
        let counts = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = findings.count { $0.severity == severity }
            return count > 0 ? "\(count.grouped) \(severity.rawValue)" : nil
        }
        let waived = guides.reduce(0) { $0 + $1.waived.count }
        let commands = guides.flatMap(\.commands)
        let kinds = ["task", "command step", "manual", "not built", "needs a decision"].compactMap { kind -> String? in
            let count = commands.count { $0.outcome == kind }
            guard count > 0 else { return nil }
            switch kind {
            case "task", "command step": return kind.counted(count)
            case "manual", "not built": return "\(count.grouped) \(kind)"
            default: return "\(count.grouped) that need\(count == 1 ? "s" : "") a decision"
            }
        }
        var lines = [
            "\("finding".counted(findings.count))\(counts.isEmpty ? "" : ": \(counts.joined(separator: ", "))")"
                + (waived > 0 ? "; \(waived.grouped) waived" : "")
        ]
        if !commands.isEmpty {
            lines.append("\("command".counted(commands.count)): \(kinds.joined(separator: ", "))")
        }
        if checkedStatements > 0 {
            lines.append("\("statement".counted(checkedStatements)) of SQL checked by a server")
        }
        if uncheckedStatements > 0 {
            lines.append("\("statement".counted(uncheckedStatements)) of SQL not checked by a server")
        }
        return lines
    }

    /// Annotations of GitHub's workflow commands (docs.github.com, "Workflow commands for GitHub Actions").
    var annotations: [String] {
        guides.flatMap { part in
            part.findings.map { finding in
                let kind =
                    switch finding.severity {
                    case .critical: "error"
                    case .warning: "warning"
                    case .info: "notice"
                    }
                let message = [finding.problem, finding.fix].compactMap(\.self).joined(separator: ". ")
                return "::\(kind) file=\(part.file.workflowProperty),line=\(finding.line),"
                    + "title=\(finding.code)::\(message.workflowData)"
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
