import Calendar
import Command
import Guide
import Maintenance

/// What came of checking guides: every finding, and what became of every command.
struct GuideReport: Encodable {
    var guides: [Part]
    /// How many statements of SQL no server has looked at.
    var uncheckedStatements: Int
    /// How many a server has understood or refused.
    var checkedStatements: Int

    struct Part: Encodable {
        var file: String
        var findings: [Line]
        var waived: [Line]
        var commands: [Command]
    }

    struct Line: Encodable {
        var code: String
        var severity: Severity
        var line: Int
        var problem: String
        var fix: String?
        /// Who allows it, why, and until when; nil where nobody does.
        var waiver: String?

        init(_ finding: GuideFinding, waiver: GuideWaiver? = nil) {
            code = finding.rule.rawValue
            severity = finding.severity
            line = finding.line
            problem = finding.problem
            fix = finding.fix
            self.waiver = waiver.map { "\($0.owner), until \($0.until): \($0.reason)" }
        }
    }

    struct Command: Encodable {
        var line: Int
        var text: String
        var outcome: String
        /// What is typed here instead.
        var command: String?
        var effect: Effect?
        var reason: String?
        var nearest: String?
        /// Of what is not built yet.
        var area: String?
        /// What of it the task does not do.
        var missing: String?

        init(_ entry: Procedure.Entry, _ resolution: Resolution) {
            line = entry.line
            text = entry.text
            outcome = resolution.name
            command = resolution.command
            effect =
                switch resolution.outcome {
                case .task(_, let effect), .step(let effect): effect
                case .manual, .notBuilt, .undecided: nil
                }
            area = if case .notBuilt(let area) = resolution.outcome { area } else { nil }
            reason = resolution.reason.isEmpty ? nil : resolution.reason
            missing = resolution.missing.isEmpty ? nil : resolution.missing
            nearest = resolution.nearest
        }
    }

    /// Of documents that have been looked at otherwise.
    init(_ guides: [Part]) {
        self.guides = guides
        uncheckedStatements = 0
        checkedStatements = 0
    }

    /// Reads, checks and resolves guides.
    ///
    /// - Parameters:
    ///   - today: `2026-11-22`.
    ///   - force: what the thresholds are held against; nil where nobody named an environment.
    ///   - server: what is asked about SQL; nil where nobody named one.
    init(
        _ files: [GuideFile], _ meanings: CommandMeanings, today: String, zones: ZoneDirectory,
        force: ThresholdsInForce? = nil, server: StatementChecking? = nil
    ) async throws {
        guides = []
        uncheckedStatements = 0
        checkedStatements = 0
        let differences = GuideChecking.differences(between: files.map(\.guide))
        var resolver = Resolver(meanings)
        for file in files {
            let checking = GuideChecking(file.guide, exists: file.exists)
            let scripts = try file.scripts()
            resolver.scripts = scripts.names
            var findings = checking.findings() + checking.overlapFindings(zones: zones)
            if case .broken(let reason) = scripts {
                findings.append(
                    GuideFinding(
                        .brokenPackage, file.guide.file, 1,
                        "the package.json beside it cannot be read, so nobody knows its scripts: \(reason)",
                        fix: "Mend it; npm does not run anything with it either."))
            }
            findings += force?.findings(file.guide) ?? []
            findings += differences.filter { $0.file == file.guide.file }
            var commands: [Command] = []
            for entry in checking.procedures.flatMap(\.entries) where entry.isCommand {
                let resolution = resolver.resolve(entry)
                commands.append(Command(entry, resolution))
                if case .statement(let statement) = entry.kind {
                    switch try await server?.verdict(on: statement) ?? .notChecked {
                    case .understood: checkedStatements += 1
                    case .notChecked: uncheckedStatements += 1
                    case .refused(let reason, let hint):
                        checkedStatements += 1
                        findings.append(
                            GuideFinding(
                                .refusedSQL, file.guide.file, entry.line, "the server refuses this: \(reason)",
                                fix: hint))
                    }
                }
                switch resolution.outcome {
                case .undecided:
                    findings.append(
                        GuideFinding(
                            .undecided, file.guide.file, entry.line, resolution.reason,
                            fix: resolution.nearest.map { "Did you mean 'mainstay \($0)'?" }))
                case .notBuilt(let area):
                    findings.append(
                        GuideFinding(
                            .notBuilt, file.guide.file, entry.line, "nothing here does this yet (\(area))",
                            fix: "Have people do it, or a program of your own."))
                case .task, .step, .manual: break
                }
            }
            let (open, waived) = checking.weighed(
                findings.sorted { ($0.line, $0.rule.rawValue) < ($1.line, $1.rule.rawValue) }, today: today)
            guides.append(
                Part(
                    file: file.path, findings: open.map { Line($0) }, waived: waived.map { Line($0, waiver: $1) },
                    commands: commands))
        }
    }

    var findings: [Line] { guides.flatMap(\.findings) }

    func hasFinding(from severity: Severity?) -> Bool {
        guard let severity else { return false }
        return findings.contains { $0.severity >= severity }
    }
}
