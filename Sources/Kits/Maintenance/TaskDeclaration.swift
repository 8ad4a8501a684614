/// Everything about a task that is not code: the one place a command, a route, a form, a routine step and a reference
/// page are made from.
package struct TaskDeclaration: Sendable {
    /// Dotted and stable, since runs and approvals store it: `db.update-stats`. Its words are the command's.
    package var name: String
    /// Raised when the same plan would mean something else than before.
    package var version: Int
    /// One clause, imperative, without a full stop.
    package var summary: String
    /// What it looks at, why it matters, what it does: the manual page, in plain paragraphs.
    package var explanation: String
    package var effect: Effect
    /// What it works on: every resource of these kinds in the chosen environments, or the whole estate.
    package var subject: Subject
    package var aliases: [Alias]

    package init(
        name: String, version: Int = 1, summary: String, explanation: String, effect: Effect, subject: Subject,
        aliases: [Alias] = []
    ) {
        self.name = name
        self.version = version
        self.summary = summary
        self.explanation = explanation
        self.effect = effect
        self.subject = subject
        self.aliases = aliases
    }

    /// `db update-stats`.
    package var command: String { name.split(separator: ".").joined(separator: " ") }

    package enum Subject: Sendable, Hashable {
        /// One step for each resource of these kinds.
        case resources(Set<ResourceKind>)
        /// One step for each environment, over all its resources.
        case environments
        /// One step over everything, after all others of a routine.
        case estate
    }

    /// Another spelling, as a guide writes it, with the arguments it implies.
    package struct Alias: Sendable, Hashable {
        /// `db:update-stats`, `maintenance:weekly:backup-verification`.
        package var spelling: String
        package var arguments: [String]
        /// The guide's flags that this task does anyway.
        package var implied: Set<String>

        /// The guide's flags that are called otherwise here, each with what it means.
        package var meanings: [String: [String]]

        package init(
            _ spelling: String, arguments: [String] = [], implied: Set<String> = [], meanings: [String: [String]] = [:]
        ) {
            self.spelling = spelling
            self.arguments = arguments
            self.implied = implied
            self.meanings = meanings
        }
    }
}
