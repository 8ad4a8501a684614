import Maintenance

extension GuideChecking {
    /// Deletions without bounds, and those that say they archive.
    func deletionFindings(_ procedure: Procedure, _ programs: [Program]) -> [GuideFinding] {
        var found: [GuideFinding] = []
        // What could be the archive of all that is deleted behind it.
        let archive = procedure.entries.first(where: copies)?.line ?? Int.max
        for program in programs {
            let (command, entry) = (program.command, program.entry)
            if let problem = unbounded(command) {
                found.append(
                    finding(.unboundedDeletion, command.line, problem.text, fix: problem.fix))
            }
            if command.deletesRows, saysArchive(entry), archive >= entry.line {
                found.append(archiving(entry, command.line))
            }
        }
        for entry in procedure.entries {
            guard case .statement(let statement) = entry.kind else { continue }
            if let problem = statement.unboundedDeletion {
                found.append(finding(.unboundedDeletion, entry.line, problem))
            }
            if statement.verb == "DELETE", saysArchive(entry), !statement.words.contains("RETURNING"),
                archive >= entry.line
            {
                found.append(archiving(entry, entry.line))
            }
        }
        return found
    }

    private func archiving(_ entry: Procedure.Entry, _ line: Int) -> GuideFinding {
        finding(
            .deletedNotArchived, line,
            "'\((entry.comments.first ?? "").printable)' it says, and rows are deleted that nothing has archived before",
            fix: "Write them to an archive, read it back, and delete then exactly those.")
    }

    private func saysArchive(_ entry: Procedure.Entry) -> Bool {
        entry.comments.contains { comment in
            comment.lowercased().split { !$0.isLetter }.contains { ["archive", "archives", "archiving"].contains($0) }
        }
    }

    /// Whether it could write an archive.
    private func copies(_ entry: Procedure.Entry) -> Bool {
        switch entry.kind {
        case .statement(let statement):
            ["COPY", "INSERT", "CREATE"].contains(statement.verb)
        case .command(let line), .cron(_, let line):
            line.commands.contains { command in
                ["pg_dump", "cp", "rsync", "tar", "aws", "rclone", "psql", "gsutil", "az"].contains(command.program)
                    || command.program == "curl" && !command.deletesRows
                        && command.redirections.contains { $0.sign.hasPrefix(">") }
            }
        case .narration, .list: false
        }
    }

    private func unbounded(_ command: ShellCommand) -> (text: String, fix: String)? {
        let texts = command.argumentTexts
        switch command.program {
        case "rm":
            guard command.hasFlag("r", "recursive") || command.hasFlag("R") else { return nil }
            for word in command.arguments where !word.text.hasPrefix("-") {
                if ["/", "/*", "~", "~/", "/.", "*", "."].contains(word.text) {
                    return ("'rm' removes all of '\(word.text)'", "Name the directory that is meant.")
                }
                if word.text.hasPrefix("$"), word.isExpanded, !word.text.containsBytes(":?"), !word.text.hasPrefix("$(")
                {
                    let rest = word.text.drop { $0 != "/" }
                    if rest == "/*" || rest == "/" {
                        return (
                            "'rm' removes '\(rest)' of the whole machine where '\(word.text.prefix { $0 != "/" })' is empty",
                            "Write '${NAME:?}', which stops there."
                        )
                    }
                }
            }
        case "find":
            guard texts.contains("-delete"), let place = texts.first, place == "/" else { return nil }
            return ("'find' deletes below '/'", "Name the directory that is meant.")
        case "curl":
            guard command.deletesRows, let url = command.url, !url.containsBytes("?") else { return nil }
            return (
                "every row of the table is deleted: the address has no condition", "Add the condition that is meant."
            )
        case "dropdb":
            return ("'dropdb' removes a whole database", "Take a proved backup first: 'mainstay backup run --prove'.")
        case "redis-cli":
            guard texts.contains(where: { ["FLUSHALL", "FLUSHDB"].contains($0.uppercased()) }) else { return nil }
            return ("every key is removed", "Remove the keys that are meant.")
        default: break
        }
        return nil
    }
}

extension ShellCommand {
    var url: String? { argumentTexts.first { $0.containsBytes("://") } }

    /// `curl -X DELETE` at an address of PostgREST.
    package var deletesRows: Bool {
        guard program == "curl",
            let method = value(of: "-X", "--request")?.text.uppercased()
                ?? (argumentTexts.contains("-XDELETE") ? "DELETE" : nil)
        else { return false }
        return method == "DELETE" && (url?.containsBytes("/rest/v1/") ?? false)
    }
}

extension SQLStatement {
    /// One clause; nil where it is bounded, or deletes nothing.
    var unboundedDeletion: String? {
        switch verb {
        case "DELETE": return words.contains("WHERE") ? nil : "'DELETE' without 'WHERE' deletes every row"
        case "UPDATE": return words.contains("WHERE") ? nil : "'UPDATE' without 'WHERE' changes every row"
        case "TRUNCATE": return "'TRUNCATE' deletes every row, locks everybody out, and fires no triggers of rows"
        case "DROP":
            guard let kind = words.dropFirst().first, ["TABLE", "DATABASE", "SCHEMA"].contains(kind) else { return nil }
            return "'DROP \(kind)' removes it with all that is in it"
        default: return nil
        }
    }
}
