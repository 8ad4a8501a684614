import Calendar
import Maintenance

/// When changes may be made, for the changes it speaks of: a change that no rule speaks of is not restricted.
package struct WindowRule: Sendable, Equatable {
    package var kind = Kind.primary
    /// A schedule that has windows; nil for always.
    package var during: Written<ScheduleExpression>?
    /// Both effects where nil.
    package var effects: [Effect]?
    /// Stored names: `db.update-stats`; all tasks where nil.
    package var tasks: [String]?
    package var location: SourceLocation

    package init(location: SourceLocation) { self.location = location }

    package enum Kind: String, Codable, CaseIterable, Sendable {
        /// What is planned starts in it by itself.
        case primary
        /// What a person approved for this very plan, with a reason, starts in it.
        case emergency
        /// Everything starts in it by itself, and a notice of it is kept.
        case anytime
    }

    package func covers(_ effect: Effect, of task: String) -> Bool {
        effect > .observes && (effects?.contains(effect) ?? true) && (tasks?.contains(task) ?? true)
    }
}

extension Inventory {
    /// The rules for all environments, and those of one; none for what belongs to no environment.
    package func windowRules(of environment: String) -> [WindowRule] {
        guard let own = self[environment: environment] else { return [] }
        return windows + own.windows
    }
}
