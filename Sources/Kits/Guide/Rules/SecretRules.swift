import Maintenance

extension GuideChecking {
    /// Secrets that are written down, or put into archives that nothing encrypts.
    func secretFindings(_ programs: [Program]) -> [GuideFinding] {
        programs.flatMap { program -> [GuideFinding] in
            let (command, entry) = (program.command, program.entry)
            var found: [GuideFinding] = []
            if let file = archivedSecret(command, entry) {
                found.append(
                    finding(
                        .plainSecret, command.line,
                        "'\(file.printable)' holds secrets, and this archive is not encrypted",
                        fix: "Leave it out, or encrypt the archive; 'mainstay backup files' encrypts."))
            }
            for (name, line) in writtenSecrets(command) {
                found.append(
                    finding(
                        .plainSecret, line, "a secret stands in the guide: \(name.printable)",
                        fix: "Take it from a file or a variable, and change it: whoever reads the guide knows it."))
            }
            return found
        }
    }

    private func archivedSecret(_ command: ShellCommand, _ entry: Procedure.Entry) -> String? {
        guard ["tar", "zip", "7z"].contains(command.program), command.program != "tar" || command.isTarMode("c") else {
            return nil
        }
        let isEncrypted =
            entry.shell?.commands.contains { ["gpg", "age", "openssl", "rage"].contains($0.program) } ?? false
        guard !isEncrypted else { return nil }
        return command.argumentTexts.first { text in
            let name = text.split(separator: "/").last.map(String.init) ?? text
            guard !text.hasPrefix("-") else { return false }
            return name == ".env" || name.hasPrefix(".env*") || name.hasPrefix(".env.") && !name.hasSuffix(".example")
                || name == ".pgpass" || name.hasPrefix("id_rsa") || name.hasSuffix(".pem") || name == ".ssh"
        }
    }

    private func writtenSecrets(_ command: ShellCommand) -> [(name: String, line: Int)] {
        var found: [(String, Int)] = []
        for word in command.assignments + (command.program == "export" ? command.arguments : []) {
            guard let sign = word.text.utf8.firstIndex(of: UInt8(ascii: "=")), !word.isExpanded else { continue }
            let name = String(word.text[..<sign])
            let value = String(word.text[word.text.utf8.index(after: sign)...])
            if Self.isSecretName(name), Self.isSecret(value) { found.append(("the value of \(name)", word.line)) }
        }
        for word in command.words where !word.isExpanded && word.placeholders.isEmpty {
            if let secret = Self.password(inURL: word.text) { found.append(("the password of '\(secret)'", word.line)) }
            let name = word.text.prefix { $0 != "=" }
            if ["--password", "--token", "--api-key", "--secret"].contains(name),
                word.text.utf8.count > name.utf8.count + 1,
                Self.isSecret(String(word.text.dropFirst(name.count + 1)))
            {
                found.append(("the value of '\(name)'", word.line))
            }
        }
        return found
    }

    private static func isSecretName(_ name: String) -> Bool {
        let upper = name.uppercased()
        return ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY"].contains {
            upper.hasSuffix($0)
        }
    }

    /// Whether it looks like the real thing, and not like a word that stands for it.
    private static func isSecret(_ text: String) -> Bool {
        let lower = text.lowercased()
        let hasDigit = text.utf8.contains { $0 >= 0x30 && $0 <= 0x39 }
        guard text.utf8.count >= 8, hasDigit, placeholders(in: text).isEmpty, !text.hasPrefix("$"), !text.hasPrefix("/")
        else { return false }
        let standIns = [
            "password", "secret", "token", "example", "xxx", "***", "...", "<", "changeme", "placeholder", "dummy",
            "redacted", "key", "your", "here", "actual", "sample", "12345", "foobar",
        ]
        return !standIns.contains { lower.containsBytes($0) }
    }

    /// The user and host of a URL that has a password; nil where it has none.
    private static func password(inURL text: String) -> String? {
        guard let scheme = text.utf8.firstRange(of: "://".utf8) else { return nil }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let user = authority[..<at]
        guard let colon = user.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let password = String(user[user.utf8.index(after: colon)...])
        guard isSecret(password), !["postgres", "pass", "pw"].contains(password) else { return nil }
        return "\(user[..<colon])@\(authority[authority.utf8.index(after: at)...])"
    }
}
