import Maintenance
import Settings

extension Inventory {
    /// The environments that are meant, in the order of the configuration.
    ///
    /// Without a word about them it is the only one there is, or all where the task is about the estate.
    package func select(_ options: EnvironmentOptions, for subject: TaskDeclaration.Subject) throws -> [String] {
        let known = environments.map(\.name)
        if options.allEnvironments { return known }
        let wanted = options.names
        for name in wanted where !known.contains(name) {
            throw CommandError.noSuchEnvironment(name, known: known)
        }
        if wanted.isEmpty {
            guard subject != .estate, known.count != 1 else { return known }
            throw CommandError.whichEnvironment(known)
        }
        return known.filter(wanted.contains)
    }

    /// What a task works on in these environments.
    package func targets(of subject: TaskDeclaration.Subject, in names: [String]) -> [Target] {
        switch subject {
        case .resources(let kinds): targets(of: kinds, in: names).map(\.target)
        case .environments: names.map { Target(environment: $0) }
        case .estate: [.estate]
        }
    }
}
