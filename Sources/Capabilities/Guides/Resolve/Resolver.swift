import Command
import Guide
import Maintenance

/// Says what each command of a guide means here, against the same command line that people use. It runs nothing.
struct Resolver {
    private let meanings: CommandMeanings
    /// The scripts of the `package.json` beside the guide; nil where there is none.
    var scripts: Set<String>?
    /// What has been asked before, whichever guide it stood in; forgotten where it becomes much.
    private var known: [[String]: Resolution] = [:]
    private var nearest: [String: String?] = [:]
    private static let most = 4_096

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
            if let (name, spelling) = Counterparts.query(first), let spelling {
                return counterpart(spelling)
                    ?? Resolution(outcome: .step(nil), reason: "the team's own '\(name.printable)'")
            }
            if let function = Counterparts.function(first) { return resolve(function) }
        }
        if let asked = repeated(line) { return asked }
        if let restore = restore(line) { return restore }
        if let backup = line.commands.first(where: { $0.isBackup }) {
            return task(["backup", backup.program == "tar" ? "files" : "run"])
        }
        if let deletion = line.commands.first(where: \.deletesRows) {
            guard line.commands.count(where: \.deletesRows) == 1, let (words, missing) = Counterparts.deletion(deletion)
            else {
                return Resolution(
                    outcome: .undecided, reason: "rows are deleted over HTTP by a condition that is no time of theirs")
            }
            var found = task(words)
            found.missing = missing
            return found
        }
        if let endless = line.commands.first(where: \.isEndless) {
            return look(for: endless)
                ?? Resolution(outcome: .manual, reason: "'\(endless.program.printable)' \(endless.endlessness)")
        }
        if line.commands.first?.program == "pg_isready" { return task(["health", "check"]) }
        return step(line)
    }

    private func step(_ line: ShellLine) -> Resolution {
        let effect = line.effect
        let isRead = line.commands.first.map {
            ["cat", "less", "more", "bat"].contains($0.program) && ($0.argumentTexts.last?.hasSuffix(".sql") ?? false)
        }
        if isRead ?? false, effect == .observes, line.comments.contains(where: { $0.lowercased().hasPrefix("review") })
        {
            return Resolution(outcome: .manual, reason: "somebody reads and judges it")
        }
        var found = Resolution(outcome: .step(effect))
        found.onlyAdds = line.commands.allSatisfy(\.onlyAdds)
        return found
    }

    private mutating func resolve(_ function: Counterparts.Function) -> Resolution {
        guard let spelling = function.spelling, var found = counterpart(spelling.joined(separator: " ")) else {
            return Resolution(
                outcome: .undecided, reason: "nothing here does what the function \(function.name.printable) does")
        }
        if case .task = found.outcome, !function.unheeded.isEmpty {
            found.missing =
                "'\(function.unheeded.map(\.printable).joined(separator: "', '"))' of its body is not heeded"
        }
        return found
    }

    /// A function that is asked again and again, or one after the other, how it is.
    private mutating func repeated(_ line: ShellLine) -> Resolution? {
        let isLoop = line.isCompound && !line.commands.contains { $0.effect == .destroys }
        let inner = line.commands.flatMap { $0.program == "watch" ? $0.argumentTexts : [] }.first {
            $0.containsBytes("/functions/v1/") && $0.containsBytes("health_check")
        }
        if inner != nil { return task(["top"]) }
        let asks = line.commands.contains { command in
            Counterparts.function(command)?.spelling == ["health:check"]
        }
        guard isLoop, asks else { return nil }
        return task(["health", "check", "--check=endpoint.response-time"])
    }

    /// The check that looks at what somebody would follow on a screen.
    private mutating func look(for command: ShellCommand) -> Resolution? {
        switch command.program {
        case "tail":
            guard let file = command.argumentTexts.last(where: { !$0.hasPrefix("-") }) else { return nil }
            var found = task(["health", "check", "--check=log.matches"])
            found.missing = "a resource of the kind 'log-pattern' has to name '\(file.printable)'"
            return found
        case "iostat": return task(["health", "check", "--check=host.disk-activity"])
        default: return nil
        }
    }

    /// `npm run a:b --flag`, `pnpm a:b:c`; nil where it is no script of a package.
    private mutating func script(of command: ShellCommand) -> Resolution? {
        guard ["npm", "pnpm", "yarn", "bun"].contains(command.program) else { return nil }
        var words = command.argumentTexts.filter { $0 != "--" && $0 != "--silent" && $0 != "-s" }
        let isRun = words.first == "run" || words.first == "run-script"
        if isRun { words.removeFirst() }
        guard let spelling = words.first, isRun || spelling.utf8.contains(UInt8(ascii: ":")) else { return nil }
        if let area = words.lazy.compactMap({ NotBuilt.area(of: spelling, option: $0) }).first {
            let known = meanings.knows([spelling]) ? spelling : near(spelling)
            var found = meanings.knows([spelling]) ? task(words) : Resolution(outcome: .undecided)
            if case .undecided = found.outcome { found = Resolution(outcome: .notBuilt(area), nearest: known) }
            return found
        }
        if meanings.knows([spelling]) { return named(words) }
        if scripts?.contains(spelling) ?? false {
            return Resolution(outcome: .step(command.effect), reason: "a script of the team's own package.json")
        }
        guard spelling.utf8.contains(UInt8(ascii: ":")) else {
            return Resolution(outcome: .step(command.effect), reason: "a script of the team's own")
        }
        if spelling == "maintenance:emergency:team-communication" {
            return Resolution(outcome: .manual, reason: "people talk to each other")
        }
        if let area = NotBuilt.area(of: spelling) {
            return Resolution(outcome: .notBuilt(area), nearest: near(spelling))
        }
        return Resolution(
            outcome: .undecided, reason: "nothing here is called '\(spelling.printable)'",
            nearest: near(spelling))
    }

    /// A spelling and its options, separated by blanks, as our own command line takes them; nil where nobody knows it.
    private mutating func counterpart(_ spelling: String?) -> Resolution? {
        guard let words = spelling?.split(separator: " ").map(String.init), let first = words.first else { return nil }
        if meanings.knows([first]) { return named(words) }
        let command = first.split(separator: ":").map(String.init)
        if meanings.knows(command) { return task(command + words.dropFirst()) }
        return NotBuilt.area(of: first).map {
            Resolution(outcome: .notBuilt($0), nearest: near(first))
        }
    }

    private mutating func named(_ words: [String]) -> Resolution {
        var found = task(words)
        if case .task = found.outcome, let missing = words.first.flatMap({ Counterparts.missing[$0] }) {
            found.missing = missing
        }
        return found
    }

    private mutating func restore(_ line: ShellLine) -> Resolution? {
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
        if last.program == "tar" {
            let place = last.argumentTexts.drop { $0 != "-C" }.dropFirst().first ?? "."
            var found = task(["backup", "restore-files", "--into=restored-files"])
            found.missing = "it goes into a new directory, and not over '\(place.printable)'"
            return found
        }
        var found = task(["backup", "restore", "--to=environment"])
        found.missing = "the newest backup of 'backup run' takes the place of a dump that nothing has proved"
        return found
    }

    private mutating func near(_ spelling: String) -> String? {
        if let found = nearest[spelling] { return found }
        let found = meanings.nearest(to: spelling)
        if nearest.count >= Self.most { nearest = [:] }
        nearest[spelling] = .some(found)
        return found
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
        if known.count >= Self.most { known = [:] }
        known[arguments] = resolution
        return resolution
    }

    // MARK: SQL

    private mutating func resolve(_ statement: SQLStatement) -> Resolution {
        if let arguments = statement.task { return task(arguments) }
        if ["ANALYZE", "VACUUM", "REINDEX"].contains(statement.verb) {
            return Resolution(
                outcome: .undecided, reason: "no task does '\(statement.text.printable.prefix(40))' as it stands",
                nearest: near("db:\(statement.verb.lowercased())"))
        }
        guard statement.effect == .observes else {
            return Resolution(outcome: .undecided, reason: "it changes data by hand")
        }
        return Resolution(outcome: .step(.observes), reason: "a query of the team's own")
    }
}

