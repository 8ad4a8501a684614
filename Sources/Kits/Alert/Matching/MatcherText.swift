import Maintenance

/// What somebody typed for a matcher, and why it is none.
package struct MatcherProblem: MaintenanceError {
    package var text: String
    package var reason: String

    package var code: String { "alert.matcher" }
    package var problem: String { "'\(text.printable)' is no matcher: \(reason)" }
    package var hint: String? { "write one as severity=critical, team!=db or 'resource=~\"web|api\"'." }
    package var exitStatus: ExitStatus { .usage }
}

extension Matcher {
    /// Reads `name=value`, `name="value"`, and the same with `!=`, `=~` and `!~`.
    package init(parsing text: String) throws(MatcherProblem) {
        func no(_ reason: String) -> MatcherProblem { MatcherProblem(text: text, reason: reason) }
        let scalars = Array(text.trimmingWhitespace().unicodeScalars)
        guard let sign = scalars.firstIndex(where: { $0 == "=" || $0 == "!" }) else {
            throw no("it has none of the signs =, !=, =~ and !~")
        }
        let name = Self.string(scalars[..<sign]).trimmingWhitespace()
        guard !name.isEmpty else { throw no("no label stands before the sign") }
        let candidates: [Operation] = [.matching, .notMatching, .unequal, .equal]
        let rest = Array(scalars[sign...])
        guard let operation = candidates.first(where: { rest.starts(with: Array($0.rawValue.unicodeScalars)) }) else {
            throw no("'!' is followed neither by '=' nor by '~'")
        }
        let written = Self.string(rest[operation.rawValue.unicodeScalars.count...]).trimmingWhitespace()
        guard let value = Self.unquoted(written) else { throw no("its quotation marks do not pair") }
        do {
            try self.init(name, operation, value)
        } catch {
            throw no(error.problem)
        }
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// Nil where a quotation mark is open or something follows the last one.
    private static func unquoted(_ text: String) -> String? {
        let scalars = Array(text.unicodeScalars)
        guard scalars.first == "\"" else { return scalars.contains("\"") ? nil : text }
        var value = ""
        var index = 1
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "\"" { return index == scalars.count - 1 ? value : nil }
            // As in Alertmanager only these two are escapes; before anything else the backslash stands for itself.
            if scalar == "\\", index + 1 < scalars.count, scalars[index + 1] == "\"" || scalars[index + 1] == "\\" {
                index += 1
            }
            value.unicodeScalars.append(scalars[index])
            index += 1
        }
        return nil
    }
}
