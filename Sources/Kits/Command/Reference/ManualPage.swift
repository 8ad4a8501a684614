import ArgumentParser
import Engine
import Maintenance

/// The manual page mainstay(1), in mdoc (mdoc(7)): `man` shows it, mandoc makes HTML of it.
struct ManualPage {
    let text: String

    /// Of the last change to what is written here by hand; a page without a date is an error in mdoc, and today's date
    /// would make every build another one.
    private static let date = "November 21, 2026"

    init(_ application: Application) throws {
        let program = try CommandDescription(program: application.root)
        var page = Manual()
        page.macro("Dd", Self.date)
        page.macro("Dt", "MAINSTAY", "1")
        page.macro("Os")
        page.section("NAME")
        page.macro("Nm", program.name)
        page.macro("Nd", "plans, does and proves the maintenance of PostgreSQL-backed applications")
        page.section("SYNOPSIS")
        page.macro("Nm")
        page.macro("Ar", "command")
        page.macro("Op", "Ar", "option ...")
        page.section("DESCRIPTION")
        Self.describe(&page)
        page.section("COMMANDS")
        page.list(program.leaves.map { command in (.command(command), { $0.commandBody(command) }) })
        page.section("OPTIONS OF MANY COMMANDS")
        var seen: Set<String> = []
        let shared = program.leaves.flatMap(\.arguments).filter { argument in
            Reference.sharedGroups.contains(argument.sectionTitle ?? "") && seen.insert(argument.synopsis).inserted
        }
        page.list(shared.map { argument in (.argument(argument), { $0.argumentBody(argument) }) })
        page.section("ENVIRONMENT")
        page.list(
            EnvironmentVariable.all.map { variable in (.variable(variable.name), { $0.prose(variable.meaning) }) })
        page.macro("Pp")
        page.prose(EnvironmentVariable.others)
        page.section("FILES")
        page.list(KnownFile.all.map { file in (.path(file.path), { $0.prose(file.meaning) }) })
        page.section("EXIT STATUS")
        page.list(
            ExitStatus.allCases.map { status in
                (.words("\(status.rawValue)"), { $0.prose(status.explanation.sentence) })
            })
        page.section("EXAMPLES")
        for (index, example) in Self.examples.enumerated() {
            if index > 0 { page.macro("Pp") }
            page.example(example.0, example.1)
        }
        page.section("SEE ALSO")
        page.macro("Xr", "pg_dump", "1", ",")
        page.macro("Xr", "psql", "1")
        page.section("SECURITY CONSIDERATIONS")
        page.prose(
            """
            Whoever may write the configuration may run commands as the user Mainstay runs as, since secrets may come \
            from commands. Whoever may write the state decides what was approved and proved. Keep both to that user.
            """)
        text = page.text
    }

    private static func describe(_ page: inout Manual) {
        page.prose(
            """
            Mainstay reads what is to be maintained from a configuration file and does it in four moves. A survey \
            looks, and cannot write. A plan says exactly what would be done, with a digest; '--dry-run' stops there. \
            Each change is then written into a journal before it is made, and looked at again afterwards: what cannot \
            be shown to be done is 'unproven' and never counts as success.
            """)
        page.macro("Pp")
        page.prose(
            """
            After a crash 'mainstay resume' asks the target what was done, so that nothing is done twice. \
            'mainstay explain NAME' is the manual page of every task, check and routine.
            """)
    }

    private static let examples = [
        (
            "Begin with one database:",
            ["DATABASE_URL=postgresql://app@localhost/shop mainstay init", "mainstay config check"]
        ),
        ("Look, and change nothing:", ["mainstay health check", "mainstay db update-stats --dry-run"]),
        ("The routine of the day over everything:", ["mainstay run daily --all-environments"]),
        ("Go on after a crash:", ["mainstay resume"]),
    ]
}

/// An mdoc source as it grows.
struct Manual {
    private(set) var text = ""

    /// What is explained in a list.
    enum Term {
        case command(CommandDescription)
        case argument(CommandDescription.Argument)
        case variable(String)
        case path(String)
        case words(String)
    }

    mutating func macro(_ name: String, _ arguments: String...) { macro(name, arguments) }

    private mutating func macro(_ name: String, _ arguments: [String]) {
        text += (["." + name] + arguments.map(Self.argument)).joined(separator: " ") + "\n"
    }

    mutating func section(_ title: String) { macro("Sh", title.split(separator: " ").map(String.init)) }

    /// Each sentence on a line of its own, as mdoc wants it.
    mutating func prose(_ plain: String) {
        for paragraph in plain.split(separator: "\n") {
            for sentence in paragraph.replacing(". ", with: ".\n").split(separator: "\n") {
                for line in String(sentence).wrapped(to: 66) { text += Self.line(line) + "\n" }
            }
        }
    }

    mutating func list(_ items: [(term: Term, body: (inout Manual) -> Void)]) {
        macro("Bl", "-tag", "-width", "Ds")
        for item in items {
            switch item.term {
            case .command(let command): macro("It", ["Ic"] + command.words + Self.words(of: command))
            case .argument(let argument): macro("It", Self.words(of: argument))
            case .variable(let name): macro("It", "Ev", name)
            case .path(let path): macro("It", "Pa", path)
            case .words(let words): macro("It", words)
            }
            item.body(&self)
        }
        macro("El")
    }

    mutating func commandBody(_ command: CommandDescription) {
        prose(command.summary)
        let own = command.ownArguments
        if !own.isEmpty { list(own.map { argument in (.argument(argument), { $0.argumentBody(argument) }) }) }
    }

    mutating func argumentBody(_ argument: CommandDescription.Argument) {
        prose(argument.abstract ?? "")
        for part in argument.particulars { prose(part) }
    }

    mutating func example(_ purpose: String, _ lines: [String]) {
        prose(purpose)
        macro("Bd", "-literal", "-offset", "indent")
        for line in lines { text += Self.line(line) + "\n" }
        macro("Ed")
    }

    private static func words(of command: CommandDescription) -> [String] {
        command.ownArguments.filter { $0.kind == .positional }.flatMap { argument in
            let name = ["Ar", argument.valueName ?? "value"]
            return argument.isOptional ? ["Op"] + name : name
        }
    }

    private static func words(of argument: CommandDescription.Argument) -> [String] {
        guard argument.kind != .positional else { return ["Ar", argument.valueName ?? "value"] }
        let flags = argument.spellings.map { ["Fl", String($0.dropFirst())] }.joined(separator: [","])
        return Array(flags) + (argument.kind == .flag ? [] : ["Ar", argument.valueName ?? "value"])
    }

    /// A backslash is troff's escape, a hyphen would become a typographic one, and so would an apostrophe; a point or
    /// an apostrophe at the beginning of a line makes it a macro.
    private static func line(_ plain: String) -> String {
        let escaped = escape(plain)
        return escaped.hasPrefix(".") ? "\\&\(escaped)" : escaped
    }

    private static func escape(_ plain: String) -> String {
        plain.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("'", with: "\\(aq")
            .replacing("~", with: "\\(ti")
    }

    /// One argument of a macro: punctuation alone keeps its meaning, a word that is a macro's name must not become one.
    private static func argument(_ plain: String) -> String {
        if plain.hasPrefix("-"), ["-tag", "-width", "-literal", "-offset"].contains(plain) { return plain }
        let escaped = escape(plain).replacing("\"", with: "\\(dq")
        return escaped.contains(" ") ? "\"\(escaped)\"" : escaped
    }
}
