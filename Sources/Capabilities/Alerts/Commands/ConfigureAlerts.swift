import ArgumentParser
import Command
import Foundation
import Maintenance
import Settings

/// `mainstay alerts configure`
struct ConfigureAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "configure", "Take a team's alert configuration over into the configuration.",
        """
        Reads a file such as the guides' alert-config.json ('//' comments allowed) and writes what it says into \
        'mainstay.d/alerts.yaml': first the difference is shown and the whole configuration is read with it, then the file \
        takes the old one's place. The channels it names are those of 'alerts.channels'; its thresholds become those of the \
        checks that measure the same. What it asks for and is not supported yet is listed line by line and not written, and \
        the command ends with 3.

        With '--health-alerts' it writes a route into 'mainstay.d/health-alerts.yaml' instead: everything that health checks \
        find is told to the recipients as well, through those of the configured channels that understand their addresses, and \
        whoever is told today still is.
        """)
    static let aliases = [TaskDeclaration.Alias("alerts:configure")]

    @Option(
        help: ArgumentHelp("The alert configuration: a JSON or YAML file.", valueName: "file"), completion: .file())
    var alertConfig: LocalPath?
    @Flag(help: "Tell what health checks find to the recipients.")
    var healthAlerts = false
    @Option(help: ArgumentHelp("Mail addresses or telephone numbers, separated by commas.", valueName: "addresses"))
    var recipients: String?
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard healthAlerts != (alertConfig != nil) else {
            throw ValidationError("either '--alert-config=FILE' or '--health-alerts --recipients=ADDRESSES' is needed")
        }
        guard healthAlerts == (recipients != nil) else {
            throw ValidationError("'--health-alerts' and '--recipients' belong together")
        }
        guard !healthAlerts || !people.isEmpty else { throw ValidationError("'--recipients' names nobody") }
    }

    func run(in application: Application) async throws -> ExitStatus {
        guard let alertConfig else { return try routeHealth(application) }
        let editing = try application.editing("alerts", by: "alerts configure", place)
        let file = try AlertConfigFile(reading: alertConfig.path, application.vocabulary)
        let source = URL(fileURLWithPath: alertConfig.path).lastPathComponent
        try editing.write(file.text(for: editing.file, source: source), isDryRun: dryRun)
        return editing.leaveOut(file.unsupported)
    }

    private var people: [String] {
        (recipients ?? "").split(separator: ",").map { String($0).trimmingWhitespace() }.filter { !$0.isEmpty }
    }

    private func routeHealth(_ application: Application) throws -> ExitStatus {
        let editing = try application.editing("health-alerts", by: "alerts configure", place)
        guard let alerts = editing.inventory.alerts else { throw AlertsError.nothingConfigured }
        for person in people where !alerts.channels.contains(where: { $0.access.understands(person) }) {
            throw AlertsError.understoodByNone(person)
        }
        let channels = alerts.channels.filter { channel in people.contains(where: channel.access.understands) }
        let file = HealthAlertsFile(channels: channels.map(\.name), recipients: people)
        try editing.write(file.text(for: editing.file, source: "--recipients"), isDryRun: dryRun)
        return .success
    }
}
