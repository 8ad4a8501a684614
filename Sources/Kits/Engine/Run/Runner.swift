import Calendar
import Maintenance
import Outside
import Settings
import Store

/// Carries out runs: environments beside each other, the steps of one environment one after the other, what concerns
/// the whole estate at the end.
package struct Runner: Sendable {
    package let inventory: Inventory
    package let catalog: TaskCatalog
    package private(set) var log: RunLog
    package let clock: WallClock
    package let programs: Programs
    package let stateDirectory: String
    package let events: @Sendable (RunEvent) -> Void
    /// Whose rules windows are understood by.
    package var zones = ZoneDirectory(environment: [:])
    /// How many environments are worked on at once.
    package var concurrency = 4
    /// How long a step waits while another run changes its target. Somebody at a terminal is told at once; routines that
    /// start at the same minute take turns.
    package var busyPatience: Duration = .zero
    /// What lets changes come to their end when the process is to stop; nil where they are interrupted.
    package var drain: Drain?
    /// How long a change waits for the fence of its target.
    package var fencePatience: Duration = .seconds(30)
    private let protected: ProtectedDatabases

    package init(
        inventory: Inventory, catalog: TaskCatalog, log: RunLog, clock: WallClock, programs: Programs,
        stateDirectory: String, events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) {
        self.inventory = inventory
        self.catalog = catalog
        self.log = log
        self.clock = clock
        self.programs = programs
        self.stateDirectory = stateDirectory
        self.events = events
        protected = ProtectedDatabases(inventory: inventory, programs: programs, log: log)
    }

    /// One step with its task, and the digest its plan has to have where one was approved.
    struct Work: Sendable {
        var step: StepRecord
        var parsed: ParsedTask
        var expected: String?
    }

    /// Carries the request out to its end and returns what came of it; a step that fails fails alone.
    ///
    /// Throws where the run cannot be recorded, where its start by schedule was claimed before, and where `planDigest` is
    /// not what would be done now.
    package func run(_ request: RunRequest) async throws -> RunSummary {
        try await acting(for: request.requester).begin(request)
    }

    /// The same runner, whose audit entries name somebody else.
    func acting(for requester: Requester) -> Runner {
        var runner = self
        runner.log = log.acting(for: requester)
        return runner
    }

    private func begin(_ request: RunRequest) async throws -> RunSummary {
        let id = request.id ?? RunRequest.newID(at: clock.now())
        let run = RunRecord(
            id: id, name: request.name, isRoutine: request.isRoutine, isDryRun: request.isDryRun,
            environments: distinct(request.steps.map(\.target.environment)), state: .running,
            requester: request.requester, startedAt: clock.now())
        var work = request.steps.enumerated().map { index, step in
            Work(
                step: StepRecord(
                    runID: id, number: index + 1, task: step.task.declaration.name, arguments: step.task.arguments,
                    target: step.target, terms: step.terms, state: .pending),
                parsed: step.task)
        }
        if let digest = request.planDigest { work = try await expecting(digest, work, request) }
        let lock = try StateLocks(stateDirectory: stateDirectory).run(id)
        defer { withExtendedLifetime(lock) {} }
        try await log.begin(
            run, steps: work.map(\.step), audit: audit(run, work.map(\.step)), start: request.start)
        events(.began(run, steps: work.count))
        async let announced: Void = pings.began(run)
        do {
            try await inLanes(work) { item in
                try await perform(item, request) { runner in
                    let prepared = try await runner.prepare(expecting: item.expected)
                    return request.isDryRun ? prepared.dryOutcome : try await runner.carryOut(prepared)
                }
            }
        } catch is CancellationError {
            // What had begun is written down; the rest stays pending for whoever resumes.
        }
        try await announced
        return try await finish(run)
    }

    /// Writes down how the run as a whole stands, and returns it with all that belongs to it.
    func finish(_ run: RunRecord) async throws -> RunSummary {
        let isCancelled = Task.isCancelled
        return try await despiteCancellation { [log, events, pings] in
            let id = run.id
            var steps = try await log.steps(of: id)
            var state = RunState(steps.map(\.state))
            if state == .running { state = isCancelled ? .cancelled : .failed }
            let audit = audit(run, steps)
            try await log.end(run, state, audit: audit)
            if state == .waiting {
                try await log.supersede(olderThan: run, steps)
                try await log.oneWaits(run, steps)
                steps = try await log.steps(of: id)
            }
            let summary = RunSummary(
                run: try await log.run(id), steps: steps, changes: try await log.changes(of: id),
                auditHead: audit == nil ? nil : try await log.auditHead())
            if summary.run.isDryRun, !summary.plans.isEmpty {
                try await log.keep(summary.plans, digest: combinedDigest(summary.plans))
            }
            events(.ended(summary))
            try await pings.ended(summary)
            return summary
        }
    }

    private var pings: RoutinePings { RoutinePings(inventory: inventory, programs: programs, log: log) }

    /// Environments beside each other, as many at once as the routine says, else `concurrency`; each lane in order; then
    /// the estate.
    func inLanes(_ work: [Work], _ body: @escaping @Sendable (Work) async throws -> Void) async throws {
        let lanes = distinct(work.map(\.step.target.environment)).map { environment in
            work.filter { $0.step.target.environment == environment }
        }
        let most = work.lazy.compactMap(\.step.terms?.environmentsAtOnce).first ?? concurrency
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, lane) in lanes.enumerated() {
                if index >= most { try await group.next() }
                group.addTask {
                    for items in Self.batches(lane) { try await Self.beside(items, body) }
                }
            }
            try await group.waitForAll()
        }
        for item in work where item.step.target.environment.isEmpty {
            try Task.checkCancellation()
            try await body(item)
        }
    }

    /// In order; what may be worked on at once stands together.
    private static func batches(_ lane: [Work]) -> [[Work]] {
        var batches: [[Work]] = []
        for item in lane {
            if let place = item.step.terms?.beside, batches.last?.first?.step.terms?.beside == place {
                batches[batches.count - 1].append(item)
            } else {
                batches.append([item])
            }
        }
        return batches
    }

    private static func beside(_ items: [Work], _ body: @escaping @Sendable (Work) async throws -> Void) async throws {
        let most = items.first?.step.terms?.beside?.most ?? 1
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, item) in items.enumerated() {
                if index >= most { try await group.next() }
                try Task.checkCancellation()
                group.addTask { try await body(item) }
            }
            try await group.waitForAll()
        }
    }

    /// One step to its recorded end. Throws only where the store cannot be written, or holds something else than what was
    /// written: then nothing more may be started, and the step stays open for whoever resumes.
    func perform(
        _ work: Work, _ request: RunRequest,
        _ body: @escaping @Sendable (StepRunner) async throws -> (StepState, ErrorReport?)
    ) async throws {
        let outcome: Outcome
        do {
            outcome = try await perform(work, under: work.step.terms) {
                try await withStepRunner(work, request, body)
            }
        } catch let error as StoreError {
            throw error
        } catch let error as EngineError where error.isOfJournal {
            throw error
        } catch {
            let report = ErrorReport(error)
            let isCancelled = report.exitStatus == .interrupted || Task.isCancelled
            outcome = isCancelled ? (.cancelled, report) : (.failed, report)
        }
        try await despiteCancellation { [log, events] in
            try await log.end(work.step, outcome.state, error: outcome.error)
            let ended = try await log.outline(work.step.number, of: work.step.runID)
            if let ended { events(.stepEnded(ended)) }
        }
    }

    /// Keeps other runs from changing the same target; waits for the one that does as long as `busyPatience` says.
    private func targetLock(_ step: StepRecord) async throws -> LockFile {
        let locks = try StateLocks(stateDirectory: stateDirectory)
        let begin = clock.monotonic()
        while true {
            if let lock = try locks.target(step.target) { return lock }
            guard clock.monotonic() - begin < busyPatience else { throw EngineError.targetBusy(target: step.target) }
            events(.told(step, "waiting for the run that works on \(step.target)"))
            try await clock.sleep(for: .seconds(1))
        }
    }

    /// Opens what a step needs, and closes it again whatever happens.
    func withStepRunner<Value: Sendable>(
        _ work: Work, _ request: RunRequest, _ body: @Sendable (StepRunner) async throws -> Value
    ) async throws -> Value {
        let step = work.step
        let environment = try environment(of: step.target)
        var lock: LockFile?
        if work.parsed.declaration.effect > .observes, !request.isDryRun, !step.target.environment.isEmpty {
            lock = try await targetLock(step)
        }
        defer { withExtendedLifetime(lock) {} }
        let sessions = Sessions(programs: programs, applicationName: "mainstay survey \(step.runID)/\(step.number)")
        let fence = Fence(
            target: step.target, sessions: sessions, clock: clock, runID: step.runID, step: step.number,
            patience: fencePatience)
        let look = Look(
            target: step.target, environment: environment, resources: try resources(of: step.target),
            inventory: inventory, clock: clock, programs: programs, log: log, runID: step.runID, step: step.number,
            tell: { [events] in events(.told(step, $0)) }, sessions: sessions)
        let begin = clock.monotonic()
        let runner = StepRunner(
            step: step, parsed: work.parsed, act: Act(look: look, fence: fence), log: log,
            policy: policy(look, step, request),
            deadline: { [clock] in request.timeLimit.map { clock.monotonic() - begin < $0 } ?? true },
            drain: drain, events: events)
        do {
            let value = try await body(runner)
            await fence.closeAll()
            await sessions.closeAll()
            return value
        } catch {
            await fence.closeAll()
            await sessions.closeAll()
            throw error
        }
    }

    private func policy(_ look: Look, _ step: StepRecord, _ request: RunRequest) -> Policy {
        let windows = WindowRules(inventory, environment: step.target.environment, zones: zones)
        let approval = ApprovalJudgement(
            rules: ApprovalRules(inventory), log: log, step: step, runName: request.name,
            isRoutine: request.isRoutine, routines: step.terms?.routines ?? (request.isRoutine ? [request.name] : []),
            asker: request.asker ?? request.requester, requester: request.requester, windows: windows)
        return Policy(
            judgements: [
                HoldJudgement(log: log),
                ProtectionJudgement(look: look, databases: protected),
                SafetyJudgement(
                    look: look, log: log, foretells: request.isDryRun && request.isRoutine),
                WindowJudgement(
                    rules: windows, log: log, step: step, approval: approval, isDryRun: request.isDryRun),
                approval,
                Confirmation(
                    environment: look.environment, isRoutine: request.isRoutine, isDryRun: request.isDryRun,
                    confirm: request.confirm,
                    confirmed: step.error?.code.hasPrefix("window.") == true ? step.plan?.digest : nil),
            ],
            isDryRun: request.isDryRun)
    }

    /// Surveys everything first and goes on only if the plans together are the one that was meant.
    private func expecting(_ digest: String, _ work: [Work], _ request: RunRequest) async throws -> [Work] {
        var dry = request
        dry.isDryRun = true
        let looking = dry
        var found: [Plan] = []
        var expecting = work
        for (index, item) in work.enumerated() {
            let plan = try await withStepRunner(item, looking) { try await $0.plan() }
            expecting[index].expected = plan.digest
            found.append(plan)
        }
        let actual = combinedDigest(found)
        guard actual == digest || (digest.count >= 12 && actual.hasPrefix(digest)) else {
            let meant = try await log.keptPlans(digest: digest)
            let reasons = meant.map { differences(meant: $0, found: found) } ?? ["that plan is not known here"]
            throw EngineError.planChanged(wanted: digest, found: actual, differences: reasons)
        }
        return expecting
    }

    private func environment(of target: Target) throws -> Environment? {
        guard !target.environment.isEmpty else { return nil }
        guard let environment = inventory.environments.first(where: { $0.name == target.environment }) else {
            throw EngineError.goneFromInventory(target)
        }
        return environment
    }

    private func resources(of target: Target) throws -> [Resource] {
        guard let environment = try environment(of: target) else {
            return inventory.environments.flatMap(\.resources)
        }
        guard !target.resource.isEmpty else { return environment.resources }
        guard let resource = environment.resources.first(where: { $0.name == target.resource }) else {
            throw EngineError.goneFromInventory(target)
        }
        return [resource]
    }
}

/// In order of first appearance, without the empty name (the estate).
func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = [""]
    return names.filter { seen.insert($0).inserted }
}
