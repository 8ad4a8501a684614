import Maintenance

extension GuideChecking {
    /// What a shell cannot read, what never ends, what is forced, and cron's own traps.
    func shellFindings(_ procedure: Procedure) -> [GuideFinding] {
        var found: [GuideFinding] = []
        // What follows a broken line is often read wrongly too, so a block is told once.
        if let problem = procedure.problems.first {
            let more = procedure.problems.count - 1
            found.append(
                finding(
                    .unreadableShell, problem.line,
                    "no shell can read this: \(problem.text)"
                        + (more > 0 ? ", and \("line".counted(more)) more of the block" : "")))
        }
        lazy var assigned = procedure.assignedNames
        let last = procedure.entries.lastIndex(where: \.isCommand) ?? 0
        for (index, entry) in procedure.entries.enumerated() {
            guard let line = entry.shell else { continue }
            if case .cron = entry.kind { found += cronFindings(entry, assigned) }
            for command in line.commands {
                found += payloadFindings(command)
                if let inner = command.inner {
                    found += innerFindings(command, inner)
                    for inside in inner.lines.flatMap(\.commands) { found += payloadFindings(inside) }
                }
                if let reason = forced(command) {
                    found.append(finding(.forced, command.line, reason.problem, fix: reason.fix))
                }
            }
            if let endless = line.commands.last(where: { !$0.isInBackground && $0.isEndless }) {
                let isLast = index >= last
                found.append(
                    finding(
                        .endless, endless.line,
                        "'\(endless.shown)' \(endless.endlessness)"
                            + (isLast ? "" : ", and more commands follow"),
                        fix: "Have people do it, or bound it by 'timeout'.", severity: isLast ? .info : .warning))
            }
        }
        return found
    }

    private func innerFindings(_ command: ShellCommand, _ inner: ShellScript) -> [GuideFinding] {
        inner.problems.map { problem in
            finding(
                .unreadableShell, problem.line,
                "no shell can read what stands in the quotes of '\(command.program.printable)': \(problem.text)")
        }
    }

    /// The bodies of HTTP requests that are written down whole.
    private func payloadFindings(_ command: ShellCommand) -> [GuideFinding] {
        guard command.program == "curl" || command.program == "http" else { return [] }
        return zip(command.arguments, command.arguments.dropFirst()).compactMap { option, body in
            guard ["-d", "--data", "--data-raw", "--data-binary", "--json"].contains(option.text) else { return nil }
            let text = body.text.trimmingWhitespace()
            let isJSON = text.hasPrefix("{") || text.hasPrefix("[") || text.hasPrefix("'") || text.hasPrefix("\\{")
            guard isJSON, !body.isExpanded, body.placeholders.isEmpty,
                let mistake = JSONReading.mistake(in: body.text, line: body.line)
            else { return nil }
            return finding(
                .brokenJSON, body.line, "the body of this request is no JSON: \(mistake.text)",
                fix: "Look at the quotes: what the server gets is \(body.text.printable.prefix(60))")
        }
    }

    /// - Parameter assigned: names of variables that the block sets itself.
    private func cronFindings(_ entry: Procedure.Entry, _ assigned: Set<String>) -> [GuideFinding] {
        var found: [GuideFinding] = []
        let bytes = Array(entry.text.utf8)
        if let place = bytes.indices.first(where: { index in
            bytes[index] == UInt8(ascii: "%") && (index == 0 || bytes[index - 1] != UInt8(ascii: "\\"))
        }) {
            let before = String(decoding: bytes[..<place].suffix(20), as: UTF8.self)
            found.append(
                finding(
                    .cronPercent, entry.line,
                    "cron ends the command at the first '%', behind '\(before.printable)'; the rest becomes its input",
                    fix: "Write '\\%'."))
        }
        let known: Set = ["HOME", "LOGNAME", "SHELL", "PATH", "USER", "MAILTO", "PWD"]
        for name in entry.shell?.commands.flatMap(\.variables) ?? []
        where !known.contains(name) && !assigned.contains(name) {
            found.append(
                finding(
                    .cronEnvironment, entry.line,
                    "cron starts this without the variables of a login, so $\(name) is empty",
                    fix: "Set it in the crontab, or in a file that the command reads."))
            break
        }
        return found
    }

