import Calendar
import Maintenance
import Settings

/// A routine as the steps a run consists of: nested routines in place, each step on every target it applies to.
struct RoutineExpansion {
    let book: RoutineBook
    /// When the routine starts: what windows are held against.
    let now: Timestamp

    private var inventory: Inventory { book.inventory }

    /// In the order they are done; a step without a target in these environments is left out. That no routine stands in
    /// itself is seen to when the configuration is read.
    func steps(of name: String, in environments: [String]) throws -> [RunRequest.Step] {
        var terms = StepTerms(routines: [])
        terms.environmentsAtOnce = inventory[routine: name]?.concurrency
        return try steps(of: name, in: environments, under: terms, place: "")
    }

    /// - Parameters:
    ///   - outer: what holds for all steps of it, because of where it is nested.
    ///   - place: makes the names of its steps differ from those of other routines; `2/3/` is the third step of the
    ///     routine that stands in the second.
    private func steps(
        of name: String, in environments: [String], under outer: StepTerms, place: String
    ) throws -> [RunRequest.Step] {
        var outer = outer
        outer.routines.append(name)
        return try (book.steps(of: name) ?? []).enumerated().flatMap { index, step in
            let chosen = environments.filter { step.environments?.contains($0) ?? true }
            let inner = "\(place)\(index + 1)/"
            var terms = self.terms(of: step, number: index + 1, under: outer, place: place)
            var own: [RunRequest.Step] = []
            func on(_ targets: [Target], _ parsed: ParsedTask) -> [RunRequest.Step] {
                targets.map { RunRequest.Step(parsed, on: $0, terms: leftOut(terms, step, $0.environment)) }
            }
            switch step.action {
            case .routine(let nested):
                // What its own step is for is decided for each environment.
                own = try chosen.flatMap { environment in
                    try steps(
                        of: nested, in: [environment], under: leftOut(terms, step, environment), place: inner)
                }
            case .task(let words):
                let parsed = try book.catalog.parse(words)
                own = on(targets(of: parsed, step, in: chosen).filter { book.isFor($0, step, of: name) }, parsed)
            case .command(let settings): own = on(targets(ofCommand: step, in: chosen), .command(settings))
            case .approval(let settings):
                // Whoever is asked is not passed by.
                terms.stopsOnFailure = true
                own = on(inventory.targets(of: .environments, in: chosen), .approval(settings))
            case .wait(let duration): own = on(inventory.targets(of: .environments, in: chosen), .wait(duration))
            case .waitFor(let settings):
                let parsed = try ParsedTask.waitFor(settings, book.catalog)
                own = on(targets(of: parsed, step, in: chosen), parsed)
            case .checklist(let name):
                let lists = ChecklistBook(inventory: inventory, catalog: book.catalog)
                let kept = lists.environments(of: try lists.list(name)).filter(chosen.contains)
                own = on(inventory.targets(of: .environments, in: kept), .checklist(name, book.catalog))
            }
            guard let rescue = step.conditions.onFailure.routine else { return own }
            // It begins where the step failed, whatever the step is called.
            let failed = "\(place)#\(index + 1)"
            for position in own.indices { own[position].terms?.names.append(failed) }
            terms = outer
            terms.results[failed] = .failed
            return try own + steps(of: rescue, in: chosen, under: terms, place: "\(inner)failed/")
        }
    }

    private func terms(
        of step: RoutineStep, number: Int, under outer: StepTerms, place: String
    ) -> StepTerms {
        var terms = outer
        let conditions = step.conditions
        if let name = conditions.name { terms.names.append(place + name) }
        terms.needs += conditions.needs.map { place + $0 }
        for (name, result) in conditions.when?.results ?? [:] { terms.results[place + name] = result }
        terms.stopsOnFailure = conditions.onFailure.stops
        terms.retries = conditions.retries
        terms.timeLimit = conditions.timeLimit
        terms.priority = [outer.priority, conditions.priority].compactMap(\.self).max()
        terms.beside = conditions.concurrency.map { StepTerms.Beside(place: "\(place)\(number)", most: $0) }
        return terms
    }

    /// With the reason where the step is not meant for this environment, or not at this time.
    private func leftOut(_ terms: StepTerms, _ step: RoutineStep, _ environment: String) -> StepTerms {
        guard terms.leftOut == nil, let when = step.conditions.when else { return terms }
        var terms = terms
        let labels = inventory[environment: environment]?.labels ?? [:]
        for (label, value) in when.labels.sorted(by: { $0.key < $1.key }) where labels[label] != value {
            terms.leftOut = "the label '\(label)' of \(environment) is not '\(value.printable)'"
        }
        if let during = when.during?.value, !isOpen(during) {
            terms.leftOut = "the routine started outside of '\(during.text.printable)'"
        }
        return terms
    }

    /// Whether now lies in it; not where a calendar that it needs cannot be read.
    private func isOpen(_ expression: ScheduleExpression) -> Bool {
        do throws(CalendarError) {
            let schedule = try Schedule(expression, in: inventory.scheduleContext(book.zones))
            return schedule.window(containing: now) != nil
        } catch {
            return false
        }
    }

    /// Those a task applies to, or those of them that are named.
    private func targets(of parsed: ParsedTask, _ step: RoutineStep, in environments: [String]) -> [Target] {
        inventory.targets(of: parsed.declaration.subject, in: environments)
            .filter { step.resources?.contains($0.resource) ?? true }
    }

    private func targets(ofCommand step: RoutineStep, in environments: [String]) -> [Target] {
        guard let resources = step.resources else {
            return inventory.targets(of: .environments, in: environments)
        }
        return inventory.targets(of: .resources(Set(ResourceKind.allCases)), in: environments)
            .filter { resources.contains($0.resource) }
    }
}
