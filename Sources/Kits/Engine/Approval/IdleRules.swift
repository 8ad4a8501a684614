import Maintenance
import Settings

extension Inventory {
    /// Rules about classes of which no command of any routine declares one: nothing ever waits because of them, although
    /// somebody may rely on it. They are no mistake where the commands are still to come.
    var idleClassRules: [(classes: [ChangeClass], location: SourceLocation)] {
        let declared = Set(
            routines.flatMap(\.steps).compactMap { step in
                if case .command(let settings) = step.action { settings.changeClass } else { nil }
            })
        return (approvals.rules + environments.flatMap(\.approvals)).compactMap { rule in
            guard let classes = rule.classes, declared.isDisjoint(with: classes) else { return nil }
            return (classes, rule.location)
        }
    }
}
