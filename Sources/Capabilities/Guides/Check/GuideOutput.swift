import Command
import Maintenance

/// Prints what came of guides: text and annotations at once, guide by guide; JSON and SARIF at the end.
struct GuideOutput {
    let format: CheckGuides.Format
    /// Whether what became of each command is listed too.
    let showsCommands: Bool
    let console: Console
    private var sum = GuideReport.Sum()
    /// Only of what is printed at the end.
    private var report = GuideReport()

    init(_ format: CheckGuides.Format, showsCommands: Bool = false, on console: Console) {
        self.format = format
        self.showsCommands = showsCommands
        self.console = console
    }

    mutating func add(_ part: GuideReport.Part) {
        sum.add(part)
        switch format {
        case .table: for line in part.text(width: console.width, showsCommands: showsCommands) { console.print(line) }
        case .github: for line in part.annotations { console.print(line) }
        case .json, .sarif: report.guides.append(part)
        }
    }

    /// Prints what is left.
    ///
    /// - Parameters:
    ///   - severity: from which on findings end the command with 3; nil where none does.
    ///   - statements: of SQL, by whether a server has looked at them.
    mutating func end(
        failingOn severity: Severity?, statements: (unchecked: Int, checked: Int) = (0, 0)
    ) throws -> ExitStatus {
        report.uncheckedStatements = statements.unchecked
        report.checkedStatements = statements.checked
        switch format {
        case .table: for line in sum.text(statements) { console.print(line) }
        case .json: console.print(try JSONText.make(report))
        case .sarif: console.print(try report.sarif())
        case .github: break
        }
        return sum.hasFinding(from: severity) ? .findings : .success
    }
}
