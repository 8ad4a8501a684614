import ArgumentParser
import Engine
import Foundation
import Glibc
import Maintenance
import Outside
import Settings
import Store

/// The program as one value: all that the commands of this process work with.
package struct Application: Sendable {
    package let catalog: TaskCatalog
    package let checks: [Check]
    package let routines: [Routine]
    package let migrations: [Migration]
    package let programs: Programs
    package let clock: WallClock
    package let console: Console
    package let observer: JournalObserver
    let aliases: AliasTable

    package init(
        tasks: [TaskRegistration], checks: [Check], routines: [Routine], migrations: [Migration], programs: Programs,
        clock: WallClock, console: Console, observer: JournalObserver = .none
    ) {
        catalog = TaskCatalog(tasks.map(\.entry))
        self.checks = checks.sorted { $0.name < $1.name }
        self.routines = routines
        self.migrations = EngineSchema.migrations + migrations
        self.programs = programs
        self.clock = clock
        self.console = console
        self.observer = observer
        aliases = AliasTable(tasks: tasks.map(\.entry.declaration), routines: routines)
    }

    /// Reads the arguments, runs the command they name and says how it ended.
    package func main(_ root: any ParsableCommand.Type, _ arguments: [String]) async -> ExitStatus {
        do {
            var command = try root.parseAsRoot(aliases.expand(arguments))
            guard let known = command as? any HouseCommand else {
                // A group alone, or the root: what stands under it.
                try command.run()
                return .success
            }
            return try await known.run(in: self)
        } catch let error as any MaintenanceError {
            return report(error, arguments)
        } catch is CancellationError {
            return .interrupted
        } catch {
            let message = root.fullMessage(for: error)
            switch root.exitCode(for: error) {
            case .success:
                console.print(message)
                return .success
            case .validationFailure:
                console.note(message.replacing("Error: ", with: "mainstay: "))
                return .usage
            default:
                return report(ErrorReport(error), arguments)
            }
        }
    }

    private func report(_ error: any MaintenanceError, _ arguments: [String]) -> ExitStatus {
        let wantsJSON =
            arguments.contains("--format=json")
            || zip(arguments, arguments.dropFirst()).contains {
                $0 == "--format" && $1 == "json"
            }
        if wantsJSON, let text = try? JSONText.make(ErrorReport(error)) {
            console.note(text)
        } else {
            console.note("mainstay: \(error.problem)")
            if let hint = error.hint { console.note("hint: \(hint)") }
        }
        return error.exitStatus
    }

    /// Who asks, as the operating system knows them.
    package var requester: Requester {
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? String(geteuid())
        let host = ProcessInfo.processInfo.hostName
        return Requester(
            user: user, sudoUser: programs.environment["SUDO_USER"], host: host, processID: getpid())
    }
}
