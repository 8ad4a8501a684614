import Maintenance

/// Looks for what is dangerous, cannot work or contradicts itself in one guide. Nothing of it is run.
package struct GuideChecking: Sendable {
    package let guide: Guide
    package let procedures: [Procedure]
    package let thresholds: [Threshold]
    /// Of each procedure every program that it starts, with what stands in the quotes of `watch` and `sh -c`.
    let programs: [[Program]]
    /// Tables that the guide itself makes, as its statements name them.
    let newTables: Set<String>
    /// Whether a file is there, by its path from the guide's own directory; nil where nobody can tell.
    let exists: @Sendable (String) -> Bool?

    package init(_ guide: Guide, exists: @escaping @Sendable (String) -> Bool? = { _ in nil }) {
        self.guide = guide
        procedures = guide.procedures
        thresholds = guide.thresholds
        programs = procedures.map(Self.programs)
        newTables = Set(procedures.flatMap(\.entries).flatMap(\.newTables))
        self.exists = exists
    }

    /// One program that a procedure starts.
    struct Program: Sendable {
        var command: ShellCommand
        var entry: Procedure.Entry
    }

    private static func programs(of procedure: Procedure) -> [Program] {
        procedure.entries.flatMap { entry in
            (entry.shell?.commands ?? []).flatMap { command in
                ([command] + (command.inner?.lines.flatMap(\.commands) ?? [])).map {
                    Program(command: $0, entry: entry)
                }
            }
        }
    }

    /// Sorted by line.
    package func findings() -> [GuideFinding] {
        var all = formFindings()
        all += placeholderFindings()
        for (procedure, programs) in zip(procedures, programs) {
            all += shellFindings(procedure)
            all += secretFindings(programs)
            all += deletionFindings(procedure, programs)
            all += statementFindings(procedure)
        }
        all += backupFindings()
        all += linkFindings()
        all += ownerFindings()
        all += contradictionFindings()
        return all.sorted { ($0.line, $0.rule.rawValue, $0.problem) < ($1.line, $1.rule.rawValue, $1.problem) }
    }

    func finding(
        _ rule: GuideRule, _ line: Int, _ problem: String, fix: String? = nil, severity: Severity? = nil
    ) -> GuideFinding {
        GuideFinding(rule, guide.file, line, problem, fix: fix, severity: severity)
    }
}

extension ShellCommand {
    /// The script that it hands to a shell of its own; nil where it does not, or the shell puts something into it first.
    var inner: ShellScript? {
        let texts: [ShellWord] =
            switch program {
            case "sh", "bash", "zsh", "dash", "su":
                Array(arguments.drop { !["-c", "-lc", "-ec", "-xc"].contains($0.text) }.dropFirst().prefix(1))
            case "watch": Array(Self.withoutOptions(arguments, valued: ["-n", "--interval"]).prefix(1))
            case "eval": arguments.count == 1 ? arguments : []
            default: []
            }
        guard let word = texts.first, word.isQuoted, !word.isExpanded else { return nil }
        return ShellScript(word.text, line: word.line)
    }

    /// What stands behind the options; options of these names take a value of their own.
    static func withoutOptions(_ words: [ShellWord], valued: Set<String>) -> [ShellWord] {
        var rest = words[...]
        while let first = rest.first, first.text.hasPrefix("-"), first.text.utf8.count > 1 {
            rest = rest.dropFirst(valued.contains(first.text) ? 2 : 1)
        }
        return Array(rest)
    }

    /// Whether one of its arguments is a flag of this letter (alone, or among others behind one dash) or of this name.
    func hasFlag(_ letter: Character, _ name: String? = nil) -> Bool {
        argumentTexts.contains { text in
            if let name, text == "--\(name)" { return true }
            return text.hasPrefix("-") && !text.hasPrefix("--") && text.dropFirst().contains(letter)
        }
    }

    /// The value of `--name=value`, `--name value`, `-x value` or `-xvalue`.
    func value(of names: String...) -> ShellWord? {
        for (index, word) in arguments.enumerated() {
            for name in names {
                if word.text == name { return arguments.indices.contains(index + 1) ? arguments[index + 1] : nil }
                if word.text.hasPrefix("\(name)="), name.hasPrefix("--") {
                    var value = word
                    value.text = String(word.text.dropFirst(name.count + 1))
                    return value
                }
            }
        }
        return nil
    }
}
