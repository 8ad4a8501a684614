import Maintenance
import Outside
import Settings

/// Carries out one step: survey, plan, apply, prove.
struct StepRunner: Sendable {
    let step: StepRecord
    let parsed: ParsedTask
    let act: Act
    let log: RunLog
    let policy: Policy
    /// Asked before each change: whether it may still start.
    let deadline: @Sendable () -> Bool
    let drain: Drain?
    let events: @Sendable (RunEvent) -> Void

    private static let surveyAttempts = 3

    var look: Look { act.look }

    /// A survey and the plan made from it; nothing was changed.
    struct Prepared: Sendable {
        var observation: Observation
        /// Nil for a task that only observes.
        var plan: Plan?
        /// The plan's changes as they were written down; none where they were not.
        var records: [ChangeRecord] = []
        /// Why nothing of the plan may start yet.
        var wait: ErrorReport?
        /// Nil where no window restricts it.
        var fit: WindowFit?

        /// How a step ends that stops here.
        var dryOutcome: (StepState, ErrorReport?) {
            let outcome = StepRunner.outcome([], gaps: observation.gaps)
            return plan?.refusals.first.map { (.refused, $0.reason) } ?? outcome
        }
    }

    /// Surveys and plans, and writes both down.
    func prepare(expecting digest: String?) async throws -> Prepared {
        try await log.start(step)
        events(.stepBegan(step))
        let observation = try await survey()
        try await log.observed(step, observation)
        // Of the tasks that only look some wait, and what they wait for is planned and journalled like a change.
        guard parsed.declaration.effect > .observes || !observation.changes.isEmpty else {
            return Prepared(observation: observation, wait: policy.isDryRun ? nil : observation.waiting)
        }
        let proposed = proposal(observation)
        if let digest, proposed.digest != digest {
            throw EngineError.planChanged(wanted: digest, found: proposed.digest, differences: ["it moved meanwhile"])
        }
        let judged = try await policy.judge(proposed)
        var plan = judged.plan
        let needs = judged.waits.flatMap(\.needs)
        plan.needs = needs.isEmpty ? nil : needs
        let wait = policy.isDryRun ? nil : judged.waits.last
        var records: [ChangeRecord] = []
        if wait != nil {
            try await note(judged, plan)
        } else {
            let approval = policy.isDryRun ? nil : judged.approval
            records = try await log.planned(
                step, plan, approval: approval, notice: policy.isDryRun ? nil : plan.notice)
        }
        if !policy.isDryRun, wait == nil, let notice = plan.notice { events(.told(step, notice)) }
        var planned = step
        planned.plan = plan
        events(.planned(planned, plan))
        return Prepared(
            observation: observation, plan: plan, records: records, wait: wait?.reason, fit: judged.fit)
    }

    /// Writes down all that the plan waits for: people, windows.
    private func note(_ judged: Judged, _ plan: Plan) async throws {
        for wait in judged.waits {
            if let request = wait.request { try await log.wait(step, request, error: wait.reason) }
        }
        guard let fit = judged.fit, let wait = judged.waits.last else { return }
        var before = plan
        before.packing = step.plan?.packing
        try await self.wait(for: fit, before, error: wait.reason)
    }

    /// Only the plan, before policy; nothing is written down.
    func plan() async throws -> Plan {
        proposal(try await survey())
    }

    private func proposal(_ observation: Observation) -> Plan {
        var changes = observation.changes
        if let least = step.terms?.priority {
            for index in changes.indices { changes[index].priority = max(changes[index].priority ?? least, least) }
        }
        return Plan(
            task: parsed.declaration.name, taskVersion: parsed.declaration.version, arguments: parsed.arguments,
            target: step.target, identity: observation.identity, changes: changes)
    }

    /// Makes the plan's changes one after the other and says how the step ended.
    func carryOut(_ prepared: Prepared) async throws -> (StepState, ErrorReport?) {
        if let wait = prepared.wait { return (.waiting, wait) }
        return try await carryOut(
            prepared.records, of: prepared.plan, in: prepared.fit, gaps: prepared.observation.gaps)
    }

