import Calendar
import Maintenance

extension Format where Value == Written<ScheduleExpression> {
    /// A schedule; whether its calendars exist shows when everything is put together.
    static func schedule(_ zones: ZoneDirectory) -> Format {
        let words = "a schedule such as 'daily 02:00', 'first Sunday 01:00 UTC' or '0 2 * * *'"
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "minLength": 1]),
            read: { tree, keyPath, reading in
                guard let text = reading.phrase(tree, keyPath, words) else { return nil }
                do throws(CalendarError) {
                    let expression = try ScheduleExpression(text, zones: zones)
                    reading.note(expression, at: tree.location, keyPath)
                    return Written(expression, at: tree.location)
                } catch {
                    reading.report(error, at: tree.location, keyPath)
                    return nil
                }
            },
            write: { .text($0.value.text) })
    }
}

extension Format where Value == String {
    /// Days or a window, as behind 'except'.
    static func days(_ zones: ZoneDirectory) -> Format {
        let words = "a day or a window, such as 'December 25', 2026-12-24 or 'Sundays 02:00-04:00'"
        return Format(
            // A date without quotes is text here, and a date for other readers of YAML.
            shape: .scalar(words: words, schema: ["minLength": 1]),
            read: { tree, keyPath, reading in
                guard let text = reading.phrase(tree, keyPath, words) else { return nil }
                do throws(CalendarError) {
                    try CalendarSource.check(text, zones: zones)
                    return text
                } catch {
                    reading.report(error, at: tree.location, keyPath)
                    return nil
                }
            },
            write: { .text($0) })
    }

    /// The name of a time zone of this system.
    static func zone(_ zones: ZoneDirectory) -> Format {
        let words = "a time zone such as Europe/Berlin or UTC"
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "minLength": 1]),
            read: { tree, keyPath, reading in
                guard let text = reading.phrase(tree, keyPath, words) else { return nil }
                do throws(CalendarError) {
                    return try zones.zone(text).name
                } catch {
                    reading.report(error, at: tree.location, keyPath)
                    return nil
                }
            },
            write: { .text($0) })
    }
}

extension Reading {
    /// Text in which nothing is that may be a secret.
    fileprivate func phrase(_ tree: Tree, _ keyPath: String, _ words: String) -> String? {
        guard case .scalar(let text, _) = tree.value, !tree.isEmpty, Redaction.text(text) == text else {
            refuse(tree, keyPath, "is not allowed here", allowed: words)
            return nil
        }
        return text
    }

    /// With the phrase and a mark under what is wrong in it.
    func report(_ error: CalendarError, at location: SourceLocation, _ keyPath: String) {
        switch error {
        case .expression(let problem):
            report(
                Problem(
                    problem.text, at: location, keyPath: keyPath, allowed: problem.expected, nearest: problem.nearest,
                    excerpt: problem.excerpt))
        case .unknownZone(_, let nearest, _): report(error.problem, at: location, keyPath, nearest: nearest)
        default: report(error.problem, at: location, keyPath)
        }
    }
}
