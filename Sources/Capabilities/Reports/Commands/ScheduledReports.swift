import Maintenance
import Settings

/// Routines that write reports and send them, as YAML.
struct ScheduledReports {
    struct Routine {
        var name: String
        var description: String
        var schedule: String
        /// Tasks with their options, as people type them.
        var steps: [String]
    }

    var routines: [Routine]

    init(_ routines: [Routine]) { self.routines = routines }

    init(_ file: ReportScheduleFile) {
        routines = file.entries.map { entry in
            Routine(
                name:
                    "report-\(entry.name.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined())",
                description: "the \(entry.kind.rawValue) report, to \(entry.recipients.joined(separator: ", "))",
                schedule: entry.schedule, steps: [Self.step(entry)])
        }
    }

    static func step(_ entry: ReportScheduleFile.Entry) -> String {
        var words = ["report \(entry.kind.rawValue)"]
        if entry.kind == .performance || entry.kind == .backup { words.append("--since=\(days(entry.period))d") }
        if entry.isComprehensive {
            switch entry.kind {
            case .weekly, .monthly, .quarterly: words += ["--detailed", "--trend-analysis"]
            case .performance: words.append("--trend-analysis")
            case .daily, .backup, .database: break
            }
        }
        switch entry.format {
        case .email: words.append("--without-attachment")
        case .html: break
        case .pdf, .json, .markdown, .csv: words.append("--as=\(entry.format.rawValue)")
        }
        words += ["--no-email", "--email-to=\(entry.recipients.joined(separator: ",").shellQuoted)"]
        return words.joined(separator: " ")
    }

    private static func days(_ period: ReportKind) -> Int {
        switch period {
        case .daily: 1
        case .monthly: 31
        case .quarterly: 92
        case .weekly, .performance, .backup, .database: 7
        }
    }

    var yaml: String {
        var lines = ["routines:"]
        for routine in routines {
            lines += [
                "  \(routine.name):", "    description: \(Self.quoted(routine.description))",
                "    schedule: \(Self.quoted(routine.schedule))", "    steps:",
            ]
            lines += routine.steps.map { "      - \(Self.quoted($0))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As YAML's double quotes read it back; what it holds is judged when the whole is read.
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"")
        return "\"\(escaped.printable)\""
    }
}
