import Calendar
import Maintenance
import Outside
import Settings
import Store

/// What runs say that have not come to a good end: a line for each thing that somebody has to do.
extension ScheduleStanding {
    /// How long a run without a schedule is told of that ended badly, unless a newer one took its place before.
    static let toldFor: Duration = .seconds(7 * 86_400)
    /// How many of those at most.
    private static let mostEnded = 50
    /// How many steps of one run at most; the last line says how many more there are.
    private static let mostSteps = 20

    /// - Parameter windows: nil where nobody knows which there are.
    static func openRuns(
        _ log: RunLog, _ inventory: Inventory, windows: WaitingForWindows?
    ) async throws -> [Attention] {
        let runs = try await log.openRuns().filter { !$0.isDryRun }
        let dead = try log.abandoned(runs)
        let waiting = try await Approvals(log: log, inventory: inventory).waiting()
        let unsigned = try await log.checklistWaits(runs)
        var found: [Attention] = []
        for run in runs {
            switch run.state {
            case .waiting:
                let steps = try await log.outlines(of: run.id)
                found += waits(
                    run, steps, windows?[run: run.id] ?? [], waiting.filter { $0.ballot.request.runID == run.id },
                    unsigned.filter { $0.run.id == run.id })
                found += troubled(run, steps)
            case .uncertain:
                found += undecided(run, try await log.changes(of: run.id))
                found += troubled(run, try await log.outlines(of: run.id))
            default:
                guard dead.contains(run.id) else { continue }
                found.append(
                    Attention(
                        kind: .cutOff, subject: run.name, reason: "run \(run.id) ended in the middle: its process died",
                        resolve: "mainstay resume \(run.id)"))
            }
        }
        return found
    }

    /// Everything a run waits for: each approval, each window, each checklist.
    private static func waits(
        _ run: RunRecord, _ steps: [StepRecord], _ windows: [WaitingStep], _ requests: [Approvals.Standing],
        _ unsigned: [ChecklistWait]
    ) -> [Attention] {
        func add(_ reason: String, _ resolve: String) -> Attention {
            Attention(kind: .waiting, subject: run.name, reason: reason, resolve: resolve)
        }
        let resume = "mainstay resume \(run.id)"
        var found: [Attention] = []
        var told: Set<Int> = []
        for step in windows {
            let own = requests.filter { $0.ballot.request.step == step.step.number }
            guard var attention = windowAttention(run, [step], own) else { continue }
            if windows.count > 1 { attention.reason += " (step \(step.step.number))" }
            if let approved = own.first(where: { $0.state == .approved }) {
                attention.reason += "; what was approved counts until \(approved.ballot.request.expiresAt)"
            }
            found.append(attention)
            told.insert(step.step.number)
        }
        for standing in requests where !told.contains(standing.ballot.request.step) {
            let request = standing.ballot.request
            let step = requests.count + windows.count > 1 ? " (step \(request.step))" : ""
            switch standing.state {
            case .approved:
                found.append(add("run \(run.id) is approved and has not gone on yet\(step)", resume))
            case .expired:
                found.append(add("run \(run.id) waits for an approval: the request has expired\(step)", resume))
            default:
                // One that only asks for a start outside of its window is no use where no window is waited for.
                let more = request.isOnlyForEmergency ? " --emergency --reason TEXT" : ""
                found.append(
                    add(
                        "run \(run.id) waits for an approval: \(standing.missing)\(step); "
                            + "the request lapses at \(request.expiresAt)",
                        "mainstay approve \(request.id)\(more)"))
            }
        }
        for wait in unsigned {
            found.append(
                add(
                    "run \(run.id): \(wait.reason)",
                    "mainstay checklist show \(wait.list) --environment \(wait.environment.shellQuoted)"))
        }
        guard found.isEmpty else { return found }
        let first = steps.first { $0.state == .waiting && $0.error != nil }
        return [
            add(
                first?.error.map { "run \(run.id): \($0.problem)" }
                    ?? "run \(run.id) is approved and has not gone on yet", resume)
        ]
    }

    /// Each change that nobody can tell about, with the command that says what became of it.
    private static func undecided(_ run: RunRecord, _ changes: [ChangeRecord]) -> [Attention] {
        let open = changes.filter(\.state.isUncertain)
        guard !open.isEmpty else {
            return [
                Attention(
                    kind: .uncertain, subject: run.name,
                    reason: "run \(run.id) was left before anybody could look what became of it",
                    resolve: "mainstay resume \(run.id)")
            ]
        }
        return open.map { record in
            let isAsked = record.state == .undecided
            return Attention(
                kind: .uncertain, subject: run.name,
                reason: "nobody can tell whether '\(record.change.id)' was made (change \(record.place) of "
                    + "run \(run.id))" + (isAsked ? "" : "; the target was not asked yet"),
                resolve: isAsked ? record.decideCommand : "mainstay resume \(run.id)")
        }
    }

