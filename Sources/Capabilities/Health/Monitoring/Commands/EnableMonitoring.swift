import ArgumentParser
import Command
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay monitor enable`
struct EnableMonitoring: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "enable", "Have the checks asked all the time.",
        """
        Writes 'mainstay.d/monitoring.yaml': 'mainstay serve' then asks every check of the environments again and again, and \
        goes on with it after a restart. First the difference is shown and the whole configuration is read with it. A server \
        that runs takes it up when it reads its configuration again (SIGHUP). Without an interval everything is asked once a \
        minute, and what takes longer at its own pace; see docs/monitoring.md for more.
        """)
    static let aliases = [TaskDeclaration.Alias("monitor:enable", implied: ["--continuous"])]

    @Option(help: ArgumentHelp("How long lies between two rounds of a check.", valueName: "duration"))
    var interval: Duration?
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("monitoring", by: "monitor enable", place)
        let all = editing.inventory.environments.map(\.name)
        let chosen = try editing.inventory.select(environments, for: .environments)
        var lines = ["monitoring:"]
        lines.append("  every: \((interval ?? MonitoringSettings().every).canonical)")
        // All of them without their names, so that one that comes later belongs to it too.
        if chosen != all { lines.append("  environments: [\(chosen.joined(separator: ", "))]") }
        try editing.write(
            editing.file.marked(lines.joined(separator: "\n") + "\n", from: "the command line"), isDryRun: dryRun)
        return .success
    }
}