    private func forced(_ command: ShellCommand) -> (problem: String, fix: String)? {
        let texts = command.argumentTexts
        switch command.program {
        case "npm", "pnpm", "yarn":
            guard texts.contains("--force") || texts.contains("--legacy-peer-deps") else { return nil }
            return texts.contains("audit")
                ? (
                    "'npm audit fix --force' installs versions that break what uses them",
                    "Update the packages that 'npm audit' names one by one, with tests."
                )
                : (
                    "'--force' overrides what the package manager would refuse",
                    "Say why it is needed, or leave it out."
                )
        case "git":
            if texts.first == "push", command.hasFlag("f", "force") {
                return ("'git push --force' removes others' commits", "Use '--force-with-lease'.")
            }
            if texts.first == "reset", texts.contains("--hard") {
                return ("'git reset --hard' throws away what is not committed", "Use 'git stash' first.")
            }
            if texts.first == "clean", command.hasFlag("f", "force") {
                return ("'git clean' removes files that are in no commit", "Look at 'git clean --dry-run' first.")
            }
        case "kill", "pkill", "killall":
            guard texts.contains("-9") || texts.contains("-KILL") || texts.contains("-SIGKILL") else { return nil }
            return ("SIGKILL leaves no time to end in order", "Send SIGTERM, and wait, first.")
        case "docker", "podman":
            guard texts.contains("prune"), command.hasFlag("f", "force") else { return nil }
            return ("'prune --force' removes without asking", "Leave out '--force', or filter by age.")
        default: break
        }
        return nil
    }
}

extension Procedure {
    /// The names of variables that it sets.
    fileprivate var assignedNames: Set<String> {
        Set(
            entries.flatMap { $0.shell?.commands ?? [] }.flatMap(\.assignments)
                .compactMap { $0.text.split(separator: "=").first.map(String.init) })
    }
}

extension ShellCommand {
    /// The names of the variables that the shell would put in.
    package var variables: [String] {
        (words + assignments + redirections.map(\.target)).filter(\.isExpanded).flatMap { word -> [String] in
            var names: [String] = []
            var rest = word.raw.utf8[...]
            while let sign = rest.firstIndex(of: UInt8(ascii: "$")) {
                rest = rest[rest.index(after: sign)...]
                if rest.first == UInt8(ascii: "{") { rest = rest.dropFirst() }
                let name = rest.prefix {
                    $0 == 0x5f || $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a
                }
                if let first = name.first, first > 0x39 { names.append(String(Substring(name))) }
                rest = rest.dropFirst(name.count)
            }
            return names
        }
    }

    /// Its first words, as a message shows them.
    var shown: String {
        let text = words.map(\.text).joined(separator: " ").printable
        return text.count > 40 ? "\(text.prefix(39))…" : text
    }

    /// Whether it ends only when somebody ends it.
    package var isEndless: Bool { !endlessness.isEmpty }

    /// Why; empty where it ends.
    package var endlessness: String {
        let plain = Self.withoutOptions(arguments, valued: ["-n", "-s", "-u", "-p"]).map(\.text)
        switch program {
        case "tail": return hasFlag("f", "follow") || hasFlag("F") ? "follows a file and never ends" : ""
        case "journalctl": return hasFlag("f", "follow") ? "follows the journal and never ends" : ""
        case "docker", "kubectl", "podman":
            return argumentTexts.contains("logs") && hasFlag("f", "follow") ? "follows a log and never ends" : ""
        case "watch": return "repeats its command and never ends"
        case "htop", "btop", "iotop", "nload", "iftop", "atop", "glances": return "waits for a person at a terminal"
        case "top": return hasFlag("b") || hasFlag("n") || hasFlag("l") ? "" : "waits for a person at a terminal"
        case "vi", "vim", "nano", "emacs", "less", "more": return "waits for a person at a terminal"
        case "iostat", "vmstat", "mpstat", "sar", "pidstat":
            let numbers = plain.filter { Int($0) != nil }
            return numbers.count == 1 ? "repeats each \(numbers.first ?? "")s and never ends" : ""
        case "ping": return hasFlag("c") ? "" : "never ends without '-c'"
        default: return ""
        }
    }
}
