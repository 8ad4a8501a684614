import Calendar
import Maintenance
import Settings

/// Every routine there is, those of the configuration over the shipped ones, and the requests they make: the command
/// line and the scheduler start the same thing.
package struct RoutineBook: Sendable {
    package let inventory: Inventory
    let catalog: TaskCatalog
    let shipped: [Routine]
    let zones: ZoneDirectory

    package init(
        inventory: Inventory, catalog: TaskCatalog, shipped: [Routine],
        zones: ZoneDirectory = ZoneDirectory(environment: [:])
    ) {
        self.inventory = inventory
        self.zones = zones
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

    /// Whether a step of a routine is for a target its task applies to.
    func isFor(_ target: Target, _ step: RoutineStep, of name: String) -> Bool {
        guard case .task(let words) = step.action,
            let requirement = shipped.first(where: { $0.name == name })?.requirement(of: words)
        else { return true }
        if let own = inventory[routine: name] {
            guard let adaptation = own.adaptation else { return true }
            let written = adaptation.first + adaptation.changed + adaptation.also
            guard !written.contains(step) else { return true }
        }
        return requirement.isMet(inventory, target)
    }

    /// The steps of a routine on every target they apply to; a step without a target in an environment is left out.
    /// Nil where nothing is left, or no routine has the name.
    ///
    /// - Parameter now: when it starts, for steps that are only for some days or hours.
    package func request(_ name: String, in environments: [String], by requester: Requester, at now: Timestamp) throws
        -> RunRequest?
    {
        var requests = try RoutineExpansion(book: self, now: now).steps(of: name, in: environments)
        guard !requests.isEmpty else { return nil }
        if requester.service != nil, mode(of: name) == .semiAutomatic {
            askFirst(&requests, name, in: environments)
        }
        return RunRequest(name: name, isRoutine: true, steps: requests, requester: requester)
    }

    func mode(of name: String) -> RoutineMode {
        inventory[routine: name]?.mode ?? shipped.first { $0.name == name }?.mode ?? .automatic
    }

    /// Puts an approval before the first step of each environment that may destroy something. What concerns all of them
    /// waits for each; where nothing else does, it is asked for in all.
    private func askFirst(_ steps: inout [RunRequest.Step], _ name: String, in all: [String]) {
        func mayDestroy(_ step: RunRequest.Step, in environment: String) -> Bool {
            step.task.declaration.effect > .maintains && step.target.environment == environment
        }
        let own = all.filter { environment in steps.contains { mayDestroy($0, in: environment) } }
        var terms = StepTerms(routines: [name])
        terms.environmentsAtOnce = inventory[routine: name]?.concurrency
        terms.stopsOnFailure = true
        let reason = "'\(name)' is semi-automatic: what follows in it may remove something"
        for environment in own.isEmpty ? all : own {
            let place = own.isEmpty ? Target.estate.environment : environment
            guard let index = steps.firstIndex(where: { mayDestroy($0, in: place) }) else { continue }
            steps.insert(
                RunRequest.Step(
                    .approval(ApprovalStepSettings(reason: reason)), on: Target(environment: environment), terms: terms),
                at: index)
        }
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
                ScheduledRoutine(
                    name: name, schedule: schedule, timing: own?.timing ?? RoutineTiming(), mode: mode(of: name)))
        }
        return routines
    }
}

/// A routine that starts by itself.
package struct ScheduledRoutine: Sendable {
    package var name: String
    package var schedule: Schedule
    package var timing: RoutineTiming
    package var mode: RoutineMode

    package init(name: String, schedule: Schedule, timing: RoutineTiming, mode: RoutineMode = .automatic) {
        self.name = name
        self.schedule = schedule
        self.timing = timing
        self.mode = mode
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