extension SQLStatement {
    /// The task that does what a utility statement does, without its strong lock; nil where none does exactly that.
    fileprivate var task: [String]? {
        var rest = words.dropFirst()[...]
        var options: Set<String> = []
        while let word = rest.first, ["VERBOSE", "ANALYZE", "CONCURRENTLY", "TABLE"].contains(word) {
            options.insert(word)
            rest = rest.dropFirst()
        }
        let names = Array(rest)
        switch verb {
        // 'ANALYZE' and 'VACUUM' of all tables; those of one are the server's own to decide.
        case "ANALYZE": return names.isEmpty ? ["db", "update-stats", "--everything"] : nil
        case "VACUUM": return names.isEmpty ? ["db", "vacuum", "--everything"] : nil
        case "REINDEX":
            guard options.contains("TABLE"), names.count == 1, !text.utf8.contains(UInt8(ascii: "\"")) else {
                return nil
            }
            return ["db", "reindex", "--table=\(names[0].lowercased())", "--everything"]
        default: return nil
        }
    }
}

extension ShellCommand {
    /// It sets a mark that nobody else works with: `git tag v1`, and neither moves nor removes one.
    fileprivate var onlyAdds: Bool {
        let texts = argumentTexts
        return program == "git" && texts.first == "tag"
            && !texts.contains { ["-d", "--delete", "-f", "--force"].contains($0) }
    }

    /// A dump of a database, or an archive of files.
    fileprivate var isBackup: Bool {
        ["pg_dump", "pg_dumpall", "pg_basebackup"].contains(program) || program == "tar" && effect == .maintains
    }
}
