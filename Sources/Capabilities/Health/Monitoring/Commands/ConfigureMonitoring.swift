import ArgumentParser
import Command
import Foundation
import Maintenance
import Settings

/// `mainstay monitor configure`
struct ConfigureMonitoring: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "configure", "Take a team's thresholds over into the configuration.",
        """
        Reads a JSON ('//' comments allowed) or YAML file and writes what it says into 'mainstay.d/thresholds.yaml': first \
        the difference is shown and the whole configuration is read with it. The file names checks as Mainstay does, with \
        'warning' and 'critical', or in the guides' words: 'response_time' in milliseconds, 'cpu_usage', 'memory_usage' and \
        'resource_usage' (both of them, and disks) in percent, 'error_rate' in percent or, below 1, as the share, a number \
        for the warning or a pair for both. What is not supported yet is listed and \
        not written, and the command ends with 3.
        """)
    static let aliases = [
        TaskDeclaration.Alias("monitor:configure", implied: ["--health-checks"]),
        TaskDeclaration.Alias("alerts:performance"),
    ]

    @Option(help: ArgumentHelp("The thresholds: a JSON or YAML file.", valueName: "file"), completion: .file())
    var thresholds: LocalPath
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("thresholds", by: "monitor configure", place)
        let file = try ThresholdFile(reading: thresholds.path, application.vocabulary)
        let source = URL(fileURLWithPath: thresholds.path).lastPathComponent
        if !file.checks.isEmpty { try editing.write(file.text(for: editing.file, source: source), isDryRun: dryRun) }
        return editing.leaveOut(file.unsupported)
    }
}

/// `mainstay health automate`
struct AutomateHealthChecks: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "automate", "Take a team's health-check-config.json over, and have its checks asked all the time.",
        """
        Writes what the file says about each of its environments, intervals, time limits, retries and thresholds, into \
        'mainstay.d/health-checks.yaml', and begins to monitor those environments where the configuration says nothing about \
        monitoring yet. First the difference is shown and the whole configuration is read with it. What it asks for and is \
        not supported refuses the whole file. A server that runs takes it up when it reads its configuration again (SIGHUP).
        """)

    static let aliases = [TaskDeclaration.Alias("health:automate", meanings: ["--config": ["--checks"]])]

    @Option(
        name: .customLong("checks"),
        help: ArgumentHelp("The health checks, such as the guides' health-check-config.json.", valueName: "path"),
        completion: .file())
    var file: LocalPath
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("health-checks", by: "health automate", place)
        let text = try HealthCheckFile.text(
            reading: file.path, for: editing.file, in: editing.inventory, application.vocabulary)
        try editing.write(text, isDryRun: dryRun)
        return .success
    }
}
