import Maintenance
import Settings

/// A named list of steps as it is shipped; the configuration may override it by its name.
package struct Routine: Sendable {
    package var name: String
    package var summary: String
    /// When it starts where the configuration says nothing else, in the language of docs/calendar.md; nil for one that
    /// people start.
    package var schedule: String?
    /// What its schedule does where the configuration says nothing else.
    package var mode: RoutineMode
    /// Each as typed: `["db", "update-stats"]`.
    package var steps: [[String]]
    /// Steps that are not for everybody, by their task without its options: `recovery pitr-test`.
    package var requirements: [String: Requirement]
    package var aliases: [TaskDeclaration.Alias]

    package init(
        _ name: String, summary: String, schedule: String? = nil, mode: RoutineMode = .automatic,
        steps: [[String]], requirements: [String: Requirement] = [:],
        aliases: [TaskDeclaration.Alias] = []
    ) {
        self.name = name
        self.summary = summary
        self.schedule = schedule
        self.mode = mode
        self.steps = steps
        self.requirements = requirements
        self.aliases = aliases
    }
}

extension Routine {
    /// What has to be configured for a target before a shipped step is done there. Somebody who does without it did not
    /// ask for the step, and no routine of theirs fails for it; a step that a team writes itself is done wherever it says.
    package struct Requirement: Sendable {
        /// As the end of a sentence: `where physical backups are configured`.
        package var text: String
        package var isMet: @Sendable (Inventory, Target) -> Bool

        package init(_ text: String, isMet: @escaping @Sendable (Inventory, Target) -> Bool) {
            self.text = text
            self.isMet = isMet
        }
    }

    /// Nil where the step is for every target its task applies to.
    package func requirement(of words: [String]) -> Requirement? {
        guard !requirements.isEmpty, steps.contains(words) else { return nil }
        return requirements[words.prefix { !$0.hasPrefix("-") }.joined(separator: " ")]
    }

    /// What its schedule does, as a sentence; nil where it has none.
    package var start: String? {
        schedule.map { schedule in
            switch mode {
            case .automatic: "Starts \(schedule), where the configuration says nothing else."
            case .semiAutomatic:
                "Starts \(schedule), where the configuration says nothing else; before anything is removed it waits for people's "
                    + "approval (semi-automatic)."
            case .manual:
                "Is due \(schedule), where the configuration says nothing else, and people start it (manual)."
            }
        }
    }
}

extension TaskCatalog {
    /// The task and its options that typed words mean: `db update-stats --older-than 7d`.
    package func parse(_ words: [String]) throws -> ParsedTask {
        let name = words.prefix { !$0.hasPrefix("-") }
        for length in stride(from: name.count, to: 0, by: -1) {
            let dotted = name.prefix(length).joined(separator: ".")
            if let entry = entries.first(where: { $0.declaration.name == dotted }) {
                return try entry.parse(Array(words.dropFirst(length)))
            }
        }
        return try entry(name.joined(separator: " ")).parse([])
    }
}
