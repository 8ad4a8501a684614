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
}
