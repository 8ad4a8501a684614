import Calendar
import Command
import Engine
import Maintenance
import Outside
import Settings

/// Makes runbooks of routines: what they are comes from the configuration, how they went from the run log.
struct RunbookMaker {
    let session: Session
    let book: RoutineBook
    let now: Timestamp
    /// Runs of routines that are remembered, the newest first, dry runs left out.
    private let runs: [RunRecord]
    private let schedules: [String: ScheduledRoutine]

    /// How the run log calls a step that is a program.
    private static let command = "command"
    /// So many runs of a routine are looked at.
    private static let most = 10

    init(_ session: Session) async throws {
        self.session = session
        book = session.application.book(session.inventory)
        now = session.application.clock.now()
        runs = try await session.log.recentRuns(most: 2_000).filter { $0.isRoutine && !$0.isDryRun }
        schedules = Dictionary(
            uniqueKeysWithValues: try book.scheduled(session.application.zones).map { ($0.name, $0) })
    }

    /// Of all routines there are, or of those that start by themselves.
    func names(all: Bool) -> [String] {
        all ? book.names : book.names.filter { schedules[$0] != nil || session.inventory[routine: $0] != nil }
    }

    func lastRun(of name: String) -> RunRecord? { runs.first { $0.name == name } }

    func next(of name: String) -> Timestamp? { schedules[name]?.schedule.next(after: now) }

    /// `by itself, Sundays 03:00 UTC`
    func start(of name: String) -> String {
        guard let scheduled = schedules[name] else { return "people start it" }
        let (text, zone) = (scheduled.schedule.expression.text, scheduled.schedule.zone.name)
        let when = text.hasSuffix(zone) ? text : "\(text) \(zone)"
        return switch scheduled.mode {
        case .automatic: "by itself: \(when)"
        case .semiAutomatic: "by itself: \(when); before anything is removed, people say yes"
        case .manual: "people are told that it is due: \(when)"
        }
    }

    /// Nil where no routine has the name.
    func runbook(_ name: String) async throws -> Runbook? {
        guard let steps = book.steps(of: name) else { return nil }
        let own = session.inventory[routine: name]
        let summary = own?.summary ?? session.application.routines.first { $0.name == name }?.summary ?? ""
        let mine = runs.filter { $0.name == name }.prefix(Self.most)
        var records: [StepRecord] = []
        var changes: [String: [ChangeRecord]] = [:]
        for run in mine {
            records += try await session.log.steps(of: run.id)
            changes[run.id] = try await session.log.changes(of: run.id)
        }
        let shown = steps.enumerated().map { index, step in
            self.step(step, index + 1, of: name, records, changes)
        }
        return Runbook(
            name: name, summary: summary, facts: facts(name, own, Array(mine)),
            commands: [
                "mainstay run \(name.shellQuoted) --dry-run", "mainstay run \(name.shellQuoted)",
                "mainstay show latest",
            ],
            steps: shown, failure: failure(steps, name),
            runs: mine.map { self.run($0, changes[$0.id] ?? []) })
    }

    // MARK: Who and when

    private func facts(_ name: String, _ own: RoutineSettings?, _ runs: [RunRecord]) -> [Runbook.Fact] {
        var facts = [Runbook.Fact(name: "starts", value: start(of: name))]
        facts.append(.init(name: "next", value: next(of: name).map(\.description) ?? "not by itself"))
        let last = runs.first.map { "\($0.startedAt), \($0.state.rawValue)\(Self.took($0).map { " in \($0)" } ?? "")" }
        facts.append(.init(name: "last", value: last ?? "never"))
        let usual = Self.middle(
            runs.filter { $0.state == .succeeded }.compactMap { run in run.endedAt.map { $0 - run.startedAt } })
        facts.append(.init(name: "usually takes", value: usual.map(\.short) ?? "not known yet"))
        facts.append(.init(name: "owner", value: own?.owner ?? "nobody is named: 'routines.\(name).owner'"))
        facts.append(.init(name: "who is told", value: Self.told(session.inventory.alerts)))
        facts.append(
            .init(name: "written", value: own.map { Self.place($0.location) } ?? "shipped with Mainstay"))
        return facts
    }

    /// The file's name and line: where a runbook is read the directories differ.
    private static func place(_ location: SourceLocation) -> String {
        "\(location.file.split(separator: "/").suffix(2).joined(separator: "/")):\(location.line)"
    }

    /// Of what is critical: whom, and then whom else after how long.
    static func told(_ alerts: AlertSettings?) -> String {
        guard let route = alerts?.critical else { return "nobody: 'alerts.critical' is not configured" }
        func words(_ channels: [String], _ recipients: [String]) -> String {
            let people = recipients.isEmpty ? "" : " (\(recipients.joined(separator: ", ")))"
            return "\(channels.joined(separator: ", "))\(people)"
        }
        let first = words(route.channels, route.recipients)
        let more = zip(route.escalation?.value ?? [], route.escalationTimes).map { step, after in
            "\(after.map { "after \($0.short)" } ?? "then") \(words(step.channels, step.recipients))"
        }
        return ([first] + more).joined(separator: "; ")
    }

    // MARK: Steps

