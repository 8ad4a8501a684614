import ArgumentParser
import Command
import Composition
import Engine
import Foundation
import Maintenance
import Outside

@main
struct Mainstay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mainstay",
        abstract: "Plans, does and proves the maintenance of PostgreSQL-backed applications.",
        version: Release.name,
        subcommands: [
            InitCommand.self, RunCommand.self, PlanCommand.self, ResumeCommand.self, ApproveCommand.self,
            RejectCommand.self, HoldCommand.self, ReleaseCommand.self, HoldsCommand.self, ServeCommand.self,
            StatusCommand.self, RunsCommand.self, ShowCommand.self,
            FindingsCommand.self, TasksCommand.self, ChecksCommand.self, ExplainCommand.self,
        ] + capabilities.commands(in: "") + groups + [
            CompletionCommand.self, ManualCommand.self, ReferenceCommand.self,
        ])

    static func main() async {
        let environment = ProcessInfo.processInfo.environment
        let application = application(environment)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let status = await Interruption.running(application.drain) { await application.main(arguments) }
        Foundation.exit(status.rawValue)
    }

    static func application(_ environment: [String: String]) -> Application {
        Application(
            root: Self.self, tasks: capabilities.flatMap(\.tasks), checks: capabilities.flatMap(\.checks),
            findingPages: capabilities.flatMap(\.findingPages), routines: routines, checklists: checklists,
            migrations: capabilities.flatMap(\.migrations),
            services: capabilities.flatMap(\.services), runbooks: capabilities.compactMap(\.runbooks).first,
            programs: Programs(environment: environment), clock: .system, console: Console(environment: environment),
            observer: observer(environment), systemLog: systemLog(environment))
    }

    private static func observer(_ environment: [String: String]) -> JournalObserver {
        #if DEBUG
            FaultPoint.observer(environment)
        #else
            .none
        #endif
    }

    private static func systemLog(_ environment: [String: String]) -> SystemLog {
        #if DEBUG
            // The tests' own socket in place of the machine's.
            if let path = environment["MAINSTAY_SYSTEM_LOG"] { return SystemLog(path: path) }
        #endif
        return SystemLog()
    }
}
