import ArgumentParser
import Engine
import Maintenance
import Settings

/// `mainstay tasks`
package struct TasksCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "tasks", "List the tasks and the shipped routines.")

    @OptionGroup(title: "Output") package var output: OutputOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let tasks = application.catalog.entries.map(\.declaration)
        let listing = Listing(
            "Tasks", ["command", "effect", "what it does"],
            tasks.map { [.text($0.command), .text($0.effect.rawValue), .text($0.summary)] }
                + application.routines.map { [.text("run \($0.name)"), "routine", .text($0.summary)] })
        let document = tasks.map(TaskDocument.init)
        try application.console.print(listing, document: document, as: output.format, empty: "")
        return .success
    }
}

/// A task's declaration as JSON.
struct TaskDocument: Encodable {
    var name, command, summary, explanation, effect: String
    var version: Int
    var aliases: [String]

    init(_ declaration: TaskDeclaration) {
        name = declaration.name
        command = declaration.command
        summary = declaration.summary
        explanation = declaration.explanation
        effect = declaration.effect.rawValue
        version = declaration.version
        aliases = declaration.aliases.map(\.spelling)
    }
}

/// `mainstay checks`
package struct ChecksCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "checks", "List the checks with their thresholds.")

    @OptionGroup(title: "Output") package var output: OutputOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let listing = Listing(
            "Checks", ["check", "code", "of", "warning", "critical", "title"],
            application.checks.map { check in
                let limits = CheckLimits(check.schema, CheckSetting())
                let unit = limits.unit ?? .count
                return [
                    .text(check.name), .text(check.code), .text(check.kind.rawValue),
                    limits.warning.map { .text(unit.text($0)) } ?? .null,
                    limits.critical.map { .text(unit.text($0)) } ?? .null, .text(check.title),
                ]
            })
        try application.console.print(
            listing, document: application.checks.map(CheckDocument.init), as: output.format, empty: "")
        return .success
    }
}

/// A check's declaration as JSON.
struct CheckDocument: Encodable {
    var name, code, title, kind, explanation: String
    var source, mend: String?
    var warning, critical: Double?
    var unit: String?

    init(_ check: Check) {
        name = check.name
        code = check.code
        title = check.title
        kind = check.kind.rawValue
        explanation = check.explanation
        source = check.source
        mend = check.mend
        warning = check.schema.thresholds?.warning
        critical = check.schema.thresholds?.critical
        unit = check.schema.thresholds?.unit.rawValue
    }
}

/// `mainstay explain NAME`
package struct ExplainCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "explain", "Explain a task, a check, a finding's code or a routine: its manual page.")

    @Argument(help: "Its name or code: 'db update-stats', 'connections.used', 'HC003', 'daily'.", completion: .known)
    package var name: [String]

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let wanted = name.joined(separator: " ")
        let width = application.console.width.map { min($0, 100) }
        for line in try page(wanted, application) {
            for part in line.wrapped(to: width) { application.console.print(part) }
        }
        return .success
    }

    private func page(_ wanted: String, _ application: Application) throws -> [String] {
        let dotted = wanted.split(separator: " ").joined(separator: ".")
        if let task = application.catalog.entries.map(\.declaration).first(where: { $0.name == dotted }) {
            return TaskPage(task).lines
        }
        if let check = application.checks.first(where: { $0.name == dotted || $0.code == wanted.uppercased() }) {
            return CheckPage(check).lines
        }
        if let page = application.findingPages.first(where: { $0.name == dotted || $0.code == wanted.uppercased() }) {
            return page.lines
        }
        if let routine = application.routines.first(where: { $0.name == wanted }) {
            return ["run \(routine.name): \(routine.summary)", ""] + (routine.start.map { [$0, ""] } ?? [])
                + routine.steps.map { "- \($0.joined(separator: " "))" }
        }
        let known =
            application.catalog.entries.map(\.declaration.command) + application.checks.map(\.name)
            + application.checks.map(\.code) + application.routines.map(\.name)
            + application.findingPages.flatMap { [$0.name, $0.code] }
        throw CommandError.noSuchName(wanted, known: known)
    }
}

/// A task's manual page, as every surface shows it.
package struct TaskPage {
    package let lines: [String]

    package init(_ task: TaskDeclaration) {
        let aliases = task.aliases.map(\.spelling)
        lines =
            [
                "\(task.command): \(task.summary)", "", task.explanation, "",
                "Effect: \(task.effect.rawValue). Works on \(task.subject.explanation).",
            ]
            + (aliases.isEmpty ? [] : ["Also written: \(aliases.joined(separator: ", "))."])
    }
}

/// A check's manual page, as every surface shows it.
package struct CheckPage {
    package let lines: [String]

    package init(_ check: Check) {
        let limits = CheckLimits(check.schema, CheckSetting())
        var lines = ["\(check.name) (\(check.code)): \(check.title)", "", check.explanation, ""]
        if !limits.text.isEmpty {
            lines.append("Thresholds: \(limits.text). Configure them under 'checks.\(check.name)'.")
        }
        if let origin = check.schema.thresholds?.origin { lines.append(origin.text) }
        for option in check.schema.options {
            lines.append("Option '\(option.name)': \(option.summary) (default: \(option.standardText ?? "none"))")
        }
        if let mend = check.mend { lines.append("Mend: \(mend.replacing("{environment}", with: "NAME"))") }
        if let source = check.source { lines.append("Source: \(source)") }
        self.lines = lines
    }
}
