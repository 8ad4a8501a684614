import ArgumentParser
import Command
import Foundation
import Maintenance
import Settings

/// `mainstay health schedule-reports`
struct ScheduleReports: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "schedule-reports", "Write a routine that reports everybody's health by itself into the configuration.",
        """
        Writes the routine 'health-reports' into 'mainstay.d/health-reports.yaml': it looks at everything, writes the report \
        of the day, and mails it to the recipients through a channel of alerts of kind 'email'. Without recipients the \
        report is only written. First the difference is shown and the whole configuration is read with it. 'mainstay serve' \
        starts it; 'mainstay calendar next' shows when, and 'mainstay run health-reports' does it now. \
        'health:schedule-reports' is the same command.
        """)
    static let aliases = [TaskDeclaration.Alias("health:schedule-reports")]

    @Option(
        help: ArgumentHelp(
            "How often: 'daily', 'weekdays', 'weekly', 'monthly', or a schedule such as 'Mondays 07:30'.",
            valueName: "when"))
    var frequency = "daily"
    @Option(help: ArgumentHelp("The time of day, such as '08:00'.", valueName: "time"))
    var time: String?
    @Option(help: ArgumentHelp("Whom the report is mailed to, several with commas.", valueName: "addresses"))
    var recipients: [String] = []
    @Option(help: ArgumentHelp("The channel; needed where several are of kind 'email'.", valueName: "channel"))
    var channel: String?
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    /// The days of each word.
    private static let days = [
        "daily": "daily", "weekdays": "weekdays", "weekly": "Mondays", "monthly": "monthly day 1",
    ]

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("health-reports", by: "health schedule-reports", place)
        let people = recipients.flatMap { $0.split(separator: ",").map { String($0).trimmingWhitespace() } }
        for person in people where !person.isMailAddress { throw ReportScheduleError.noAddress(person) }
        let yaml = ReportRoutine(
            schedule: try schedule, recipients: people, channel: try mailChannel(editing.inventory, people)
        ).yaml
        try editing.write(editing.file.marked(yaml, from: "the command line"), isDryRun: dryRun)
        if people.isEmpty {
            application.console.note(
                "note: nobody is named with '--recipients', so the report is written and not mailed")
        }
        return .success
    }

    private var schedule: String {
        get throws {
            guard let days = Self.days[frequency] else {
                guard time == nil else { throw ReportScheduleError.timeTwice(frequency) }
                return frequency
            }
            let time = time ?? "08:00"
            guard time.wholeMatch(of: /([01]?[0-9]|2[0-3]):[0-5][0-9]/) != nil else {
                throw ReportScheduleError.noTime(time)
            }
            return "\(days) \(time.utf8.count == 4 ? "0" : "")\(time)"
        }
    }

    /// Nil where nobody is told.
    private func mailChannel(_ inventory: Inventory, _ people: [String]) throws -> String? {
        guard !people.isEmpty else { return nil }
        let names = (inventory.alerts?.channels ?? []).compactMap { channel in
            if case .email = channel.access { channel.name } else { nil }
        }
        if let channel {
            guard names.contains(channel) else { throw ReportScheduleError.noSuchChannel(channel, known: names) }
            return channel
        }
        guard let only = names.first else { throw ReportScheduleError.noChannel }
        guard names.count == 1 else { throw ReportScheduleError.severalChannels(names) }
        return only
    }
}

/// The routine that is written.
struct ReportRoutine {
    var schedule: String
    var recipients: [String]
    var channel: String?

    var yaml: String {
        var lines = [
            "routines:", "  health-reports:", "    description: the health of everything, reported",
            "    schedule: \(Self.quoted(schedule))", "    steps:", "      - health check",
            "      - task: report daily", "        name: written",
        ]
        if let channel {
            let words = ["report", "mail", "--channel=\(channel)"] + recipients.map { "--to=\($0)" }
            lines += [
                "      - task: \(Self.quoted(words.map(\.shellQuoted).joined(separator: " ")))",
                "        needs: [written]",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As YAML's double quotes read it back; what it holds is judged when the whole is read.
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"")
        return "\"\(escaped.printable)\""
    }
}

extension String {
    /// As far as it matters before anything is written: one address, and nothing that a shell or a header would take apart.
    fileprivate var isMailAddress: Bool {
        wholeMatch(of: /[A-Za-z0-9!#$%&*+\/=?^_`{|}~.\-]+@[A-Za-z0-9.\-]+/) != nil && utf8.count <= 254
    }
}

/// Why no routine of reports is written.
enum ReportScheduleError: MaintenanceError, Hashable {
    case noAddress(String)
    case noTime(String)
    case timeTwice(String)
    case noChannel
    case noSuchChannel(String, known: [String])
    case severalChannels([String])

    var code: String {
        switch self {
        case .noAddress: "reports.no-address"
        case .noTime, .timeTwice: "reports.no-time"
        case .noChannel, .noSuchChannel, .severalChannels: "reports.no-channel"
        }
    }

    var problem: String {
        switch self {
        case .noAddress(let text): "'\(text.printable)' is no mail address"
        case .noTime(let text): "'\(text.printable)' is no time of day"
        case .timeTwice(let text): "'--time' belongs to a word such as 'daily', and '\(text.printable)' is a schedule"
        case .noChannel: "no channel of kind 'email' is configured to mail the report through"
        case .noSuchChannel(let name, _): "there is no channel '\(name.printable)' of kind 'email'"
        case .severalChannels(let names): "there are several channels of kind 'email': \(names.joined(separator: ", "))"
        }
    }

    var hint: String? {
        switch self {
        case .noAddress: "Write addresses such as team@company.com, several with commas between them."
        case .noTime: "Write it as hours and minutes: '--time=08:00'."
        case .timeTwice: "Say the time in the schedule: '--frequency=\"Mondays 07:30\"'."
        case .noChannel:
            "Write one under 'alerts.channels', such as 'mail: {kind: email, server: \"mail.example:587\", from: …}', or "
                + "leave '--recipients' out: the report is written then."
        case .noSuchChannel(_, let known):
            known.isEmpty ? "There is none yet." : "There are: \(known.joined(separator: ", "))."
        case .severalChannels: "Name one with '--channel'."
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noAddress, .noTime, .timeTwice: .usage
        default: .configuration
        }
    }
}
