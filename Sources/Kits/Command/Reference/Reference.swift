import ArgumentParser
import Engine
import Maintenance
import Settings

/// The reference: Markdown pages made from nothing but the declarations, the same on every machine and at every time.
struct Reference {
    /// By path under the reference's directory.
    let pages: [String: String]

    /// Option groups that many commands share, in the order pages show them; they are explained once.
    static let sharedGroups = ["Where", "How", "Output", "Configuration"]

    init(_ application: Application) throws {
        let program = try CommandDescription(program: application.root)
        let tasks = application.catalog.entries.map(\.declaration)
        let commands = program.leaves.filter { command in
            !tasks.contains { $0.command == command.words.joined(separator: " ") }
        }
        var pages = [
            "README.md": Self.index(application, tasks, commands),
            "commands.md": Self.commands(commands),
            "options.md": Self.options(program),
            "checks.md": CheckReference.page(
                application.checks, application.schemas.filter { !$0.isAsked }),
            "findings.md": FindingReference.page(application.findingPages),
            "checklists.md": ChecklistReference.page(application.checklists),
            "routines.md": Self.routines(application.routines, tasks),
            "configuration.md": Self.configuration(application.vocabulary),
        ]
        for task in tasks {
            let words = task.command.split(separator: " ").map(String.init)
            pages[Self.path(of: task)] = TaskReference(task, program.deepest(words)).page
        }
        self.pages = pages
    }

    /// `tasks/db-update-stats.md`.
    static func path(of task: TaskDeclaration) -> String {
        "tasks/\(task.command.split(separator: " ").joined(separator: "-")).md"
    }

    private static func index(
        _ application: Application, _ tasks: [TaskDeclaration], _ commands: [CommandDescription]
    ) -> String {
        var page = MarkdownPage("Reference")
        page.prose("What 'mainstay --help', 'mainstay explain' and the dashboard also say, for reading and searching.")
        page.heading("Tasks")
        page.table(
            ["task", "effect", "what it does"],
            tasks.map { ["[\($0.command)](\(path(of: $0)))", $0.effect.rawValue, MarkdownPage.marked($0.summary)] })
        page.heading("Routines")
        page.table(
            ["routine", "what it does"],
            application.routines.map {
                ["[\($0.name)](routines.md#\($0.name))", MarkdownPage.marked($0.summary)]
            })
        page.heading("Other commands")
        page.table(
            ["command", "what it does"],
            commands.map { command in
                let words = command.words.joined(separator: " ")
                let anchor = command.spelling.split(separator: " ").joined(separator: "-")
                return ["[\(words)](commands.md#\(anchor))", MarkdownPage.marked(command.summary)]
            })
        page.heading("And")
        page.list([
            "[The checks](checks.md): \(application.checks.count) questions, with thresholds, meaning and mend",
            "[What findings mean](findings.md): \(application.findingPages.count) more codes, and what mends each",
            "[The checklists](checklists.md): \(application.checklists.flatMap(\.items).count) items, and what answers each",
            "[The configuration's keys](configuration.md), with what they may be and their defaults",
            "[Options, exit status, environment and files](options.md) that all commands share",
        ])
        return page.text
    }

    private static func commands(_ commands: [CommandDescription]) -> String {
        var page = MarkdownPage("Commands")
        page.markdown("What is no task. [Options that many commands share](options.md) are on a page of their own.")
        for command in commands {
            page.heading(command.spelling)
            page.prose(command.summary)
            page.prose(command.explanation)
            page.code("text", [command.usage])
            page.list(command.ownArguments.map(\.markdown))
        }
        return page.text
    }

