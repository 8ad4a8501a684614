import ArgumentParser
import Calendar
import Engine
import Foundation
import Glibc
import Maintenance
import Outside
import Settings
import Store

/// The program as one value: all that the commands of this process work with.
package struct Application: Sendable {
    /// The command all others stand under.
    package let root: any ParsableCommand.Type
    package let catalog: TaskCatalog
    package let checks: [Check]
    /// What codes of findings mean that are no checks'.
    package let findingPages: [FindingPage]
    package let routines: [Routine]
    package let checklists: [Checklist]
    package let migrations: [Migration]
    /// The options of each task by their types, for those who ask over the network.
    let optionShapes: [String: @Sendable () -> [OptionShape]]
    /// What `serve` runs beside the scheduler.
    package let services: [HouseService]
    /// Nil where nobody writes them.
    package let runbooks: RunbookSource?
    package let programs: Programs
    package let clock: WallClock
    package let console: Console
    package let observer: JournalObserver
    package let zones: ZoneDirectory
    /// What a signal does first where the command wants it so.
    package let drain = Drain()
    /// Where the head of the audit trail is left for safe keeping.
    package let systemLog: SystemLog
    /// Made when it is asked for: it takes a look at every command there is.
    var aliases: AliasTable { AliasTable(tasks: catalog.entries.map(\.declaration), routines: routines, root: root) }

    package init(
        root: any ParsableCommand.Type, tasks: [TaskRegistration], checks: [Check], findingPages: [FindingPage] = [],
        routines: [Routine], checklists: [Checklist] = [], migrations: [Migration], services: [HouseService] = [],
        runbooks: RunbookSource? = nil, programs: Programs,
        clock: WallClock, console: Console, observer: JournalObserver = .none, systemLog: SystemLog = SystemLog()
    ) {
        self.root = root
        catalog = TaskCatalog(tasks.map(\.entry), checklists: checklists, checks: checks)
        optionShapes = Dictionary(uniqueKeysWithValues: tasks.map { ($0.entry.declaration.name, $0.shapes) })
        self.checks = checks.sorted { $0.name < $1.name }
        self.findingPages = findingPages
        self.routines = routines
        self.checklists = checklists
        self.migrations = EngineSchema.migrations + migrations
        self.services = services
        self.runbooks = runbooks
        self.programs = programs
        self.clock = clock
        self.console = console
        self.observer = observer
        zones = ZoneDirectory(environment: programs.environment)
        self.systemLog = systemLog
    }

    /// Reads the arguments, runs the command they name and says how it ended.
    package func main(_ arguments: [String]) async -> ExitStatus {
        do {
            if let candidates = candidates(arguments) {
                for candidate in candidates { console.print(candidate) }
                return .success
            }
            switch try parse(arguments) {
            case .command(let command):
                guard type(of: command).answersNagios || !wants(.nagios, arguments) else {
                    throw CommandError.noNagios
                }
                return try await command.run(in: self)
            case .answer(let text):
                console.print(text)
                return .success
            case .incomplete(let group):
                console.note(root.helpMessage(for: group, columns: console.errorWidth).trimmingWhitespace())
                return .usage
            }
        } catch is CancellationError {
            return .interrupted
        } catch {
            return report(ErrorReport(error), arguments)
        }
    }

    /// What arguments mean.
    package enum Parsed {
        case command(any HouseCommand)
        /// Help or a version was asked for; this is it.
        case answer(String)
        /// Only a group was named, or nothing at all.
        case incomplete(any ParsableCommand.Type)
    }

    /// Throws a `UsageMistake`.
    package func parse(_ typed: [String]) throws -> Parsed {
        let arguments = spelled(typed)
        do {
            var command = try root.parseAsRoot(AliasTable.maySpell(arguments) ? aliases.expand(arguments) : arguments)
            if let known = command as? any HouseCommand { return .command(known) }
            let type = type(of: command)
            if !type.configuration.subcommands.isEmpty { return .incomplete(type) }
            // The parser's own help command; it answers with an error.
            try command.run()
            return .answer("")
        } catch  where root.exitCode(for: error) == .success {
            return .answer(root.fullMessage(for: error))
        } catch {
            throw UsageMistake(
                root.fullMessage(for: error), arguments: aliases.expand(arguments),
                program: try CommandDescription(program: root), aliases: aliases.spellings)
        }
    }

    /// With another spelling that was typed in two words, `backup pre-upgrade`, in one, as `backup:pre-upgrade`. A command's
    /// own words always mean that command.
    func spelled(_ arguments: [String]) -> [String] {
        guard arguments.count > 1, !arguments[0].hasPrefix("-"), !arguments[1].hasPrefix("-"),
            let group = root.configuration.subcommands.first(where: { $0.configuration.commandName == arguments[0] }),
            !group.configuration.subcommands.isEmpty,
            !group.configuration.subcommands.contains(where: { $0.configuration.commandName == arguments[1] })
        else { return arguments }
        let spelling = "\(arguments[0]):\(arguments[1])"
        return aliases.knows(spelling) ? [spelling] + arguments.dropFirst(2) : arguments
    }

    /// Whether arguments are a whole command, asked about many of them with what is the same for all.
    ///
    /// - Throws: a `UsageMistake`.
    func isCommand(_ arguments: [String], _ program: CommandDescription, _ aliases: AliasTable) throws -> Bool {
        do {
            return try root.parseAsRoot(arguments) is any HouseCommand
        } catch  where root.exitCode(for: error) == .success {
            return false
        } catch {
            throw UsageMistake(
                root.fullMessage(for: error), arguments: arguments, program: program, aliases: aliases.spellings)
        }
    }

    private func report(_ error: ErrorReport, _ arguments: [String]) -> ExitStatus {
        if wants(.nagios, arguments) {
            for line in NagiosText.lines(error) { console.print(line) }
            return NagiosText.unknown
        }
        if wants(.json, arguments), let text = try? JSONText.make(error) {
            console.note(text)
        } else {
            console.note("mainstay: \(error.problem)")
            if let hint = error.hint { console.note("hint: \(hint)") }
        }
        return error.exitStatus
    }

    private func wants(_ format: OutputFormat, _ arguments: [String]) -> Bool {
        arguments.contains("--format=\(format.rawValue)")
            || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == format.rawValue }
    }

    /// Who asks, as the operating system knows them.
    package var requester: Requester {
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? String(geteuid())
        let host = ProcessInfo.processInfo.hostName
        return Requester(
            user: user, sudoUser: programs.environment["SUDO_USER"], host: host, processID: getpid())
    }
}
