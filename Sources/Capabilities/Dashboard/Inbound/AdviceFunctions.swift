import Command
import Engine
import Maintenance
import Settings
import Web

/// What `db doctor` answers: which indexes and statements want looking at, with what mends each.
enum AdviceFunctions {
    private static let task = "db.doctor"

    /// `table_filters.include_tables` names tables, with or without their schema.
    static func indexes(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow("table_filters")
        let filter = try question.body["table_filters"].map {
            try object($0, "table_filters", ["include_tables"], question)
        }
        var tables: [String]?
        if let list = filter?["include_tables"] {
            guard let names = list.array, names.allSatisfy({ $0.text != nil }) else {
                throw question.visit.wrong("table_filters", "'include_tables' is a list of tables")
            }
            tables = names.compactMap(\.text)
        }
        let step = try await question.step(of: task)
        let findings = hits(step, family: "indexes.").filter { finding in
            tables.map { names in names.contains { Self.speaks(finding, of: $0) } } ?? true
        }
        return answer(step, findings)
    }

    /// `query_filters.min_duration`: milliseconds on average.
    static func queries(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow("query_filters")
        let filter = try question.body["query_filters"].map {
            try object($0, "query_filters", ["min_duration"], question)
        }
        var least = 0.0
        switch filter?["min_duration"] {
        case nil, .null?: break
        case .integer(let number)? where number >= 0: least = Double(number)
        case .number(let number)? where number >= 0: least = number
        default: throw question.visit.wrong("query_filters", "'min_duration' is a number of milliseconds")
        }
        let step = try await question.step(of: task)
        let findings = hits(step, family: "queries.").filter { finding in
            guard least > 0 else { return true }
            // Only of slow statements the value is a time; the others were not asked for with a time.
            guard finding.evidence["check"] == "queries.slow" else { return false }
            return finding.evidence["value"].map { Self.number($0) >= least } ?? false
        }
        return answer(step, findings)
    }

    private static func hits(_ step: StepRecord, family: String) -> [Finding] {
        (step.observation?.findings ?? []).filter { $0.evidence["check"]?.description.hasPrefix(family) ?? false }
    }

    /// Whether a finding names a table: as its object, or as a word of what it says.
    private static func speaks(_ finding: Finding, of table: String) -> Bool {
        let texts = [finding.object ?? "", finding.summary, finding.mend ?? ""]
        return texts.contains { text in
            text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") }.contains { $0 == table }
                || text.split(separator: " ").contains { $0 == table }
        }
    }

    private static func number(_ value: Scalar) -> Double {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: 0
        }
    }

    private static func answer(_ step: StepRecord, _ findings: [Finding]) -> JSONValue {
        var result: [String: JSONValue] = [
            "run": .text(step.runID), "count": .integer(Int64(findings.count)),
            "recommendations": .array(
                findings.map { finding in
                    var entry: [String: JSONValue] = [
                        "code": .text(finding.code), "severity": .text(finding.severity.rawValue),
                        "target": .text(finding.target.description), "summary": .text(finding.summary),
                    ]
                    if let object = finding.object { entry["object"] = .text(object) }
                    if let mend = finding.mend { entry["mend"] = .text(mend) }
                    return .object(entry)
                }),
        ]
        if let at = step.endedAt { result["checked_at"] = .text(at.iso8601) }
        return .object(result)
    }

    static func object(
        _ json: JSONValue, _ name: String, _ known: [String], _ question: Functions.Question
    ) throws -> [String: JSONValue] {
        guard let object = json.object else {
            throw question.visit.wrong(name, "\(json.kind) stands where an object is needed")
        }
        for member in object.keys.sorted() where !known.contains(member) {
            throw question.visit.wrong(name, "'\(member.printable)' means nothing to the action '\(question.action)'")
        }
        return object
    }
}

/// What the patterns that are looked for in logs answer.
enum LogFunctions {
    private static let check = "log.matches"

    static func analytics(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow("time_window")
        let (step, checks) = try await asked(question)
        return HealthFunctions.summary(step, checks).adding([
            "time_window": .text(try question.window().canonical),
            "errors": .array(
                checks.map { check in
                    [
                        "log": .text(check.target.description), "matches": check.value.map(JSONValue.number) ?? .null,
                        "summary": .text(check.summary),
                    ]
                }),
        ])
    }

    static func trends(_ question: Functions.Question) async throws -> JSONValue {
        let result = try await analytics(question)
        let names = Set(question.environment.resources.filter { $0.kind == .logPattern }.map(\.name))
        return result.adding([
            "series": .array(try await HealthFunctions.series(question, of: names))
        ])
    }

    private static func asked(_ question: Functions.Question) async throws -> (StepRecord, [CheckOutcome]) {
        let step = try await question.step(of: EnvironmentLook.healthTask)
        let checks = (step.observation?.checks ?? []).filter { $0.check == check }
        guard !checks.isEmpty else {
            throw Refusal.unanswered(
                "the last health check of '\(question.environment.name)' looked into no log",
                hint: "Name the application's log under its 'resources', with 'kind: log-pattern'.")
        }
        return (step, checks)
    }
}
