import Guide
import Maintenance

/// What guides call by the name of a script or a function, by the spelling of the task that does the same.
///
/// A counterpart counts only where something here is called so.
enum Counterparts {
    /// `scripts/health-check.js` and its like, by the file's name without its ending; with the first argument behind a blank
    /// where there is one.
    static let scripts: [String: String] = [
        "health-check": "health:check", "vulnerability-scanner": "security:vulnerability-scan",
        "performance-report": "report:performance", "smoke-tests": "test:post-upgrade",
        "security-audit": "security:audit", "security-audit full": "security:audit",
        "maintenance daily": "maintenance:daily", "maintenance weekly": "maintenance:weekly",
        "maintenance monthly": "maintenance:monthly", "maintenance quarterly": "maintenance:quarterly",
        "maintenance emergency-recover": "maintenance:emergency", "db-manage optimize": "db:optimize",
        "log-manager analyze": "logs:analyze", "backup test-recovery": "backup:test-restore",
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

    /// The spelling for a call of a function; nil where it is none, or none that is known.
    static func function(_ command: ShellCommand) -> (name: String, spelling: String?)? {
        guard command.program == "curl",
            let url = command.argumentTexts.first(where: { $0.containsBytes("/functions/v1/") }),
            let place = url.utf8.firstRange(of: "/functions/v1/".utf8)
        else { return nil }
        let name = String(url[place.upperBound...].prefix { $0 != "?" && $0 != "/" })
        let body =
            zip(command.argumentTexts, command.argumentTexts.dropFirst())
            .first { ["-d", "--data", "--data-raw"].contains($0.0) }?.1 ?? ""
        let action = action(in: body)
        return (action.map { "\(name) with '\($0)'" } ?? name, action.flatMap { functions["\(name) \($0)"] })
    }

    /// The value of `"action"`, also where the rest of the body is broken.
    private static func action(in body: String) -> String? {
        guard let key = body.utf8.firstRange(of: "\"action\"".utf8) else { return nil }
        let parts = body[key.upperBound...].split(separator: "\"", omittingEmptySubsequences: false)
        return parts.count > 2 ? String(parts[1]) : nil
    }
}
