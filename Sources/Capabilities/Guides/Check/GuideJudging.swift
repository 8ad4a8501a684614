import Calendar
import Command
import Guide
import Maintenance

/// Checks and resolves guides one after the other. Of each only what the next ones are held against is kept, so that a
/// thousand take no more memory than the largest of them.
struct GuideJudging {
    /// `2026-11-22`.
    let today: String
    let zones: ZoneDirectory
    /// What the thresholds are held against; nil where nobody named an environment.
    var force: ThresholdsInForce?
    /// What is asked about SQL; nil where nobody named a server.
    var server: StatementChecking?
    private var resolver: Resolver
    private var differences = GuideDifferences()
    /// How many statements of SQL no server has looked at, and how many one has understood or refused.
    private(set) var statements = (unchecked: 0, checked: 0)
    /// What the server has said, by the statement's bytes (names that only look alike are others to it): guides of one
    /// team say the same again and again.
    private var verdicts: [[UInt8]: StatementChecking.Verdict] = [:]

    init(
        _ meanings: CommandMeanings, today: String, zones: ZoneDirectory, force: ThresholdsInForce? = nil,
        server: StatementChecking? = nil
    ) {
        self.today = today
        self.zones = zones
        self.force = force
        self.server = server
        resolver = Resolver(meanings)
    }

    mutating func part(of file: GuideFile) async throws -> GuideReport.Part {
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
        findings += force?.findings(checking) ?? []
        findings += differences.findings(checking)
        var commands: [GuideReport.Command] = []
        for entry in checking.procedures.lazy.flatMap(\.entries) where entry.isCommand {
            let resolution = resolver.resolve(entry)
            commands.append(GuideReport.Command(entry, resolution))
            if let refused = try await refusal(entry, file.guide) { findings.append(refused) }
            if let finding = Self.finding(resolution, entry, file.guide) { findings.append(finding) }
        }
        let (open, waived) = checking.weighed(
            findings.sorted { ($0.line, $0.rule.rawValue) < ($1.line, $1.rule.rawValue) }, today: today)
        return GuideReport.Part(
            file: file.path, findings: open.map { .init($0) }, waived: waived.map { .init($0, waiver: $1) },
            commands: commands)
    }

    private mutating func refusal(_ entry: Procedure.Entry, _ guide: Guide) async throws -> GuideFinding? {
        guard case .statement(let statement) = entry.kind else { return nil }
        switch try await verdict(on: statement) {
        case .understood: statements.checked += 1
        case .notChecked: statements.unchecked += 1
        case .refused(let reason, let hint):
            statements.checked += 1
            return GuideFinding(
                .refusedSQL, guide.file, entry.line, "the server refuses this: \(reason)", fix: hint)
        }
        return nil
    }

    private mutating func verdict(on statement: SQLStatement) async throws -> StatementChecking.Verdict {
        guard let server else { return .notChecked }
        let bytes = Array(statement.text.utf8)
        if let known = verdicts[bytes] { return known }
        let verdict = try await server.verdict(on: statement)
        if verdicts.count >= 4_096 { verdicts = [:] }
        verdicts[bytes] = verdict
        return verdict
    }

    private static func finding(_ resolution: Resolution, _ entry: Procedure.Entry, _ guide: Guide) -> GuideFinding? {
        switch resolution.outcome {
        case .undecided:
            GuideFinding(
                .undecided, guide.file, entry.line, resolution.reason,
                fix: resolution.nearest.map { "Did you mean 'mainstay \($0)'?" })
        case .notBuilt(let area):
            GuideFinding(
                .notBuilt, guide.file, entry.line, "nothing here does this yet (\(area))",
                fix: "Have people do it, or a program of your own.")
        case .task, .step, .manual: nil
        }
    }
}
