import Calendar
import Maintenance

/// When a guide says that something is done.
package struct GuideSchedule: Sendable, Hashable {
    /// As written: `Sundays 3:00 AM UTC`, `0 2 * * *`.
    package var text: String
    /// The same in the language of docs/calendar.md.
    package var expression: String
    package var line: Int
    /// Whether it is the time in which something may be done, and not the moment at which it begins.
    package var isWindow: Bool

    /// What can be read as a schedule; nil for all else.
    package init?(_ text: some StringProtocol, line: Int, zones: ZoneDirectory) {
        let trimmed = text.trimmingWhitespace()
        guard !trimmed.isEmpty, trimmed.utf8.count <= 100,
            let expression = try? ScheduleExpression(trimmed, zones: zones), trimmed.lowercased() != "never"
        else { return nil }
        self.text = trimmed
        self.expression = expression.text
        self.line = line
        isWindow = expression.hasWindows
    }
}

extension Guide {
    /// Every schedule that can be read: in headings and captions, behind `Time:`, in comments of scripts, in crontabs and in
    /// blocks of configuration. By line.
    package func schedules(zones: ZoneDirectory) -> [GuideSchedule] {
        var found: [GuideSchedule] = []
        func add(_ text: some StringProtocol, _ line: Int) {
            if let schedule = GuideSchedule(text, line: line, zones: zones) { found.append(schedule) }
        }
        for heading in headings { Self.inParentheses(heading.title).forEach { add($0, heading.line) } }
        for item in items where item.isTicked == nil { Self.inParentheses(item.text).forEach { add($0, item.line) } }
        for paragraph in paragraphs {
            if let value = Self.value(of: ["time", "schedule", "when", "frequency"], in: paragraph.text) {
                add(value, paragraph.line)
            }
        }
        for procedure in procedures {
            for comment in procedure.comments {
                if let phrase = Self.running(comment.text) { add(phrase, comment.line) }
            }
            for entry in procedure.entries {
                if case .cron(let fields, _) = entry.kind { add(fields, entry.line) }
            }
        }
        for block in blocks { found += Self.schedules(in: GuideSetting.all(in: block), zones: zones) }
        return found.sorted { ($0.line, $0.text) < ($1.line, $1.text) }
    }

    /// What stands in parentheses.
    private static func inParentheses(_ text: String) -> [Substring] {
        text.split(separator: "(").dropFirst().compactMap {
            $0.split(separator: ")", omittingEmptySubsequences: false).first
        }
    }

    /// What stands behind `Time:`.
    private static func value(of names: Set<String>, in text: String) -> String? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        guard names.contains(text[..<colon].trimmingWhitespace().lowercased()) else { return nil }
        return text[text.utf8.index(after: colon)...].trimmingWhitespace()
    }

    /// What stands behind `runs`, up to the end or a parenthesis: `Runs Sundays at 02:00 UTC`.
    private static func running(_ text: String) -> Substring? {
        let words = text.split(separator: " ")
        guard
            let index = words.firstIndex(where: {
                ["runs", "(runs", "scheduled"].contains($0.lowercased())
            }), let first = words[(index + 1)...].first
        else { return nil }
        let phrase = text[first.startIndex...].prefix { $0 != ")" }
        return phrase.hasPrefix("at ") ? phrase.dropFirst(3) : phrase
    }

    /// `frequency: weekly` with `day: monday` and `time: "09:00"` beside it; `check_interval: 15m`; windows as values.
    private static func schedules(in settings: [GuideSetting], zones: ZoneDirectory) -> [GuideSchedule] {
        let frequencies: Set = [
            "frequency", "schedule", "checkfrequency", "check_interval", "checkinterval", "interval",
        ]
        lazy var siblings = Dictionary(grouping: settings.filter { !$0.isItem }) { $0.path.dropLast() }
        return settings.compactMap { setting -> GuideSchedule? in
            guard let key = setting.path.last?.lowercased(), !setting.isItem else { return nil }
            guard frequencies.contains(key) else {
                guard let window = GuideSchedule(setting.value, line: setting.line, zones: zones), window.isWindow
                else {
                    return nil
                }
                return window
            }
            let beside = siblings[setting.path.dropLast()] ?? []
            func value(_ name: String) -> String? { beside.first { $0.path.last?.lowercased() == name }?.value }
            var words = [setting.value]
            if Duration(setting.value) != nil { words.insert("every", at: 0) }
            if let day = value("day") { words.append(Int(day) == nil ? day : "day \(day)") }
            if let time = value("time") { words.append(time) }
            return GuideSchedule(words.joined(separator: " "), line: setting.line, zones: zones)
        }
    }
}
