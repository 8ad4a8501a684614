import Maintenance

extension GuideChecking {
    /// What the writer left to the reader; each only once, with the number of places.
    func placeholderFindings() -> [GuideFinding] {
        var order: [String] = []
        var places: [String: [Int]] = [:]
        func add(_ text: String, _ line: Int) {
            if places[text] == nil { order.append(text) }
            places[text, default: []].append(line)
        }
        // What no shell can read is no command, and its words mean something else.
        for procedure in procedures where procedure.problems.isEmpty {
            for entry in procedure.entries {
                for command in entry.shell?.commands ?? [] {
                    for word in command.words + command.assignments + command.redirections.map(\.target) {
                        for placeholder in word.placeholders { add(placeholder, word.line) }
                        let rest = word.placeholders.reduce(word.text) { $0.replacingBytes(of: $1, with: "") }
                        for placeholder in Self.placeholders(in: rest) { add(placeholder, word.line) }
                    }
                }
            }
        }
        return order.compactMap { text in
            guard let lines = places[text], let first = lines.first else { return nil }
            let count = Set(lines).count
            let also = count > 1 ? ", in \(count) places" : ""
            let isSign = text.hasPrefix("<")
            return finding(
                .placeholder, first,
                "'\(text.printable)' is still to be filled in\(also)"
                    + (isSign ? "; a shell would read from a file of this name" : ""),
                fix: isSign ? "Use a variable, such as \"${\(Self.variable(text))}\"." : "Write what is meant.")
        }
    }

    private static func variable(_ placeholder: String) -> String {
        String(
            placeholder.uppercased().unicodeScalars.filter { $0 != "<" && $0 != ">" }.map {
                $0.properties.isAlphabetic || $0.properties.numericType != nil ? Character($0) : "_"
            })
    }

    /// `PROJECT` of `https://PROJECT.supabase.co/…`, `YOUR_TOKEN`, `package@^x.y.0`, `CHANGEME`.
    static func placeholders(in text: String) -> [String] {
        var found: [String] = []
        if let scheme = text.utf8.firstRange(of: "://".utf8) {
            let host = text[scheme.upperBound...].prefix { $0 != "/" && $0 != ":" && $0 != "?" }
            let label = host.split(separator: "@").last?.split(separator: ".").first ?? ""
            if label.utf8.count > 2, label.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5a || $0 == 0x5f || $0 == 0x2d }) {
                found.append(String(label))
            }
        }
        // '$' stays with its word: that is a variable, whatever it is called.
        for word in text.split(whereSeparator: { !$0.isLetter && !$0.isNumber && !"_-${".contains($0) }) {
            let lower = word.lowercased()
            let isCapital = word.utf8.allSatisfy { !($0 >= 0x61 && $0 <= 0x7a) }
            if lower.hasPrefix("your_") || lower.hasPrefix("your-") || isCapital && lower.hasPrefix("your")
                || ["changeme", "change_me", "change-me", "replaceme", "replace_me", "replace-me"].contains(lower)
                || isCapital && ["TODO", "FIXME", "XXX", "XXXX"].contains(String(word))
            {
                found.append(String(word))
            }
        }
        if let sign = text.utf8.firstRange(of: "@".utf8), !text.containsBytes("://") {
            let version = text[sign.upperBound...].drop { "^~=v".contains($0) }
            let parts = version.split(separator: ".")
            if parts.count == 3, parts.contains(where: { $0 == "x" || $0 == "y" || $0 == "z" }) { found.append(text) }
        }
        return found
    }
}
