import Maintenance

extension GuideChecking {
    /// Restores over what is in use, backups without proof, dumps whose failure a pipe hides.
    func backupFindings() -> [GuideFinding] {
        let all = zip(procedures, programs).flatMap { procedure, programs in
            programs.map { (procedure, $0.command, $0.entry) }
        }
        let isProved = all.contains { $0.1.provesBackup }
        var found: [GuideFinding] = []
        for (procedure, command, entry) in all {
            if let problem = overLive(command, entry, in: procedure) {
                found.append(
                    finding(
                        .restoreOverLive, command.line, problem,
                        fix: "Restore beside it, prove what was restored, and switch then; "
                            + "'mainstay backup restore' does that."))
            }
            guard let what = command.takesBackup else { continue }
            let isMeant = what != "archive" || speaksOfBackups(entry, command, procedure)
            guard isMeant else { continue }
            if !isProved {
                found.append(
                    finding(
                        .unprovedBackup, command.line,
                        "nothing in this guide restores or verifies what '\(command.program)' writes here",
                        fix: "Prove it: 'mainstay backup run --prove' restores what it has written and compares it."))
            }
            if hidesFailure(command, entry, procedure) {
                found.append(
                    finding(
                        .hiddenFailure, command.line,
                        "where '\(command.program)' fails, the pipe still ends well, and what it wrote looks like a backup",
                        fix: "Write to a file first, or 'set -o pipefail' in bash."))
            }
        }
        return found
    }

    private func speaksOfBackups(_ entry: Procedure.Entry, _ command: ShellCommand, _ procedure: Procedure) -> Bool {
        let texts =
            entry.comments + command.argumentTexts + guide.path(of: entry.line).map(\.title)
            + [procedure.block.caption ?? ""]
        return texts.contains { $0.lowercased().containsBytes("backup") }
    }

    private func hidesFailure(_ command: ShellCommand, _ entry: Procedure.Entry, _ procedure: Procedure) -> Bool {
        guard let line = entry.shell, let index = line.commands.firstIndex(of: command),
            line.commands[(index + 1)...].first?.isFed ?? false
        else { return false }
        return !procedure.block.text.containsBytes("pipefail")
    }

    private func overLive(_ command: ShellCommand, _ entry: Procedure.Entry, in procedure: Procedure) -> String? {
        switch command.program {
        case "psql", "mysql", "mariadb":
            let line = entry.shell?.commands ?? []
            let isFedByDump =
                command.isFed
                && line.contains { feeder in
                    ["gunzip", "zcat", "gzip", "zstd", "zstdcat", "xz", "xzcat", "bzip2", "pg_restore", "cat"].contains(
                        feeder.program)
                        && (feeder.program != "cat" || feeder.argumentTexts.contains(where: \.isDump))
                }
            let isRead =
                command.redirections.contains { $0.sign == "<" && $0.target.text.isDump }
                || (command.value(of: "-f", "--file")?.text.isDump ?? false)
            guard isFedByDump || isRead else { return nil }
        case "pg_restore":
            guard !command.hasFlag("l", "list"), command.value(of: "-d", "--dbname") != nil else { return nil }
        case "tar":
            guard command.isTarMode("x"), let place = command.value(of: "-C", "--directory")?.text,
                place == "/" || ["/etc", "/usr", "/var", "/srv", "/opt", "/app"].contains(place)
            else { return nil }
            return
                "'tar' writes over the files of '\(place.printable)', and removes none that the archive does not have"
        default: return nil
        }
        let target = command.databaseTarget
        guard !target.isScratch else { return nil }
        return
            "a dump is restored into \(target.isEmpty ? "a database" : "'\(target.printable)'") while it has its data"
            + (command.stopsOnError ? "" : ", and '\(command.program)' goes on after errors")
    }
}

extension ShellCommand {
    /// `dump`, `copy` or `archive`; nil where it takes none.
    var takesBackup: String? {
        switch program {
        case "pg_dump", "pg_dumpall", "mysqldump", "mongodump", "mariadb-dump":
            hasFlag("V", "version") || argumentTexts.contains("--schema-only") ? nil : "dump"
        case "pg_basebackup": "copy"
        case "tar": isTarMode("c") ? "archive" : nil
        default: nil
        }
    }

    /// Whether it looks at a backup in a way that can fail where the backup is broken.
    var provesBackup: Bool {
        let texts = argumentTexts
        switch program {
        case "pg_verifybackup", "pg_restore": return true
        case "gzip", "zstd", "xz", "bzip2", "gunzip": return hasFlag("t", "test")
        case "sha256sum", "sha1sum", "md5sum", "sha512sum": return hasFlag("c", "check")
        case "pgbackrest": return texts.contains("verify") || texts.contains("restore")
        case "restic", "borg": return texts.contains("check") || texts.contains("restore")
        case "tar": return isTarMode("t") || hasFlag("W", "compare")
        case "createdb": return true
        default:
            let words = (words.map(\.text).joined(separator: " ")).lowercased()
            return words.containsBytes("backup")
                && ["verif", "restore", "prove", "check"].contains { words.containsBytes($0) }
        }
    }

    /// `tar -xzf`, `tar xzf`, `tar --extract`.
    func isTarMode(_ letter: Character) -> Bool {
        let names: [Character: String] = ["c": "create", "x": "extract", "t": "list"]
        if let name = names[letter], argumentTexts.contains("--\(name)") { return true }
        guard let first = argumentTexts.first, !first.hasPrefix("--") else { return false }
        return first.hasPrefix("-") ? hasFlag(letter) : first.contains(letter)
    }

    /// The database that `psql` and `pg_restore` work on, as written.
    var databaseTarget: String {
        if let named = value(of: "-d", "--dbname")?.text { return named }
        return Self.withoutOptions(arguments, valued: ["-h", "-p", "-U", "-v", "-f", "-c", "-j", "-o"]).first?.text
            ?? ""
    }

    var stopsOnError: Bool {
        argumentTexts.contains { $0.containsBytes("ON_ERROR_STOP") || $0 == "--exit-on-error" || $0 == "-e" }
    }
}

extension String {
    /// Whether a file of this name is a dump or a backup and no script.
    var isDump: Bool {
        let lower = lowercased()
        return ["backup", "dump", "restore"].contains { lower.containsBytes($0) }
            || [".dump", ".sql.gz", ".sql.zst", ".bak"].contains { lower.hasSuffix($0) }
    }

    /// Whether a database of this name is made to be written over.
    fileprivate var isScratch: Bool {
        let lower = lowercased()
        return ["test", "scratch", "verify", "tmp", "temp", "restore", "drill", "staging", "dev", "local"].contains {
            lower.containsBytes($0)
        }
    }
}
