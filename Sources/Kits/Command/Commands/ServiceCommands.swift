import ArgumentParser
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay service …`
package enum ServiceGroup: CommandFamily {
    package static let name = "service"
    package static let summary = "Have systemd start 'mainstay serve' and keep it running."
    package static var commands: [any ParsableCommand.Type] {
        [ServiceInstallCommand.self, ServiceStatusCommand.self, ServiceUninstallCommand.self]
    }
}

/// Which unit a command is about.
package struct UnitOptions: ParsableArguments, Sendable {
    @Flag(help: "For the machine; so for root where nothing is said.")
    package var system = false
    @Flag(help: "For your own service manager; so for everybody else.")
    package var user = false
    @Option(help: ArgumentHelp("What the unit is called, where there are several.", valueName: "unit"))
    package var name = "mainstay"
    @Option(
        help: ArgumentHelp("Where units are, if not where systemd looks first.", valueName: "directory"),
        completion: .directory)
    package var unitDirectory: LocalPath?

    package init() {}

    package func validate() throws {
        guard !(system && user) else { throw ValidationError("'--system' and '--user' exclude each other") }
        guard !name.isEmpty, name.utf8.count <= 200, name.utf8.allSatisfy({ Self.signs.contains($0) }) else {
            throw ValidationError("'--name' takes letters, digits, '-', '_' and '.'")
        }
    }

    private static let signs = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)

    var scope: ServiceUnit.Scope { system || (!user && SystemUser.isRoot) ? .system : .user }

    func file(_ application: Application) -> InstalledUnit {
        let directory = unitDirectory?.path ?? ServiceUnit.directory(scope, application.programs.environment)
        return InstalledUnit(directory: directory, name: name, scope: scope, programs: application.programs)
    }
}

/// `mainstay service install`
package struct ServiceInstallCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "install", "Write the systemd unit of 'mainstay serve', checked by systemd itself.",
        """
        The unit names this program, this configuration and this state by their absolute paths. An existing file is \
        replaced only with '--replace', after its difference was shown. Nothing is started: the line that does it is \
        printed. Variables that the configuration needs belong into the environment file.
        """)

    @OptionGroup(title: "Unit") package var unit: UnitOptions
    @Option(help: ArgumentHelp("The account it runs as; with '--system' only.", valueName: "user"))
    package var runAs: String?
    @Option(
        help: ArgumentHelp(
            "A file of NAME=value lines for the service; 'environment' beside the configuration if nothing is said.",
            valueName: "file"), completion: .file())
    package var environmentFile: LocalPath?
    @Flag(help: "Replace a unit that is there and differs.")
    package var replace = false
    @Flag(help: "Print the unit, or what would change, and write nothing.")
    package var dryRun = false
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard runAs == nil || !unit.user else {
            throw ValidationError("'--run-as' is for '--system'; a user's services run as that user")
        }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let console = application.console
        let installed = unit.file(application)
        let text = try wanted(application).text
        let old = try installed.text()
        let difference = LineDifference(from: old ?? "", to: text)
        let style = Style(usesColor: console.usesColor)
        if let reason = try await installed.verify(text) {
            console.note("systemd could not be asked about the unit: \(reason.printable)")
        }
        if old == text {
            console.print("mainstay: '\(installed.path.printable)' is as it should be")
            return .success
        }
        if old == nil, dryRun { console.print(text) }
        if old != nil { for line in difference.lines(style) { console.print(line) } }
        if dryRun { return .success }
        guard old == nil || replace else { throw ServiceError.differs(path: installed.path) }
        try installed.write(text)
        console.print("mainstay: wrote '\(installed.path.printable)'")
        try await installed.tellManager()
        for line in installed.next(account: unit.scope == .user ? SystemUser.current.name : nil) {
            console.print("next: \(line)")
        }
        return .success
    }

    private func wanted(_ application: Application) throws -> ServiceUnit {
        let configuration = LocalPath(argument: try application.configurationFile(place))?.path ?? "/"
        let inventory = try application.readConfiguration(place).inventory
        let state = application.stateDirectory(place, inventory)
        var account: String?
        if unit.scope == .system, let runAs {
            let user = try SystemUser.named(runAs)
            account = user.name
            if let owner = try ServiceError.owner(of: state), owner != user.id {
                throw ServiceError.stateOfAnother(directory: state, account: user.name)
            }
        }
        let beside = URL(fileURLWithPath: configuration).deletingLastPathComponent().path
        return ServiceUnit(
            scope: unit.scope, description: "Mainstay starts maintenance by its schedules",
            program: [try Self.ownPath(), "serve", "--config", configuration, "--state", state], account: account,
            environmentFile: environmentFile?.path ?? (beside == "/" ? "/environment" : "\(beside)/environment"))
    }

    /// Of the very program that runs now, whatever it was called as.
    private static func ownPath() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}

/// `mainstay service status`
package struct ServiceStatusCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "status", "Say whether the unit is there, whether systemd knows it, and whether a scheduler runs.",
        "Exits with 0 where a scheduler runs, however it was started, and with 1 where none does.")

    @OptionGroup(title: "Unit") package var unit: UnitOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    private struct Document: Encodable {
        var unit: String
        var isInstalled: Bool
        /// As `systemctl is-active` says it; nil where no systemd runs.
        var manager: String?
        var scheduler: ScheduleStanding.SchedulerState
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let installed = unit.file(application)
        let isInstalled = try installed.text() != nil
        let manager = try await installed.activity()
        let scheduler = try await session.log.schedulerState()
        let running =
            scheduler.isRunning
            ? scheduler.record.map { "process \($0.process) on \($0.host) since \($0.since)" } ?? "yes"
            : "no; start it with 'mainstay serve' or the unit"
        let listing = Listing(
            "Service", ["what", "is"],
            [
                [.text("unit"), .text(installed.path + (isInstalled ? "" : " (not installed)"))],
                [.text("systemd"), .text(manager ?? "does not run here")],
                [.text("scheduler"), .text(running)],
            ])
        let document = Document(
            unit: installed.path, isInstalled: isInstalled, manager: manager, scheduler: scheduler)
        try session.print(listing, document: document, empty: "")
        return scheduler.isRunning ? .success : .failure
    }
}

/// `mainstay service uninstall`
package struct ServiceUninstallCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "uninstall", "Stop the service and remove its unit.",
        "Only a unit that 'mainstay service install' wrote. Configuration and state stay.")

    @OptionGroup(title: "Unit") package var unit: UnitOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let installed = unit.file(application)
        guard let text = try installed.text() else { throw ServiceError.notInstalled(path: installed.path) }
        guard text.hasPrefix(ServiceUnit.mark) else { throw ServiceError.notOurs(path: installed.path) }
        try await installed.stop()
        try installed.remove()
        try await installed.tellManager()
        application.console.print("mainstay: removed '\(installed.path.printable)'")
        return .success
    }
}
