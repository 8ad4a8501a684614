import Maintenance

/// A block of a guide that says what to type, taken apart.
package struct Procedure: Sendable {
    package var block: Guide.Block
    package var entries: [Entry] = []
    package var problems: [ShellProblem] = []
    /// Comments, as a reader sees them.
    package var comments: [(text: String, line: Int)] = []

    package struct Entry: Sendable, Hashable {
        package var kind: Kind
        /// As written, on one line.
        package var text: String
        package var line: Int
        /// The comments directly above it and behind it.
        package var comments: [String]
    }

    package enum Kind: Sendable, Hashable {
        case command(ShellLine)
        /// A line of a crontab: its five fields, and what it starts.
        case cron(String, ShellLine)
        case statement(SQLStatement)
        /// It only tells how far one is: `echo`.
        case narration
        /// A key or an item of a list that stands among commands, as in `daily_tasks:` and `- rotate_logs`.
        case list(String)
    }

    /// Nil where the block holds neither commands nor statements.
    package init?(_ block: Guide.Block) {
        self.block = block
        if block.isSQL {
            entries = SQLStatement.all(in: block.text, line: block.firstLine).map(Entry.init)
        } else if block.isShell {
            read(
                block.language == "console" || block.language.hasSuffix("session") ? Self.typed(block.text) : block.text
            )
        } else {
            return nil
        }
    }

    /// What one types of a session: the lines behind a prompt.
    private static func typed(_ text: String) -> String {
        var isContinued = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
            let isPrompt = line.hasPrefix("$ ") || line.hasPrefix("# ")
            guard isPrompt || isContinued else { return "" }
            isContinued = line.hasSuffix("\\")
            return isPrompt ? line.dropFirst(2) : line
        }.joined(separator: "\n")
    }

    private mutating func read(_ text: String) {
        let script = ShellScript(text, line: block.firstLine)
        problems = script.problems
        comments = script.comments
        for line in script.lines { entries.append(Self.entry(line)) }
    }

    private static func entry(_ line: ShellLine) -> Entry {
        var line = line
        // The prompt that people copy with the command.
        if let first = line.commands.first?.words.first, first.raw == "$" || first.raw == "%",
            (line.commands.first?.words.count ?? 0) > 1
        {
            line.commands[0].words.removeFirst()
            line.text = String(line.text.dropFirst(2))
            line.source = String(line.source.dropFirst(2))
        }
        var entry = Entry(kind: .command(line), text: line.text, line: line.line, comments: line.comments)
        guard let first = line.commands.first, let word = first.words.first else { return entry }
        if first.words.count > 5, first.words[0..<5].allSatisfy(\.isCronField), !word.text.isEmpty {
            var started = line
            started.commands[0].words.removeFirst(5)
            // What cron itself takes away before it starts a shell.
            started.source = String(
                line.source.split(maxSplits: 5, whereSeparator: { $0 == " " || $0 == "\t" }).last ?? ""
            )
            .replacingBytes(of: "\\%", with: "%")
            entry.kind = .cron(first.words[0..<5].map(\.text).joined(separator: " "), started)
        } else if word.text == "-" || word.text.hasSuffix(":") && first.words.count == 1 && line.commands.count == 1 {
            entry.kind = .list(line.text)
        } else if isStatement(line, word) {
            if let statement = SQLStatement.all(in: line.text, line: line.line).first {
                entry.kind = .statement(statement)
            }
        } else if line.commands.allSatisfy({ ["echo", "printf", ":", "clear"].contains($0.program) }),
            !line.commands.contains(where: { !$0.redirections.isEmpty })
        {
            entry.kind = .narration
        }
        return entry
    }

    /// SQL in a block of the shell: `ANALYZE;`.
    private static func isStatement(_ line: ShellLine, _ word: ShellWord) -> Bool {
        let verbs: Set = [
            "ANALYZE", "VACUUM", "REINDEX", "SELECT", "DELETE", "UPDATE", "INSERT", "ALTER", "CREATE", "DROP",
            "TRUNCATE",
            "CLUSTER", "CHECKPOINT", "EXPLAIN", "GRANT", "REVOKE",
        ]
        return verbs.contains(word.text) && (line.text.hasSuffix(";") || (line.commands.first?.words.count ?? 0) > 2)
    }
}

extension Procedure.Entry {
    init(_ statement: SQLStatement) {
        self.init(
            kind: .statement(statement), text: statement.isEnded ? "\(statement.text);" : statement.text,
            line: statement.line, comments: statement.comments)
    }

    /// Whether somebody types it to get something done.
    package var isCommand: Bool {
        switch kind {
        case .command, .cron, .statement: true
        case .narration, .list: false
        }
    }

    /// The programs it starts; none for SQL.
    package var shell: ShellLine? {
        switch kind {
        case .command(let line), .cron(_, let line): line
        default: nil
        }
    }
}

extension ShellWord {
    /// Of a crontab: digits, stars, lists, ranges, steps, names of months and days.
    fileprivate var isCronField: Bool {
        guard !isQuoted, let first = text.utf8.first else { return false }
        guard first == UInt8(ascii: "*") || first >= 0x30 && first <= 0x39 else { return false }
        return text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || "*/,-?#L".utf8.contains($0) }
    }
}

extension Guide {
    /// Every block that says what to type.
    package var procedures: [Procedure] { blocks.compactMap(Procedure.init) }
}
