import Guide
import Maintenance

/// What guides call by the name of a script or a function, by the spelling of the task that does the same.
///
/// A counterpart counts only where something here is called so.
enum Counterparts {
    /// `scripts/health-check.js` and its like, by the file's name without its ending; with the first argument behind
    /// a blank where there is one.
    static let scripts: [String: String] = [
        "health-check": "health:check", "vulnerability-scanner": "security:vulnerability-scan",
        "performance-report": "report:performance --weekly", "smoke-tests": "maintenance:morning:functionality-check",
        "security-audit": "security:audit", "security-audit full": "security:audit",
        "maintenance daily": "maintenance:daily", "maintenance weekly": "maintenance:weekly",
        "maintenance monthly": "maintenance:monthly", "maintenance quarterly": "maintenance:quarterly",
        "maintenance emergency-recover": "maintenance:emergency", "db-manage optimize": "db:optimize",
        "log-manager analyze": "logs:analyze", "backup test-recovery": "backup:test-recovery",
    ]

    /// Scripts of SQL that are handed to `psql -f` or `npx prisma db execute`, by the file's name without its ending.
    static let queries: [String: String] = [
        "analyze-tables": "db:analyze", "vacuum-analyze": "db:vacuum --everything", "reindex-tables": "db:reindex",
        "check-connections": "db:connections", "cleanup-database": "data:retention",
    ]

    /// What the task that a spelling means does not do of what the guides say it does.
    static let missing: [String: String] = [
        "maintenance:daily:app-performance": "rates of errors of the application",
        "maintenance:track:daily": "what is done already is told by 'mainstay runs'",
    ]

    /// Functions at `/functions/v1/NAME`, by name and `action`.
    static let functions: [String: String] = [
        "production-monitoring system_status": "health:check", "production-monitoring health_check": "health:check",
        "production-monitoring performance_report": "report:performance",
        "database-scalability performance_analysis": "db:analyze-performance",
        "database-scalability index_recommendations": "maintenance:monthly:index-strategy",
        "database-scalability query_optimization": "maintenance:monthly:query-optimization",
        "database-scalability database_metrics": "capacity:monitor",
        "database-scalability scalability_report": "capacity:report",
        "error-tracking get_error_analytics": "maintenance:evening:error-analysis",
        "error-tracking get_error_trends": "maintenance:evening:error-analysis",
        "error-tracking get_errors": "security:monitor", "gdpr-compliance compliance_report": "security:report",
    ]

    /// Members of a function's body that are options here, by the spelling and the member's name.
    private static let options: [String: String] = ["report:performance time_window": "--since"]
    /// Members that the task heeds without being told.
    private static let heeded: Set = [
        "action", "report:performance time_window", "db:analyze-performance time_window",
        "maintenance:monthly:index-strategy table_filters", "capacity:monitor metrics_type",
        "capacity:report report_scope", "security:report report_type",
    ]

    /// The spelling for a script of SQL; nil where the command runs none.
    static func query(_ command: ShellCommand) -> (name: String, spelling: String?)? {
        let texts = command.argumentTexts
        let isPrisma = ["npx", "pnpx"].contains(command.program) && texts.starts(with: ["prisma", "db", "execute"])
        guard isPrisma || command.program == "psql" else { return nil }
        let named = zip(texts, texts.dropFirst()).first { ["--file", "-f"].contains($0.0) }?.1
        guard let path = named ?? command.redirections.first(where: { $0.sign == "<" })?.target.text,
            let file = path.split(separator: "/").last, file.hasSuffix(".sql")
        else { return nil }
        return (path, queries[String(file.dropLast(4))])
    }

    /// The spelling for a script and its arguments; nil where none is known.
    static func script(_ command: ShellCommand) -> (name: String, spelling: String?)? {
        var words = command.words.map(\.text)
        if let first = words.first, ["node", "bash", "sh", "python", "python3", "ts-node", "tsx"].contains(first) {
            words.removeFirst()
        }
        guard let path = words.first, path.hasPrefix("./") || path.contains("/"), !path.hasPrefix("-"),
            let file = path.split(separator: "/").last, let dot = file.lastIndex(of: "."),
            ["sh", "js", "ts", "py", "mjs", "cjs"].contains(String(file[file.index(after: dot)...]))
        else { return nil }
        let stem = String(file[..<dot])
        let argument = words.dropFirst().first { !$0.hasPrefix("-") }
        return (path, (argument.map { scripts["\(stem) \($0)"] } ?? scripts[stem]) ?? nil)
    }

