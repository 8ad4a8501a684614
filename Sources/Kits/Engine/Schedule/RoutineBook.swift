import Calendar
import Maintenance
import Settings

/// Every routine there is, those of the configuration over the shipped ones, and the requests they make: the command
/// line and the scheduler start the same thing.
package struct RoutineBook: Sendable {
    package let inventory: Inventory
    let catalog: TaskCatalog
    let shipped: [Routine]

    package init(inventory: Inventory, catalog: TaskCatalog, shipped: [Routine]) {
        self.inventory = inventory
        self.catalog = catalog
        self.shipped = shipped
    }

    package var names: [String] { Set(shipped.map(\.name)).union(inventory.routines.map(\.name)).sorted() }

    /// Nil where no routine has the name.
    package func steps(of name: String) -> [RoutineStep]? {
        if let own = inventory[routine: name] { return own.steps }
        guard let routine = shipped.first(where: { $0.name == name }) else { return nil }
        let location = SourceLocation(file: "shipped routine \(name)", line: 1, column: 1)
        return routine.steps.map { RoutineStep(.task($0), location: location) }
    }

    /// The steps of a routine on every target they apply to; a step without a target in an environment is left out.
    /// Nil where nothing is left, or no routine has the name.
    package func request(_ name: String, in environments: [String], by requester: Requester) throws -> RunRequest? {
        let requests = try expanded(name, in: environments, within: [])
        guard !requests.isEmpty else { return nil }
        return RunRequest(name: name, isRoutine: true, steps: requests, requester: requester)
    }

    /// Nested routines in place, in the order they are done.
    ///
    /// - Parameter outer: the routines this one stands in, the outermost first. That none stands in itself is seen to
    ///   when the configuration is read.
    private func expanded(_ name: String, in environments: [String], within outer: [String]) throws -> [RunRequest.Step]
    {
        let routines = outer + [name]
        let terms = StepTerms(routines: routines)
        return try (steps(of: name) ?? []).flatMap { step in
            let chosen = environments.filter { step.environments?.contains($0) ?? true }
            switch step.action {
            case .routine(let nested): return try expanded(nested, in: chosen, within: routines)
            case .task(let words):
                let parsed = try catalog.parse(words)
                return inventory.targets(of: parsed.declaration.subject, in: chosen)
                    .map { RunRequest.Step(parsed, on: $0, terms: terms) }
            case .command(let settings):
                return targets(ofCommand: step, in: chosen)
                    .map { RunRequest.Step(.command(settings), on: $0, terms: terms) }
            }
        }
    }

    private func targets(ofCommand step: RoutineStep, in environments: [String]) -> [Target] {
        guard let resources = step.resources else { return inventory.targets(of: .environments, in: environments) }
        return inventory.targets(of: .resources(Set(ResourceKind.allCases)), in: environments)
            .filter { resources.contains($0.resource) }
    }

    /// Every routine that has a schedule, by name; `never` is none.
    package func scheduled(_ zones: ZoneDirectory) throws(CalendarError) -> [ScheduledRoutine] {
        let context = inventory.scheduleContext(zones)
        var routines: [ScheduledRoutine] = []
        for name in names {
            let own = inventory[routine: name]
            let expression: ScheduleExpression
            if let written = own?.schedule?.value {
                expression = written
            } else if let text = shipped.first(where: { $0.name == name })?.schedule {
                expression = try ScheduleExpression(text, zones: zones)
            } else {
                continue
            }
            let schedule = try Schedule(expression, in: context)
            guard !schedule.isNever else { continue }
            routines.append(
                ScheduledRoutine(name: name, schedule: schedule, timing: own?.timing ?? RoutineTiming()))
        }
        return routines
    }
}

/// A routine that starts by itself.
package struct ScheduledRoutine: Sendable {
    package var name: String
    package var schedule: Schedule
    package var timing: RoutineTiming

    package init(name: String, schedule: Schedule, timing: RoutineTiming) {
        self.name = name
        self.schedule = schedule
        self.timing = timing
    }

    /// What its starts are counted under: written otherwise, or in another zone, it is a schedule that begins anew.
    var text: String { "\(schedule.expression.text) (\(schedule.zone.name))" }
}

extension Inventory {
    /// What a task works on in these environments.
    package func targets(of subject: TaskDeclaration.Subject, in names: [String]) -> [Target] {
        switch subject {
        case .resources(let kinds): targets(of: kinds, in: names).map(\.target)
        case .environments: names.map { Target(environment: $0) }
        case .estate: [.estate]
        }
    }
}
