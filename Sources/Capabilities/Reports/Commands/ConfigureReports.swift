import ArgumentParser
import Command
import Foundation
import Maintenance
import Report
import Settings

/// `mainstay report configure`
struct ConfigureReports: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "configure", "Take a team's schedule of reports over into the configuration.",
        """
        Reads a JSON ('//' comments allowed) or YAML file with a mapping 'reports', of which each says 'frequency', 'time', \
        'day', 'recipients' and 'format', and writes a routine for each into 'mainstay.d/reports.yaml'. The word in a \
        report's name that is a kind of report ('weekly_performance') says which one is meant, otherwise how often it comes; \
        'comprehensive' is one with all details. First the difference is shown and the whole configuration is read with it. \
        'mainstay serve' starts them; 'mainstay calendar next' shows when. They are mailed by the channel that \
        'reports.channel' names; a report that does not go out is the finding RP001. 'reports:configure' is the same command.
        """)
    static let aliases = [TaskDeclaration.Alias("reports:configure")]

    @Option(help: ArgumentHelp("The schedule: a JSON or YAML file.", valueName: "file"), completion: .file())
    var schedule: LocalPath
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("reports", by: "report configure", place)
        let file = try ReportScheduleFile(reading: schedule.path)
        let source = URL(fileURLWithPath: schedule.path).lastPathComponent
        try editing.requireMailChannel()
        try editing.write(editing.file.marked(ScheduledReports(file).yaml, from: source), isDryRun: dryRun)
        return .success
    }
}

/// `mainstay report distribution`
struct DistributeReports: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "distribution", "Say in the configuration who gets which report.",
        """
        Reads a JSON ('//' comments allowed) or YAML file that names addresses for kinds of reports (daily, weekly, monthly, \
        quarterly, performance, backup) or for 'all', alone or below 'recipients', and writes it as 'reports.recipients' \
        into 'mainstay.d/report-recipients.yaml'. Whenever such a report is written to its own place, they get it. First the \
        difference is shown and the whole configuration is read with it. 'reports:distribution' is the same command.
        """)
    static let aliases = [TaskDeclaration.Alias("reports:distribution")]

    @Option(help: ArgumentHelp("Who gets what: a JSON or YAML file.", valueName: "file"), completion: .file())
    var recipients: LocalPath
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("report-recipients", by: "report distribution", place)
        let file = try ReportRecipientsFile(reading: recipients.path)
        let source = URL(fileURLWithPath: recipients.path).lastPathComponent
        try editing.requireMailChannel()
        try editing.write(editing.file.marked(file.yaml, from: source), isDryRun: dryRun)
        return .success
    }
}

/// `mainstay health schedule-reports`
struct ScheduleHealthReports: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "schedule-reports", "Write a routine into the configuration that checks health and mails the report.",
        """
        Writes the routine 'health-report' into 'mainstay.d/health-report.yaml': it checks the health of every environment \
        and mails the report of the day to the recipients. First the difference is shown and the whole configuration is read \
        with it. 'mainstay serve' starts it; 'mainstay calendar next' shows when. A report that does not go out is the \
        finding RP001. 'health:schedule-reports' is the same command.
        """)
    static let aliases = [TaskDeclaration.Alias("health:schedule-reports")]

    enum Frequency: String, CaseIterable, ExpressibleByArgument {
        case daily, weekly, monthly

        var days: Int {
            switch self {
            case .daily: 1
            case .weekly: 7
            case .monthly: 31
            }
        }
    }

    @Option(help: ArgumentHelp("How often.", valueName: "cadence"))
    var frequency: Frequency = .daily
    @Option(help: ArgumentHelp("The time of day.", valueName: "hh:mm"))
    var time = "08:00"
    @Option(help: ArgumentHelp("Who gets it; several with commas between them.", valueName: "addresses"))
    var recipients: MailRecipients
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("health-report", by: "health schedule-reports", place)
        try editing.requireMailChannel()
        let routine = ScheduledReports([
            .init(
                name: "health-report", description: "the health of every environment, by mail",
                schedule: "\(frequency.rawValue) \(time)",
                steps: [
                    "health check",
                    "report daily --since=\(frequency.days)d --no-email --email-to=\(recipients.argumentText.shellQuoted)",
                ])
        ])
        try editing.write(editing.file.marked(routine.yaml, from: "the command line"), isDryRun: dryRun)
        return .success
    }
}

extension ConfigurationEditing {
    /// A schedule that could mail nothing would fail every time.
    fileprivate func requireMailChannel() throws {
        guard inventory.reportChannel != nil else {
            throw ReportError.noMailServer(channel: inventory.reports.channel)
        }
    }
}
