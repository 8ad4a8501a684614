import Maintenance

/// A guide's `maintenance-reports-schedule.json`, as its team wrote it: which report goes to whom, when and how.
///
/// The reports have names of the team's own, `weekly_performance`; the word in it that is a kind of report says which one
/// is meant, and where there is none, how often it comes. `comprehensive` is one with all of its details.
package struct ReportScheduleFile: Sendable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var kind: ReportKind
        /// Of a report about a subject, how far it looks back.
        package var period: ReportKind
        package var isComprehensive: Bool
        /// `weekly Monday 09:00`.
        package var schedule: String
        package var recipients: [String]
        package var format: Format

        package init(
            name: String, kind: ReportKind, period: ReportKind, isComprehensive: Bool, schedule: String,
            recipients: [String], format: Format
        ) {
            self.name = name
            self.kind = kind
            self.period = period
            self.isComprehensive = isComprehensive
            self.schedule = schedule
            self.recipients = recipients
            self.format = format
        }
    }

    package enum Format: String, Sendable, CaseIterable {
        /// A mail that says it in short, without a file.
        case email
        case html, pdf, json, markdown, csv
    }

    package var entries: [Entry]

    /// - Throws: `ConfigurationError` with everything that is wrong with the file, or not supported.
    package init(reading path: String) throws(ConfigurationError) {
        let tree = try Tree.guideFile(try ConfigurationText.read(path), path)
        let reading = Reading(directory: "/")
        let draft = Self.section.format.read(tree, "", reading)
        entries = (draft?.reports ?? []).compactMap { Self.entry($0, reading) }
        guard reading.problems.isEmpty else { throw ConfigurationError(reading.problems) }
        guard !entries.isEmpty else {
            throw ConfigurationError([
                Problem("this is no schedule of reports", at: tree.location, allowed: "a mapping 'reports'")
            ])
        }
    }

    // MARK: - The file

    private struct Draft: Sendable {
        var reports: [Named<Report>]?
    }

    private struct Report: Sendable {
        var frequency: Written<Frequency>?
        var time = "06:00"
        var day: String?
        var recipients: [String]?
        var format = ReportScheduleFile.Format.html
    }

    private enum Frequency: String, Sendable, CaseIterable {
        case daily, weekly, monthly, quarterly

        var kind: ReportKind {
            switch self {
            case .daily: .daily
            case .weekly: .weekly
            case .monthly: .monthly
            case .quarterly: .quarterly
            }
        }
    }

    private static var section: Section<Draft> {
        let report = Section<Report>(
            prototype: { _ in Report() },
            keys: [
                Key(
                    "frequency", \.frequency, Settings.Format<Frequency>.choice().written, isRequired: true,
                    "How often."),
                Key("time", \.time, time, standard: "06:00", "The time of day."),
                Key("day", \.day, .text, "Of the week or the month; without it, Monday or the first."),
                Key("recipients", \.recipients, .oneOrMore(.address), isRequired: true, "Who gets it."),
                Key("format", \.format, .choice(), standard: .html, "How it is written; 'email' sends no file."),
            ], later: ["timezone", "subject", "template", "cc", "bcc"])
        return Section<Draft>(
            prototype: { _ in Draft() },
            keys: [
                Key("reports", \.reports, .named("report", report.format), isRequired: true, "The reports, by name.")
            ])
    }

    private static var time: Settings.Format<String> {
        .scalar("a time of day such as 08:00", schema: ["type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"]) {
            text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
                let minute = Int(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
            else { return nil }
            return text
        } write: {
            .text($0)
        }
    }

    /// Words of a name that mean a report there is none of yet.
    private static let missing = [
        "security", "capacity", "upgrade", "upgrades", "compliance", "cost", "costs", "logs", "incident", "incidents",
        "audit", "access", "training",
    ]

    private static func entry(_ report: Named<Report>, _ reading: Reading) -> Entry? {
        guard let frequency = report.value.frequency?.value, let recipients = report.value.recipients else {
            return nil
        }
        let words = report.name.lowercased().split { !$0.isLetter }.map(String.init)
        if let word = words.first(where: { missing.contains($0) }) {
            reading.report(
                "a report about '\(word)' is not supported yet", at: report.location, "reports.\(report.name)")
            return nil
        }
        let subject = [ReportKind.performance, .backup, .database].first { kind in
            words.contains { $0 == kind.rawValue || $0 == "\(kind.rawValue)s" }
        }
        if frequency == .daily, let day = report.value.day {
            reading.report(
                "a daily report has no day, and '\(day)' is one", at: report.location, "reports.\(report.name).day")
        }
        let named = Frequency.allCases.first { words.contains($0.rawValue) }
        return Entry(
            name: report.name, kind: subject ?? (named ?? frequency).kind, period: frequency.kind,
            isComprehensive: words.contains("comprehensive") || words.contains("detailed"),
            schedule: schedule(frequency, report.value), recipients: recipients,
            format: report.value.format)
    }

    private static func schedule(_ frequency: Frequency, _ report: Report) -> String {
        let day = report.day?.lowercased()
        switch frequency {
        case .daily: return "daily \(report.time)"
        case .weekly:
            let name = day ?? "monday"
            return "weekly \(name.prefix(1).uppercased())\(name.dropFirst()) \(report.time)"
        case .monthly, .quarterly:
            let place = day.map { Int($0) == nil ? $0 : "day \($0)" } ?? "day 1"
            return "\(frequency.rawValue) \(place) \(report.time)"
        }
    }
}

/// A guide's `report-recipients.json`: kinds of reports, or `all`, each with addresses; below `recipients` or alone.
package struct ReportRecipientsFile: Sendable {
    package var recipients: ReportSettings.Recipients

    /// - Throws: `ConfigurationError` with everything that is wrong with the file, or not supported.
    package init(reading path: String) throws(ConfigurationError) {
        let tree = try Tree.guideFile(try ConfigurationText.read(path), path)
        let reading = Reading(directory: "/")
        let inner = tree["recipients"] ?? tree
        if case .list = inner.value {
            var recipients = ReportSettings.Recipients()
            recipients.all = Settings.Format<[String]>.oneOrMore(.address).read(inner, "recipients", reading) ?? []
            self.recipients = recipients
        } else {
            recipients =
                ConfigurationSection.recipients.read(inner, "recipients", reading) ?? ReportSettings.Recipients()
        }
        guard reading.problems.isEmpty else { throw ConfigurationError(reading.problems) }
    }

    /// As the configuration has it.
    package var yaml: String {
        var writer = YAMLWriter()
        writer.write(
            .mapping([
                Output.Field(
                    key: "reports",
                    value: .mapping([
                        Output.Field(key: "recipients", value: ConfigurationSection.recipients.write(recipients))
                    ]))
            ]))
        return writer.lines.joined(separator: "\n") + "\n"
    }
}