    /// What failed or was refused in a run that has not ended.
    private static func troubled(_ run: RunRecord, _ steps: [StepRecord]) -> [Attention] {
        let troubled = steps.filter { $0.state.isFailure }
        return troubled.prefix(mostSteps).enumerated().map { index, step in
            let more = troubled.count - mostSteps
            let rest = index == mostSteps - 1 && more > 0 ? "; \(more) more steps of it have failed too" : ""
            return Attention(
                kind: step.state == .refused ? .refused : .failed, subject: run.name,
                reason: "step \(step.number) (\(step.title)) of run \(run.id) at \(step.target) is "
                    + "\(step.state.rawValue): \(step.error?.problem ?? "no reason was kept")\(rest)",
                resolve: "mainstay show \(run.id)")
        }
    }

    /// Runs of routines and tasks that no schedule starts, which ended badly and have no newer one.
    static func endedRuns(_ log: RunLog, without scheduled: Set<String>) async throws -> [Attention] {
        var found: [Attention] = []
        for run in try await log.endedBadly(since: log.clock.now() - toldFor, most: mostEnded)
        where !(run.isRoutine && scheduled.contains(run.name)) {
            if let attention = try await ended(run, log) { found.append(attention) }
        }
        return found
    }

    /// A run that failed, or that was cancelled with more to do; nil for others.
    static func ended(_ run: RunRecord, _ log: RunLog) async throws -> Attention? {
        guard run.state == .failed || run.state == .cancelled else { return nil }
        // One that ended because another waits for the same needs nobody: that other one does.
        let hasMore = try await log.hasMoreToDo(run)
        guard run.state == .failed || hasMore else { return nil }
        let steps = try await log.outlines(of: run.id)
        let failures = steps.filter { $0.state.isFailure }
        let isRefused = !failures.isEmpty && failures.allSatisfy { $0.state == .refused }
        let more = failures.count > 1 ? "; and \(failures.count - 1) more" : ""
        let resolve = run.state == .failed ? "mainstay show \(run.id)" : "mainstay resume \(run.id)"
        return Attention(
            kind: run.state == .cancelled ? .cancelled : isRefused ? .refused : .failed, subject: run.name,
            reason: "run \(run.id) \(run.state.rawValue)\(reason(steps).map { ": \($0.problem)\(more)" } ?? "")",
            resolve: resolve)
    }

    /// Steps that were left out of the newest run of a routine though nothing in its configuration wanted that, or all of
    /// them; nil where there are none.
    static func skipped(_ run: RunRecord, _ log: RunLog) async throws -> Attention? {
        guard run.state == .succeeded || run.state == .failed else { return nil }
        let steps = try await log.outlines(of: run.id)
        let skipped = steps.filter { $0.state == .skipped }
        let unwanted = skipped.filter { ["step.stopped", "step.needs"].contains($0.error?.code ?? "") }
        let told = skipped.count == steps.count ? skipped : unwanted
        guard let first = told.first else { return nil }
        let what = told.count == 1 ? "a step" : "\(told.count) steps"
        return Attention(
            kind: .skipped, subject: run.name,
            reason: "\(what) of run \(run.id) \(told.count == 1 ? "was" : "were") left out; the first, \(first.title): "
                + (first.error?.problem ?? "no reason was kept"),
            resolve: "mainstay show \(run.id)")
    }

    /// What kept a run from succeeding: what failed, before what was given up or left out because of it.
    private static func reason(_ steps: [StepRecord]) -> ErrorReport? {
        let troubled = steps.filter { $0.error != nil && $0.state != .succeeded }
        let first = troubled.first(where: \.state.isFailure) ?? troubled.first { $0.state != .skipped }
        return (first ?? troubled.first)?.error
    }
}

extension RunLog {
    /// Runs that failed or were cancelled and that no newer run of the same name in the same environments took the place
    /// of, latest first; dry runs left out.
    func endedBadly(since instant: Timestamp, most: Int) async throws -> [RunRecord] {
        try await store.read { reader in
            try reader.rows(ScheduleStatement.endedBadly, ["since": instant, "most": most]).map(RunRecord.init)
        }
    }
}