    /// Goes on with a step that had begun: what is left of it is asked of policy again, since it may have expired.
    func goOn(_ records: [ChangeRecord], _ plan: Plan, gaps: [Observation.Gap]) async throws
        -> (StepState, ErrorReport?)
    {
        let open = records.filter { $0.state == .planned }.map(\.change.id)
        guard !open.isEmpty else { return try await carryOut(records, of: nil, in: nil, gaps: gaps) }
        let judged = try await policy.judge(plan, isAgain: true, left: Set(open))
        if let wait = judged.waits.last {
            try await note(judged, plan)
            return (.waiting, wait.reason)
        }
        if let approval = judged.approval { try await log.use(approval, step) }
        let refused = Dictionary(judged.plan.refusals.map { ($0.change.id, $0.reason) }) { first, _ in first }
        var left: [ChangeRecord] = []
        for record in records {
            guard record.state == .planned, let reason = refused[record.change.id] else {
                left.append(record)
                continue
            }
            left.append(try await log.move(record, at: step.target, to: .refused, error: reason))
        }
        return try await carryOut(left, of: judged.plan, in: judged.fit, gaps: gaps)
    }

    func changeRunner(of count: Int) -> ChangeRunner {
        var runner = ChangeRunner(task: parsed.task, act: act, log: log) { events(.changeMoved(step, $0, of: count)) }
        runner.drain = drain
        // A program is tried again only where its step says so.
        if step.task == CommandStep.name { runner.attempts = 1 }
        if let retries = step.terms?.retries {
            runner.attempts = 1 + retries.count
            runner.pause = { retries.pause(before: $0) }
        }
        return runner
    }

    private func survey() async throws -> Observation {
        for attempt in 1..<Self.surveyAttempts {
            do {
                return try await parsed.task.survey(look)
            } catch {
                guard ErrorReport(error).isRetryable, !Task.isCancelled else { throw error }
                for resource in look.resources { await look.sessions.drop(resource) }
                try await look.clock.sleep(for: .milliseconds(300 * attempt))
            }
        }
        return try await parsed.task.survey(look)
    }

    /// How a step with these changes ends: nothing counts as done that was not proved.
    static func outcome(_ changes: [ChangeRecord], gaps: [Observation.Gap]) -> (StepState, ErrorReport?) {
        func first(_ state: ChangeState) -> ErrorReport? { changes.first { $0.state == state }?.error }
        let states = Set(changes.map(\.state))
        if states.contains(where: \.isUncertain) {
            return (.uncertain, changes.first { $0.state.isUncertain && $0.error != nil }?.error)
        }
        if states.contains(.planned) { return (.cancelled, first(.planned)) }
        let failed = changes.filter { $0.state == .failed }.compactMap(\.error)
        if failed.count == 1, let only = failed.first { return (.failed, only) }
        if let reason = failed.first {
            let error = EngineError.changesFailed(failed: failed.count, of: changes.count, first: reason.problem)
            return (.failed, ErrorReport(error))
        }
        if states.contains(.unproven) { return (.unproven, first(.unproven)) }
        if states.contains(.refused) { return (.refused, first(.refused)) }
        if let gap = gaps.first {
            var report = ErrorReport(
                EngineError.gaps(count: gaps.count, first: "\(gap.subject.printable): \(gap.reason.problem)"))
            report.hint = gap.reason.hint
            report.isRetryable = gaps.allSatisfy(\.reason.isRetryable)
            let wanted = gaps.map(\.reason.exitStatus).filter { $0 == .unreachable || $0 == .configuration }
            report.exitStatus = wanted.isEmpty ? .failure : .combined(wanted)
            return (.unproven, report)
        }
        return states.contains(.skipped) ? (.skipped, first(.skipped)) : (.succeeded, nil)
    }
}
