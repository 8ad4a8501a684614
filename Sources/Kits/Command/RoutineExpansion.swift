import Engine
import Maintenance
import Settings

/// A routine as the steps a run consists of: nested routines in place, each step on every target it applies to.
struct RoutineExpansion {
    var application: Application
    var inventory: Inventory

    /// In the order they are done; a step without a target in these environments is left out.
    ///
    /// - Parameter outer: the routines this one stands in, the outermost first. That none stands in itself is seen to
    ///   when the configuration is read.
    func steps(of name: String, in environments: [String], within outer: [String] = []) throws -> [RunRequest.Step] {
        let routines = outer + [name]
        let terms = StepTerms(routines: routines)
        return try application.routine(name, inventory).flatMap { step in
            let chosen = environments.filter { step.environments?.contains($0) ?? true }
            switch step.action {
            case .routine(let nested): return try steps(of: nested, in: chosen, within: routines)
            case .task(let words):
                let parsed = try application.catalog.parse(words)
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
}
