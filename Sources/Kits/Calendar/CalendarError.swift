import Maintenance

package enum CalendarError: MaintenanceError, Equatable {
    case expression(ScheduleProblem)
    /// - Parameter directory: Where zones were looked for; nil where this system has none.
    case unknownZone(String, nearest: String?, directory: String?)
    case zoneUnreadable(String, reason: String)
    case unknownCalendar(String, known: [String])
    /// A file of days that cannot be used. `line` is nil where the file as a whole is the problem.
    case file(path: String, line: Int?, reason: String)

    package var code: String {
        switch self {
        case .expression: "calendar.expression"
        case .unknownZone: "calendar.unknown-zone"
        case .zoneUnreadable: "calendar.zone-unreadable"
        case .unknownCalendar: "calendar.unknown-calendar"
        case .file: "calendar.file"
        }
    }

    package var problem: String {
        switch self {
        case .expression(let problem): ([problem.text] + problem.excerpt.map { "    \($0)" }).joined(separator: "\n")
        case .unknownZone(let name, _, _): "there is no time zone '\(name.printable)'"
        case .zoneUnreadable(let name, let reason): "the time zone '\(name.printable)' cannot be read: \(reason)"
        case .unknownCalendar(let name, let known):
            "there is no calendar '\(name.printable)' (there are: \(known.isEmpty ? "none" : known.joined(separator: ", ")))"
        case .file(let path, nil, let reason): "'\(path.printable)' \(reason)"
        case .file(let path, .some(let line), let reason): "'\(path.printable)', line \(line): \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .expression(let problem): problem.hint
        case .unknownZone(_, let nearest, let directory):
            if directory == nil {
                "This system has no time zones: apt-get install tzdata"
            } else {
                nearest.map { "Did you mean '\($0)'?" } ?? "Zones are named as in zoneinfo: Europe/Berlin, UTC."
            }
        case .zoneUnreadable: "Install it again: apt-get install --reinstall tzdata"
        case .unknownCalendar(let name, let known):
            nearest(to: name, among: known).map { "Did you mean '\($0)'?" }
                ?? "Configure it under 'calendars': nothing starts by a calendar that is not there."
        case .file: "Schedules that need it start nothing until it can be read."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .expression: .usage
        default: .configuration
        }
    }
}

/// What is wrong with a schedule's text, and where.
package struct ScheduleProblem: Error, Hashable, Sendable {
    /// One clause: what was found.
    package var text: String
    package var expression: String
    /// The part that is wrong, in Unicode scalars from the beginning; as long as the text's end is meant, empty.
    package var range: Range<Int>
    /// What may stand there.
    package var expected: String?
    /// What was probably meant instead of the part.
    package var nearest: String?

    package var hint: String? {
        let parts = [nearest.map { "Did you mean '\($0.printable)'?" }, expected.map { "Expected: \($0)." }]
        let text = parts.compactMap(\.self).joined(separator: " ")
        return text.isEmpty ? nil : text
    }

    /// The expression with carets under the part that is wrong.
    package var excerpt: [String] {
        let scalars = Array(expression.unicodeScalars)
        func shown(_ range: Range<Int>) -> String {
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars[range.clamped(to: scalars.indices)])
            return text.printable
        }
        let before = shown(0..<range.lowerBound).unicodeScalars.count
        let marked = max(1, shown(range).unicodeScalars.count)
        return [expression.printable, String(repeating: " ", count: before) + String(repeating: "^", count: marked)]
    }
}
