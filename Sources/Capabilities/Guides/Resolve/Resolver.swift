import Command
import Guide
import Maintenance

/// Says what each command of a guide means here, against the same command line that people use. It runs nothing.
struct Resolver {
    private let meanings: CommandMeanings
    /// The scripts of the `package.json` beside the guide; nil where there is none.
    var scripts: Set<String>?
    /// What has been asked before, whichever guide it stood in.
    private var known: [[String]: Resolution] = [:]

    init(_ meanings: CommandMeanings, scripts: Set<String>? = nil) {
        self.meanings = meanings
        self.scripts = scripts
    }

    mutating func resolve(_ entry: Procedure.Entry) -> Resolution {
        switch entry.kind {
        case .command(let line), .cron(_, let line): resolve(line)
        case .statement(let statement): resolve(statement)
        case .narration, .list: Resolution(outcome: .manual, reason: "it is no command")
        }
    }

    // MARK: Shell

    private mutating func resolve(_ line: ShellLine) -> Resolution {
        if let first = line.commands.first, line.commands.count == 1 || !line.isCompound {
            if let found = script(of: first) { return found }
            if let (name, spelling) = Counterparts.script(first) {
                return counterpart(spelling)
                    ?? Resolution(outcome: .step(nil), reason: "the team's own '\(name.printable)'")
            }
            if let (name, spelling) = Counterparts.function(first) {
                return counterpart(spelling)
                    ?? Resolution(
                        outcome: .undecided, reason: "nothing here does what the function \(name.printable) does",
                        nearest: spelling.flatMap(meanings.nearest))
            }
        }
        if let restore = restore(line) { return restore }
        if let backup = line.commands.first(where: { $0.isBackup }) {
            return task(["backup", backup.program == "tar" ? "files" : "run"])
        }
        if line.commands.contains(where: \.deletesRows) {
            return Resolution(
                outcome: .undecided, reason: "rows are deleted over HTTP, without a policy and without an archive",
                nearest: meanings.nearest(to: "data:retention"))
        }
        if let endless = line.commands.first(where: \.isEndless) {
            return Resolution(outcome: .manual, reason: "'\(endless.program.printable)' \(endless.endlessness)")
        }
        if line.commands.first?.program == "pg_isready" { return task(["health", "check"]) }
        return Resolution(outcome: .step(line.effect))
    }

    /// `npm run a:b --flag`, `pnpm a:b:c`; nil where it is no script of a package.
    private mutating func script(of command: ShellCommand) -> Resolution? {
        guard ["npm", "pnpm", "yarn", "bun"].contains(command.program) else { return nil }
        var words = command.argumentTexts.filter { $0 != "--" && $0 != "--silent" && $0 != "-s" }
        let isRun = words.first == "run" || words.first == "run-script"
        if isRun { words.removeFirst() }
        guard let spelling = words.first, isRun || spelling.utf8.contains(UInt8(ascii: ":")) else { return nil }
        if meanings.knows([spelling]) { return task(words) }
        if scripts?.contains(spelling) ?? false {
            return Resolution(outcome: .step(command.effect), reason: "a script of the team's own package.json")
        }
        guard spelling.utf8.contains(UInt8(ascii: ":")) else {
            return Resolution(outcome: .step(command.effect), reason: "a script of the team's own")
        }
        return Resolution(
            outcome: .undecided, reason: "nothing here is called '\(spelling.printable)'",
            nearest: meanings.nearest(to: spelling))
    }

    private mutating func counterpart(_ spelling: String?) -> Resolution? {
        guard let spelling,
            meanings.knows([spelling]) || meanings.knows(spelling.split(separator: ":").map(String.init))
        else {
            return nil
        }
        return task(meanings.knows([spelling]) ? [spelling] : spelling.split(separator: ":").map(String.init))
    }

    private func restore(_ line: ShellLine) -> Resolution? {
        guard let last = line.commands.last(where: { ["psql", "pg_restore", "tar"].contains($0.program) }) else {
            return nil
        }
        let isRestore =
            switch last.program {
            case "psql":
                last.isFed
                    && line.commands.contains { ["gunzip", "zcat", "zstd", "gzip", "pg_restore"].contains($0.program) }
            case "pg_restore": last.effect == .destroys
            default: last.effect == .destroys
            }
        guard isRestore else { return nil }
        return Resolution(
            outcome: .undecided, reason: "which backup is restored where has to be said",
            nearest: last.program == "tar" ? "backup restore-files" : "backup restore")
    }

    /// What our own command line makes of it.
    private mutating func task(_ arguments: [String]) -> Resolution {
        if let resolution = known[arguments] { return resolution }
        let resolution: Resolution
        do {
            let meaning = try meanings.meaning(of: arguments)
            resolution = Resolution(outcome: .task(meaning.arguments, meaning.effect))
        } catch {
            let report = ErrorReport(error)
            resolution = Resolution(outcome: .undecided, reason: report.problem, nearest: arguments.first)
        }
        known[arguments] = resolution
        return resolution
    }

    // MARK: SQL

    private mutating func resolve(_ statement: SQLStatement) -> Resolution {
        let words = statement.words
        let spelling: String? =
            switch statement.verb {
            case "ANALYZE": "db:analyze"
            case "VACUUM": "db:vacuum"
            case "REINDEX": "db:reindex"
            default: nil
            }
        if let spelling {
            if words.count <= 2, let found = counterpart(spelling) { return found }
            return Resolution(
                outcome: .undecided, reason: "no task does '\(statement.text.printable.prefix(40))' as it stands",
                nearest: meanings.nearest(to: spelling))
        }
        guard statement.effect == .observes else {
            return Resolution(outcome: .undecided, reason: "it changes data by hand")
        }
        return Resolution(outcome: .step(.observes), reason: "a query of the team's own")
    }
}

extension ShellCommand {
    /// A dump of a database, or an archive of files.
    fileprivate var isBackup: Bool {
        ["pg_dump", "pg_dumpall", "pg_basebackup"].contains(program) || program == "tar" && effect == .maintains
    }
}
