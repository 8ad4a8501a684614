import ArgumentParser
import Command
import Foundation
import Maintenance
import Settings

/// `mainstay backup configure`
struct ConfigureBackups: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "configure", "Take a team's backup strategy over into the configuration.",
        """
        Reads a file such as the guides' backup-strategy.json ('//' comments allowed) and writes what it says of each \
        environment into 'mainstay.d/backups.yaml': first the difference is shown and the whole configuration is read \
        with it, then the file takes the old one's place. What the file asks for and is not supported yet is listed line \
        by line and not written, and the command ends with 3. 'backup:configure' is the same command.
        """)
    static let aliases = [TaskDeclaration.Alias("backup:configure")]

    @Option(help: ArgumentHelp("The strategy: a JSON or YAML file.", valueName: "file"), completion: .file())
    var strategy: LocalPath
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("backups", by: "backup configure", place)
        let file = try BackupStrategyFile(
            reading: strategy.path, environments: editing.inventory.environments.map(\.name),
            storage: editing.inventory.backups.storage)
        let source = URL(fileURLWithPath: strategy.path).lastPathComponent
        try editing.write(file.text(for: editing.file, source: source), isDryRun: dryRun)
        return editing.leaveOut(file.unsupported)
    }
}
