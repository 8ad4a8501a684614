import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay monitor export`
struct ExportMonitoring: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "export", "Say how everything stands in Prometheus' text format.",
        """
        Prints gauges for each check, the health of each environment and the open findings; with '--file' it writes them \
        there, whole or not at all, for the textfile collector of node_exporter, which reads files that end in '.prom'. \
        Rules and a dashboard that use them are in 'contrib'.
        """)

    @Option(
        help: ArgumentHelp("Where to write instead: a file that ends in .prom.", valueName: "path"),
        completion: .file())
    var file: LocalPath?
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        if let file, !file.path.hasSuffix(".prom") {
            throw ValidationError("'--file' ends in '.prom': the collector reads no other file")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        let exposition = Exposition(
            try await session.log.monitored(), try await session.log.openFindings(),
            environments: session.inventory.environments.map(\.name), at: application.clock.now())
        guard let file else {
            application.console.print(String(exposition.text.dropLast()))
            return .success
        }
        let place = URL(fileURLWithPath: file.path)
        try SafeDirectory(place.deletingLastPathComponent().path).write(
            try FileName(place.lastPathComponent), Array(exposition.text.utf8))
        return .success
    }
}