    /// Rows that are deleted over HTTP by one time: the task that removes them, and what has to be said for it to do so;
    /// nil for any other condition.
    static func deletion(_ command: ShellCommand) -> (words: [String], missing: String)? {
        guard command.deletesRows, let url = command.argumentTexts.first(where: { $0.containsBytes("/rest/v1/") }),
            let place = url.utf8.firstRange(of: "/rest/v1/".utf8)
        else { return nil }
        let halves = url[place.upperBound...].split(separator: "?", maxSplits: 1).map(String.init)
        guard halves.count == 2, let table = halves.first, !table.isEmpty, !halves[1].containsBytes("&") else {
            return nil
        }
        let filter = halves[1].split(separator: "=", maxSplits: 1).map(String.init)
        guard filter.count == 2, let column = filter.first, filter[1].hasPrefix("lt.") || filter[1].hasPrefix("lte.")
        else { return nil }
        return (
            ["data", "retain", "--table=\(table)"],
            "'retention' of the database has to name '\(table.printable)', with '\(column.printable)' and how long its "
                + "rows are kept"
        )
    }

    /// What a call of a function is here.
    struct Function {
        /// `error-tracking with 'get_errors'`
        var name: String
        /// With the options that its body asks for; nil where nothing is known to do the same.
        var spelling: [String]?
        /// Members of its body that nothing here heeds.
        var unheeded: [String]
    }

    /// Nil where it is no call of a function.
    static func function(_ command: ShellCommand) -> Function? {
        guard command.program == "curl",
            let url = command.argumentTexts.first(where: { $0.containsBytes("/functions/v1/") }),
            let place = url.utf8.firstRange(of: "/functions/v1/".utf8)
        else { return nil }
        let name = String(url[place.upperBound...].prefix { $0 != "?" && $0 != "/" })
        let body =
            zip(command.argumentTexts, command.argumentTexts.dropFirst())
            .first { ["-d", "--data", "--data-raw"].contains($0.0) }?.1 ?? ""
        let members = members(of: body)
        guard let action = members.first(where: { $0.name == "action" })?.value else {
            return Function(name: name, spelling: nil, unheeded: [])
        }
        // Any function of a team's may be asked how it is.
        let known = functions["\(name) \(action)"] ?? (action == "health_check" ? "health:check" : nil)
        guard let known else { return Function(name: "\(name) with '\(action)'", spelling: nil, unheeded: []) }
        var spelling = [known]
        var unheeded: [String] = []
        for (member, value) in members where member != "action" {
            if let option = options["\(known) \(member)"] {
                spelling.append("\(option)=\(value)")
            } else if !heeded.contains("\(known) \(member)") || value.isEmpty && body.containsBytes("include_") {
                unheeded.append(member)
            }
        }
        return Function(name: "\(name) with '\(action)'", spelling: spelling, unheeded: unheeded)
    }

    /// The members of the outermost object and their texts, also where the rest of the body is broken; a value that
    /// is no text is empty.
    static func members(of body: String) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        var depth = 0
        var texts: [(text: String, depth: Int, isName: Bool)] = []
        var bytes = Array(body.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let text = bytes.prefix { $0 != UInt8(ascii: "\"") }
                bytes = bytes.dropFirst(text.count + 1)
                let isName = bytes.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\\") } == UInt8(ascii: ":")
                texts.append((String(decoding: text, as: UTF8.self), depth, isName))
            default: break
            }
        }
        for (index, text) in texts.enumerated() where text.isName && text.depth == 1 {
            let next = texts[(index + 1)...].first
            let value = next.map { $0.isName || $0.depth != 1 ? "" : $0.text } ?? ""
            found.append((text.text, value))
        }
        return found
    }
}
