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
        """)

    @Option(
        help: ArgumentHelp("The alert configuration: a JSON or YAML file.", valueName: "file"), completion: .file())
    var alertConfig: LocalPath
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("alerts", by: "alerts configure", place)
        let file = try AlertConfigFile(reading: alertConfig.path, application.vocabulary)
        let source = URL(fileURLWithPath: alertConfig.path).lastPathComponent
        try editing.write(file.text(for: editing.file, source: source), isDryRun: dryRun)
        return editing.leaveOut(file.unsupported)
    }
}