    /// What many commands share, each said once.
    private static func options(_ program: CommandDescription) -> String {
        var page = MarkdownPage("Options, exit status, environment and files")
        let all = program.leaves.flatMap(\.arguments)
        for group in sharedGroups {
            var seen: Set<String> = []
            page.heading(group)
            page.list(
                all.filter { $0.sectionTitle == group && seen.insert($0.synopsis).inserted }.map(\.markdown))
        }
        page.heading("Exit status")
        page.prose("The same for every command. Of several, the first that applies of 130, 143, 2, 4, 1, 5, 6, 3.")
        page.exitStatuses()
        page.heading("Environment")
        page.list(EnvironmentVariable.all.map { "`\($0.name)`: \(MarkdownPage.marked($0.meaning))" })
        page.prose(EnvironmentVariable.others)
        page.heading("Files")
        page.list(KnownFile.all.map { "`\($0.path)`: \(MarkdownPage.marked($0.meaning))" })
        return page.text
    }

    private static func routines(_ routines: [Routine], _ tasks: [TaskDeclaration]) -> String {
        var page = MarkdownPage("Routines")
        page.prose(
            "These are shipped. A routine of the same name in the configuration adapts the shipped one step by step, or takes "
                + "its place.")
        for routine in routines {
            page.heading(routine.name)
            page.prose(routine.summary.sentence)
            if let schedule = routine.schedule { page.markdown("Schedule: `\(schedule)`, \(routine.mode.rawValue).") }
            page.code("sh", ["mainstay run \(routine.name) --all-environments"])
            page.list(
                routine.steps.map { step in
                    let task = tasks.first { task in
                        step.starts(with: task.command.split(separator: " ").map(String.init))
                    }
                    let text = "`\(step.joined(separator: " "))`"
                    let told = task.map { "[\(text)](\(path(of: $0))): \(MarkdownPage.marked($0.summary))" } ?? text
                    return told + (routine.requirement(of: step).map { ", \($0.text)" } ?? "")
                })
            if !routine.aliases.isEmpty {
                let spellings = routine.aliases.map { "`\($0.spelling)`" }.joined(separator: ", ")
                page.markdown("Also written: \(spellings).")
            }
            page.prose("To change all of it, begin with what is shipped:")
            page.code(
                "yaml",
                ["routines:", "  \(routine.name):", "    steps:"]
                    + routine.steps.map { "      - \($0.joined(separator: " "))" })
        }
        return page.text
    }

    private static func configuration(_ vocabulary: SettingsVocabulary) -> String {
        "\(MarkdownPage.mark)\n\n\(ConfigurationReference(vocabulary: vocabulary).markdown)"
    }
}

extension CommandDescription {
    /// Without what is said about exit statuses, which has its own place.
    var explanation: String { discussion.replacing(exitStatusHelp, with: "").trimmingWhitespace() }

    var ownArguments: [Argument] {
        arguments.filter { !Reference.sharedGroups.contains($0.sectionTitle ?? "") }
    }

    /// Titles of the shared groups it takes.
    var groups: [String] {
        Reference.sharedGroups.filter { group in arguments.contains { $0.sectionTitle == group } }
    }

    /// `mainstay show [--journal] [<run>] [output] [configuration]`.
    var usage: String {
        let own = ownArguments.map { argument -> String in
            let flag = argument.kind == .positional ? "" : argument.preferredName?.spelling ?? ""
            let value = argument.kind == .flag ? "" : argument.placeholder + (argument.isRepeating ? "..." : "")
            let text = [flag, value].filter { !$0.isEmpty }.joined(separator: " ")
            return argument.isOptional ? "[\(text)]" : text
        }
        let shared = groups.map { "[\($0.lowercased()) options]" }
        return ([spelling] + own + shared).joined(separator: " ")
    }
}

extension CommandDescription.Argument {
    var markdown: String {
        (["`\(synopsis)`: \(MarkdownPage.marked(abstract ?? ""))"] + particulars.map(MarkdownPage.marked))
            .joined(separator: " ")
    }
}

extension MarkdownPage {
    mutating func exitStatuses() {
        table(
            ["status", "meaning"],
            ExitStatus.allCases.map { [String($0.rawValue), Self.marked($0.explanation)] })
    }
}
