import Engine
import Maintenance
import Report

extension DailyReport {
    init(_ material: Material) {
        madeAt = material.now
        since = material.since
        version = material.version
        runID = material.run.id
        runName = material.run.name
        requester = material.run.requester
        environments = material.environments.map { EnvironmentHealth($0, material) }
        backups = Self.backups(material)
        let period = material.runs.filter { ($0.run.endedAt ?? material.now) >= material.since }
        troubles = Self.troubles(period, material)
        changes = Self.changes(period, material)
        findings = Self.groups(material)
        resolved = material.resolved
        trends = Self.trends(material)
        notCovered = Self.notCovered(material, environments)
        runs = period.reversed().map(RunLine.init)
        audit = material.audit?.description
        verdict = Verdict(environments: environments, troubles: troubles, changes: changes, findings: findings)
    }

    private static func troubles(_ runs: [RunSummary], _ material: Material) -> [StepTrouble] {
        var found: [StepTrouble] = []
        for summary in runs {
            let isCutOff = material.abandoned.contains(summary.run.id)
            for step in summary.steps where !material.isOwn(step) && step.isTrouble(isCutOff: isCutOff) {
                found.append(
                    StepTrouble(
                        runID: summary.run.id, step: step.number, task: step.task, target: step.target,
                        state: step.state, at: step.endedAt ?? step.startedAt, error: step.error,
                        mendedBy: isCutOff ? nil : material.success(after: step), times: 1,
                        isDryRun: summary.run.isDryRun,
                        isCutOff: isCutOff, isCheck: step.observation?.checks.isEmpty == false))
            }
        }
        var latest: [[String]: StepTrouble] = [:]
        for trouble in found {
            var trouble = trouble
            trouble.times += latest[trouble.place]?.times ?? 0
            latest[trouble.place] = trouble
        }
        found = found.filter { $0.step == latest[$0.place]?.step && $0.runID == latest[$0.place]?.runID }
            .compactMap { latest[$0.place] }
        // A stable order: open before mended, worse before better, later before earlier.
        return found.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            let isOpen = (a.mendedBy == nil && !a.isDryRun, b.mendedBy == nil && !b.isDryRun)
            if isOpen.0 != isOpen.1 { return isOpen.0 }
            if a.state.standing != b.state.standing { return a.state.standing > b.state.standing }
            return left.offset > right.offset
        }.map(\.element)
    }

    private static func changes(_ runs: [RunSummary], _ material: Material) -> [ChangeLine] {
        var lines: [ChangeLine] = []
        for summary in runs.reversed() where !summary.run.isDryRun {
            let steps = Dictionary(summary.steps.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
            for record in summary.changes {
                // Reports are no work on what is maintained.
                guard let step = steps[record.step], step.task != WriteDailyReport.declaration.name else { continue }
                lines.append(ChangeLine(record, step))
            }
        }
        return lines.filter { $0.state != .proved } + lines.filter { $0.state == .proved }
    }

    private static func groups(_ material: Material) -> [FindingGroup] {
        var groups: [FindingGroup] = []
        var places: [FindingGroup.Key: Int] = [:]
        for record in material.open {
            let finding = record.finding
            let entry = FindingGroup.Entry(object: finding.object, summary: finding.summary, since: record.firstSeen)
            let key = FindingGroup.Key(finding)
            guard let place = places[key] else {
                places[key] = groups.count
                groups.append(
                    FindingGroup(
                        severity: finding.severity, code: finding.code, target: finding.target, mend: finding.mend,
                        task: record.task, since: record.firstSeen, lastSeen: record.lastSeen, isStale: false,
                        entries: [entry]))
                continue
            }
            groups[place].entries.append(entry)
            groups[place].since = min(groups[place].since, record.firstSeen)
            groups[place].lastSeen = max(groups[place].lastSeen, record.lastSeen)
        }
        for place in groups.indices { groups[place].isStale = material.now - groups[place].lastSeen > material.fresh }
        return groups.sorted {
            ($1.severity, $0.target, $0.code, $0.mend ?? "") < ($0.severity, $1.target, $1.code, $1.mend ?? "")
        }
    }

    private static func notCovered(_ material: Material, _ environments: [EnvironmentHealth]) -> [NotCovered] {
        var latest: [StepKey: StepRecord] = [:]
        for summary in material.runs where !summary.run.isDryRun {
            for step in summary.steps where step.state.isEnded && !material.isOwn(step) {
                latest[StepKey(task: step.task, target: step.target)] = step
            }
        }
        var missing: [NotCovered] = []
        for (_, step) in latest.sorted(by: { ($0.key.target, $0.key.task) < ($1.key.target, $1.key.task) }) {
            for gap in step.observation?.gaps ?? [] {
                missing.append(
                    NotCovered(
                        target: step.target, subject: gap.subject, reason: gap.reason.problem, hint: gap.reason.hint))
            }
        }
        for environment in environments {
            missing += environment.unasked.map { name in
                NotCovered(
                    target: Target(environment: environment.name, resource: name), subject: "health",
                    reason: "no check has asked it", hint: nil)
            }
            if !latest.keys.contains(where: { $0.target.environment == environment.name }) {
                missing.append(
                    NotCovered(
                        target: Target(environment: environment.name), subject: "maintenance",
                        reason: "no task has worked on it", hint: nil))
            }
        }
        return missing
    }

    private struct StepKey: Hashable {
        var task: String
        var target: Target
    }
}

