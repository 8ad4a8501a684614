import Calendar
import Maintenance

/// One reading of a configuration: collects everything that is wrong instead of stopping at the first.
final class Reading {
    private(set) var problems: [Problem] = []
    /// Where each key was written, by its path.
    private(set) var locations: [String: SourceLocation] = [:]
    /// Every value that may come from elsewhere, by its path, in reading order.
    private(set) var texts: [(keyPath: String, text: ConfiguredText)] = []
    /// Schedules with business days of no calendar that they name, in reading order.
    private var businessDays: [(text: String, location: SourceLocation, keyPath: String)] = []
    /// What relative paths begin at; absolute.
    let directory: String

    init(directory: String) { self.directory = directory }

    func report(_ problem: Problem) { problems.append(problem) }

    func report(
        _ text: String, at location: SourceLocation, _ keyPath: String, allowed: String? = nil, nearest: String? = nil
    ) {
        report(Problem(text, at: location, keyPath: keyPath, allowed: allowed, nearest: nearest))
    }

    /// The problem every format reports for a value it cannot read.
    func refuse(_ tree: Tree, _ keyPath: String, _ words: String, allowed: String? = nil, nearest: String? = nil) {
        report("\(tree.found) \(words)", at: tree.location, keyPath, allowed: allowed, nearest: nearest)
    }

    /// What is meant is planned and not built.
    ///
    /// - Parameter reason: how it is instead, one clause.
    func refusePlanned(_ found: String, at location: SourceLocation, _ keyPath: String, reason: String? = nil) {
        var problem = Problem(
            "\(found) is not supported yet\(reason.map { ": \($0)" } ?? "")", at: location, keyPath: keyPath)
        problem.isPlanned = true
        report(problem)
    }

    func note(_ location: SourceLocation, of keyPath: String) { locations[keyPath] = location }

    /// Where a key was read; the configuration as such where it was not.
    func location(of keyPath: String) -> SourceLocation {
        locations[keyPath] ?? SourceLocation(file: "the configuration", line: 1, column: 1)
    }
    func note(_ text: ConfiguredText, of keyPath: String) { texts.append((keyPath, text)) }

    func note(_ expression: ScheduleExpression, at location: SourceLocation, _ keyPath: String) {
        guard expression.usesStandardHolidays, !businessDays.contains(where: { $0.location == location })
        else { return }
        businessDays.append((expression.text, location, keyPath))
    }

    /// What is taken as it stands and says less than whoever wrote it may believe.
    func remarks(on inventory: Inventory) -> [Problem] {
        let standard = ScheduleExpression.standardHolidays
        guard !inventory.calendars.contains(where: { $0.source.name == standard }) else { return [] }
        return businessDays.map { text, location, keyPath in
            Problem(
                "the business days of '\(text)' are Monday to Friday, holidays among them: there is no calendar "
                    + "'\(standard)'", at: location, keyPath: keyPath)
        }
    }
}

extension String {
    /// `environments` and `test` make `environments.test`.
    func appending(key: String) -> String { isEmpty ? key : "\(self).\(key)" }
    func appending(index: Int) -> String { "\(self)[\(index + 1)]" }
}
