import Maintenance

extension ShellCommand {
    /// What the program may do, by what its manual page says; nil for one that is not known here.
    ///
    /// Only programs that maintenance guides use; what is not known is never taken for harmless.
    package var effect: Effect? {
        let texts = argumentTexts
        let first = texts.first { !$0.hasPrefix("-") } ?? ""
        if Self.lookers.contains(program) { return .observes }
        switch program {
        case "rm", "rmdir", "dropdb", "shred", "truncate": return .destroys
        case "sed", "perl": return hasFlag("i") ? .maintains : .observes
        case "find":
            return texts.contains("-delete") || texts.contains("rm")
                ? .destroys : texts.contains("-exec") ? nil : .observes
        case "curl":
            let method = (value(of: "-X", "--request")?.text ?? "GET").uppercased()
            if method == "DELETE" { return .destroys }
            let sends = texts.contains { ["-d", "--data", "--data-raw", "--json", "-F", "-T"].contains($0) }
            return ["GET", "HEAD"].contains(method) && !sends ? .observes : nil
        case "tar": return isTarMode("t") ? .observes : isTarMode("c") ? .maintains : .destroys
        case "pg_dump", "pg_dumpall", "pg_basebackup", "gzip", "zstd", "cp", "mkdir", "touch", "ln", "chmod", "chown",
            "vacuumdb", "reindexdb", "createdb", "certbot", "logrotate", "rsync", "mv", "gpg", "tee":
            return .maintains
        case "pg_restore": return hasFlag("l", "list") ? .observes : .destroys
        case "npm", "pnpm", "yarn": return Self.packageEffect(first, texts)
        case "npx", "pnpx":
            if texts.starts(with: ["prisma", "migrate", "status"]) { return .observes }
            // 'db execute' runs any SQL, and 'migrate dev' may reset the database.
            return texts.starts(with: ["prisma", "migrate", "deploy"]) || texts.starts(with: ["prisma", "generate"])
                ? .maintains : nil
        case "git":
            if ["status", "log", "diff", "show", "fetch", "branch", "remote", "blame", "rev-parse"].contains(first) {
                return .observes
            }
            return ["clean", "reset"].contains(first) ? .destroys : .maintains
        case "systemctl", "service":
            return ["status", "is-active", "is-failed", "list-units", "list-timers", "show", "cat"].contains(first)
                ? .observes : .maintains
        case "docker", "podman", "kubectl", "docker-compose", "helm":
            if texts.contains("prune") || texts.contains("delete") || texts.contains("rm") || texts.contains("down") {
                return .destroys
            }
            let looks: Set = [
                "ps", "stats", "logs", "inspect", "images", "version", "info", "top", "get", "describe", "events",
            ]
            return looks.contains(first) || first == "compose" && texts.contains { looks.contains($0) }
                ? .observes : .maintains
        case "apt", "apt-get", "yum", "dnf", "apk":
            if ["remove", "purge", "autoremove"].contains(first) { return .destroys }
            return ["list", "search", "show", "check"].contains(first) ? .observes : .maintains
        case "psql": return statementEffect
        case "redis-cli":
            return ["INFO", "PING", "GET", "DBSIZE", "TTL"].contains(first.uppercased())
                ? .observes : first.uppercased().hasPrefix("FLUSH") ? .destroys : nil
        default: return nil
        }
    }

    private static let lookers: Set = [
        "ls", "cat", "grep", "egrep", "zgrep", "awk", "head", "tail", "wc", "df", "du", "ps", "free", "uptime",
        "iostat",
        "vmstat", "mpstat", "netstat", "ss", "ping", "dig", "nslookup", "host", "pg_isready", "pg_controldata", "jq",
        "sort",
        "uniq", "date", "echo", "printf", "which", "stat", "file", "diff", "test", "[", "cd", "pwd", "whoami",
        "hostname",
        "htop", "top", "watch", "journalctl", "last", "lsof", "id", "sha256sum", "md5sum", "pg_verifybackup", "true",
        "traceroute", "dmesg", "uname", "env", "set", "export", "sleep", "less", "more", "zcat", "gunzip", "column",
        "cut", "tr",
    ]

    private static func packageEffect(_ first: String, _ texts: [String]) -> Effect? {
        switch first {
        case "audit": texts.contains("fix") ? .maintains : .observes
        case "outdated", "ls", "list", "view", "info", "why", "test", "t", "doctor", "ping": .observes
        case "install", "i", "ci", "add", "update", "upgrade", "dedupe", "rebuild", "prune": .maintains
        case "run", "run-script":
            switch texts.drop(while: { $0 != first }).dropFirst().first {
            case "build", "start", "stop", "restart", "migrate", "deploy": .maintains
            case "test", "lint", "typecheck": .observes
            default: nil
            }
        case "start", "stop", "restart": .maintains
        default: nil
        }
    }

    /// Of `psql -c`.
    private var statementEffect: Effect? {
        if hasFlag("l", "list") { return .observes }
        guard let sql = value(of: "-c", "--command")?.text else { return nil }
        if sql.hasPrefix("\\") { return .observes }
        let effects = SQLStatement.all(in: sql, line: line).map(\.effect)
        return effects.contains(.destroys) ? .destroys : effects.contains(.maintains) ? .maintains : .observes
    }
}

extension SQLStatement {
    /// What it may do, by its first word.
    package var effect: Effect {
        switch verb {
        case "SELECT", "SHOW", "EXPLAIN", "WITH", "TABLE", "VALUES":
            words.contains { ["INSERT", "UPDATE", "DELETE"].contains($0) } ? .destroys : .observes
        case "ANALYZE", "VACUUM", "REINDEX", "CLUSTER", "CREATE", "CHECKPOINT", "REFRESH", "COMMENT", "SET", "BEGIN",
            "COMMIT",
            "GRANT", "INSERT":
            .maintains
        default: .destroys
        }
    }
}

extension ShellLine {
    /// Of all its programs the worst; nil where one is not known.
    package var effect: Effect? {
        var worst = Effect.observes
        for command in commands where !command.words.isEmpty {
            guard let effect = command.effect else { return nil }
            worst = max(worst, effect)
            if command.redirections.contains(where: { $0.sign.hasPrefix(">") && $0.target.text != "/dev/null" }),
                worst == .observes
            {
                worst = .maintains
            }
        }
        return worst
    }
}
