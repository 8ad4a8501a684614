import Maintenance
import Outside
import Settings

extension Runner {
    /// Goes on with a run that was killed, cancelled or left uncertain: first every uncertain change is settled at its
    /// target, then what was planned and never started is done, then the steps that never began.
    ///
    /// Steps that have ended stay as they ended.
    ///
    /// - Parameters:
    ///   - decision: what became of a change that is undecided already; before anybody has looked it counts for nothing.
    ///   - place: which change is meant; nil where only one is undecided.
    package func resume(
        _ name: String, decision: Decision? = nil, about place: ChangePlace? = nil, requester: Requester
    ) async throws -> RunSummary {
        try await acting(for: requester).goOn(name, decision, place, requester: requester)
    }

    private func goOn(
        _ name: String, _ decision: Decision?, _ place: ChangePlace?, requester: Requester
    ) async throws -> RunSummary {
        let run = try await log.run(name)
        let lock = try StateLocks(stateDirectory: stateDirectory).run(run.id)
        guard lock != nil else { throw EngineError.runIsAlive(run: run.id, process: run.requester.processID) }
        defer { withExtendedLifetime(lock) {} }
        let all = try await log.steps(of: run.id)
        let steps = all.filter { !$0.state.isEnded || $0.state == .cancelled }
        // Killed between the end of its last step and its own, or what it waited for was rejected: only the run itself is
        // still to be ended.
        guard !steps.isEmpty || run.state == .running || run.state == .waiting else {
            throw EngineError.nothingToResume(run: run.id, state: run.state)
        }
        let decided = try await log.decided(decision, about: place, in: run)
        let work = try steps.map { step in
            Work(step: step, parsed: try catalog.entry(step.task).parse(step.arguments))
        }
        var request = RunRequest(
            name: run.name, isRoutine: run.isRoutine, isDryRun: run.isDryRun,
            steps: work.map { RunRequest.Step($0.parsed, on: $0.step.target) }, requester: requester)
        request.asker = run.requester
        let asked = request
        try await log.resume(run, audit: audit(run, all))
        events(.began(run, steps: work.count))
        do {
            try await inLanes(work) { item in
                try await perform(item, asked) { runner in
                    let hasBegun = try await !log.changes(of: item.step).isEmpty
                    guard let plan = item.step.plan, hasBegun, !run.isDryRun else {
                        // What waits is not looked at again before people have answered.
                        if let wait = try await runner.policy.waitsStill() { return (.waiting, wait) }
                        let prepared = try await runner.prepare(expecting: nil)
                        return run.isDryRun ? prepared.dryOutcome : try await runner.carryOut(prepared)
                    }
                    try await log.start(item.step)
                    events(.stepBegan(item.step))
                    let settled = try await reconcile(item.step, runner, decided, requester: requester)
                    return try await runner.goOn(settled, plan, gaps: item.step.observation?.gaps ?? [])
                }
            }
        } catch is CancellationError {
            // What had begun is written down; the rest stays for the next time.
        }
        return try await finish(run)
    }

    /// Settles what a crash left open: waits for or ends what still runs, then compares the witness.
    private func reconcile(
        _ step: StepRecord, _ runner: StepRunner, _ decided: Decided?, requester: Requester
    ) async throws -> [ChangeRecord] {
        var settled: [ChangeRecord] = []
        let decider: Facts = [AuditDraft.decider: .text(requester.user)]
        let records = try await log.changes(of: step)
        if records.contains(where: { $0.state.isUncertain }) {
            try await Orphans(act: runner.act, clock: clock).end(runID: step.runID, step: step.number)
        }
        for record in records {
            guard record.state.isUncertain else {
                settled.append(record)
                continue
            }
            let result: ChangeRecord
            switch (await runner.changeRunner(of: records.count).proof(of: record), decided?.decision(about: record)) {
            case (.done(let evidence), _):
                result = try await log.move(record, at: step.target, to: .proved, evidence: evidence)
            case (.notDone(let reason), _) where record.state == .applied:
                let error = EngineError.unproven(change: record.change.id, reason: reason)
                result = try await log.move(record, at: step.target, to: .unproven, error: ErrorReport(error))
            case (.failed(let reason, let evidence), _):
                let error = EngineError.unproven(change: record.change.id, reason: reason)
                result = try await log.move(
                    record, at: step.target, to: record.state == .applied ? .unproven : .failed, evidence: evidence,
                    error: ErrorReport(error))
            case (.notDone, _):
                result = try await log.move(record, at: step.target, to: .planned)
            case (.unknown, .done?):
                result = try await log.move(record, at: step.target, to: .proved, evidence: decider)
            case (.unknown, .notDone?):
                result = try await log.move(record, at: step.target, to: .planned, evidence: decider)
            case (.unknown(let reason), nil):
                let error = ErrorReport(EngineError.undecided(record, reason: reason))
                result =
                    record.state == .undecided
                    ? record : try await log.move(record, at: step.target, to: .undecided, error: error)
            }
            events(.changeMoved(step, result, of: records.count))
            settled.append(result)
        }
        return settled
    }
}