    private func step(
        _ step: RoutineStep, _ number: Int, of name: String, _ records: [StepRecord],
        _ changes: [String: [ChangeRecord]]
    ) -> Runbook.Step {
        let (what, effect, task) = words(step)
        let mine = records.filter { isSame($0, step) }
        let ended = mine.filter { $0.state == .succeeded }.compactMap(\.duration)
        var took = "never done"
        if let middle = Self.middle(ended) { took = "\(middle.short) (\(ended.count))" }
        var last = mine.isEmpty ? "" : "\(Self.worst(mine.filter { $0.runID == mine[0].runID }))"
        var reversals: [String] = []
        if let newest = mine.first {
            let numbers = Set(mine.filter { $0.runID == newest.runID }.map(\.number))
            let done = (changes[newest.runID] ?? []).filter { numbers.contains($0.step) }
            let proved = done.count { $0.state == .proved }
            if !done.isEmpty { last += ", \(proved) of \("change".counted(done.count)) proved" }
            for change in done where !reversals.contains(change.change.reversal) {
                reversals.append(change.change.reversal)
            }
        }
        let isHarmless = effect == Effect.observes.rawValue || effect.isEmpty
        return Runbook.Step(
            number: number, what: what, effect: effect, approval: isHarmless ? "" : approval(task, effect, name),
            took: took,
            last: last,
            reversal: isHarmless
                ? "" : reversals.prefix(3).joined(separator: "; "))
    }

    /// What is typed, what it may do, and what a rule of approvals calls it.
    private func words(_ step: RoutineStep) -> (String, String, String) {
        let place = step.environments.map { " (\($0.joined(separator: ", ")))" } ?? ""
        switch step.action {
        case .task(let words):
            let declaration = try? session.application.catalog.parse(words)
            return (
                "mainstay \(words.map(\.shellQuoted).joined(separator: " "))\(place)",
                declaration?.declaration.effect.rawValue ?? "", declaration?.declaration.name ?? ""
            )
        case .command(let settings): return ("\(settings.shown)\(place)", settings.effect.rawValue, Self.command)
        case .routine(let name): return ("all of the routine '\(name)'\(place)", "", "")
        case .approval(let settings): return ("people say yes: \(settings.reason)", "", "")
        case .wait(let duration): return ("nothing for \(duration.short)", "", "")
        case .waitFor(let settings):
            return ("wait until this finds nothing: \(settings.task.joined(separator: " "))", "", "")
        case .checklist(let name): return ("the checklist '\(name)' is green", "", "")
        }
    }

    private func isSame(_ record: StepRecord, _ step: RoutineStep) -> Bool {
        switch step.action {
        case .task(let words):
            guard let parsed = try? session.application.catalog.parse(words) else { return false }
            return parsed.declaration.name == record.task && parsed.arguments == record.arguments
        case .command(let settings): return record.task == Self.command && record.title == settings.shown
        default: return false
        }
    }

    /// Of several targets the one that went worst.
    private static func worst(_ records: [StepRecord]) -> String {
        (records.first { ![.succeeded, .skipped].contains($0.state) } ?? records[0]).state.rawValue
    }

    private func approval(_ task: String, _ effect: String, _ routine: String) -> String {
        let environments = session.inventory.environments.flatMap { environment in
            environment.approvals.map { (environment.name, $0) }
        }
        let rules = session.inventory.approvals.rules.map { ("", $0) } + environments
        let texts = rules.compactMap { place, rule -> String? in
            guard rule.classes == nil, rule.effects?.contains(where: { $0.rawValue == effect }) ?? true,
                rule.tasks?.contains(task) ?? true, rule.routines?.contains(routine) ?? true
            else { return nil }
            let count =
                switch rule.count {
                case .all: "all"
                case .number(let number): "\(number)"
                }
            let who = rule.approvers.map { " of \($0.joined(separator: ", "))" } ?? ""
            let places = place.isEmpty ? rule.environments ?? [] : [place]
            return "\(count)\(who)\(places.isEmpty ? "" : " in \(places.joined(separator: ", "))")"
        }
        var seen: Set<String> = []
        let own = texts.filter { seen.insert($0).inserted }
        if !own.isEmpty { return own.joined(separator: "; ") }
        return effect == Effect.destroys.rawValue ? "in protected environments" : "none"
    }

    private func failure(_ steps: [RoutineStep], _ name: String) -> [String] {
        var lines: [String] = []
        for (index, step) in steps.enumerated() {
            let failure = step.conditions.onFailure
            if let routine = failure.routine {
                lines.append("Where step \(index + 1) fails, the routine '\(routine)' is run there.")
            }
            if failure.stops {
                lines.append("Where step \(index + 1) fails, nothing behind it is done in that environment.")
            }
        }
        if lines.isEmpty { lines.append("A step that fails fails alone; those behind it are done all the same.") }
        lines.append("'mainstay show latest' says what failed and why, and what was changed until then.")
        lines.append("'mainstay resume' goes on with a run that was killed, and does nothing twice.")
        return lines
    }

    // MARK: Runs

    private func run(_ run: RunRecord, _ changes: [ChangeRecord]) -> Runbook.Run {
        let proved = changes.count { $0.state == .proved }
        return Runbook.Run(
            id: run.id, started: run.startedAt, state: run.state.rawValue, took: Self.took(run) ?? "",
            proof: changes.isEmpty ? "nothing to change" : "\(proved) of \("change".counted(changes.count)) proved",
            requester: run.requester.name)
    }

    private static func took(_ run: RunRecord) -> String? { run.endedAt.map { ($0 - run.startedAt).short } }

    /// The one in the middle; nil of none.
    private static func middle(_ durations: [Duration]) -> Duration? {
        durations.isEmpty ? nil : durations.sorted()[durations.count / 2]
    }
}

extension RunbookMaker {
    /// For those who show runbooks and do not write them down.
    static let source = RunbookSource(
        list: { session in
            let maker = try await RunbookMaker(session)
            return maker.names(all: false).map { RunbookSource.Entry(name: $0, summary: maker.summary(of: $0)) }
        },
        page: { session, name in try await RunbookMaker(session).runbook(name)?.markdown })
}