extension Material {
    /// The step that makes this report: it cannot say how it ended.
    func isOwn(_ step: StepRecord) -> Bool { step.runID == run.id && step.number == self.step }

    /// The first later run in which the same task succeeded on the same target, as it was asked or as a whole.
    func success(after step: StepRecord) -> String? {
        guard let begin = step.startedAt else { return nil }
        for summary in runs where !summary.run.isDryRun {
            for other in summary.steps where other.task == step.task && other.target == step.target {
                guard other.state == .succeeded, let at = other.startedAt, at > begin,
                    other.isWhole || other.arguments == step.arguments
                else { continue }
                return summary.run.id
            }
        }
        return nil
    }
}

extension StepRecord {
    /// Whether it was asked about everything: `--check` and `--skip` choose among checks.
    var isWhole: Bool { !arguments.contains { $0.hasPrefix("--check=") || $0.hasPrefix("--skip=") } }

    fileprivate func isTrouble(isCutOff: Bool) -> Bool {
        switch state {
        case .succeeded: false
        case .pending, .running: isCutOff
        // Nothing was left to do, or the reason says why not.
        case .skipped: error != nil
        case .failed, .unproven, .refused, .cancelled, .waiting, .uncertain: true
        }
    }
}

extension DailyReport.StepTrouble {
    /// What makes two of them one trouble: each run that was cut off is one of its own.
    fileprivate var place: [String] {
        [task, target.environment, target.resource, isDryRun ? "dry" : "", isCutOff ? runID : ""]
    }
}

extension DailyReport.ChangeLine {
    fileprivate init(_ record: ChangeRecord, _ step: StepRecord) {
        self.init(
            runID: record.runID, step: record.step, task: step.task, target: step.target,
            object: record.change.object, lines: record.change.action.lines, effect: record.change.effect,
            lock: record.change.lock, reason: record.change.reason, state: record.state,
            at: record.endedAt ?? record.startedAt, seconds: record.duration?.inSeconds,
            proof: Self.proof(record.evidence ?? [:], before: record.witness ?? [:]), error: record.error)
    }

    /// What the proof saw, beside what the witness saw before; `NAME before` is the proof's own way of saying that.
    static func proof(_ evidence: Facts, before witness: Facts) -> [DailyReport.Fact] {
        evidence.sorted { $0.key < $1.key }.compactMap { name, after in
            if name.hasSuffix(" before"), evidence[String(name.dropLast(7))] != nil { return nil }
            let before = witness[name] ?? evidence[name + " before"]
            return DailyReport.Fact(name: name, before: before == after ? nil : before, after: after)
        }
    }
}

extension DailyReport.FindingGroup {
    fileprivate struct Key: Hashable {
        var severity: Severity
        var code: String
        var target: Target
        var mend: String?

        init(_ finding: Finding) {
            (severity, code, target, mend) = (finding.severity, finding.code, finding.target, finding.mend)
        }
    }
}

extension DailyReport.RunLine {
    fileprivate init(_ summary: RunSummary) {
        let run = summary.run
        self.init(
            id: run.id, name: run.name, isDryRun: run.isDryRun, state: run.state, requester: run.requester,
            environments: run.environments, startedAt: run.startedAt,
            seconds: run.endedAt.map { ($0 - run.startedAt).inSeconds }, steps: summary.steps.count,
            changesProved: summary.changes.filter { $0.state == .proved }.count)
    }
}
