import Maintenance
import Settings

/// Which needs a plan falls under: the rules of the configuration, and the house's own for protected environments.
package struct ApprovalRules: Sendable {
    let inventory: Inventory

    package init(_ inventory: Inventory) { self.inventory = inventory }

    var settings: ApprovalSettings { inventory.approvals }
    var shared: [String] { settings.sharedAccounts }

    /// - Parameter routines: those the plan is made in, nested ones too; none for a task by itself.
    package func needs(_ plan: Plan, routines: [String]) -> [ApprovalNeed] {
        let environment = inventory[environment: plan.target.environment]
        let rules = settings.rules + (environment?.approvals ?? [])
        var needs = ApprovalStep.need(plan, settings).map { [$0] } ?? []
        var told: Set<Change.ID> = []
        for rule in rules {
            let caught = plan.changes.filter { catches(rule, $0, plan, routines) }
            guard let first = caught.first else { continue }
            told.formUnion(caught.map(\.id))
            needs.append(need(rule, first, caught.count, plan))
        }
        guard environment?.isProtected == true else { return needs }
        let removing = plan.changes.filter { Self.isForbiddenAlone($0) && !told.contains($0.id) }
        if let first = removing.first {
            let what = first.isRestore ? "restores into" : "removes data in"
            needs.append(
                ApprovalNeed(
                    count: 1, approvers: [],
                    reason: "\(Self.count(removing.count)) \(what) \(plan.target.environment), which is protected",
                    expires: settings.expires))
        }
        return needs
    }

    /// What nobody may start in a protected environment alone: a restore, and what removes data without a word of the
    /// configuration about exactly that (a retention written down is its own approval).
    private static func isForbiddenAlone(_ change: Change) -> Bool {
        change.isRestore || (change.effect == .destroys && change.authority == nil)
    }

    private func catches(_ rule: ApprovalRule, _ change: Change, _ plan: Plan, _ routines: [String]) -> Bool {
        // What is allowed in writing waits only where a rule names its task or routine.
        guard change.authority == nil || rule.tasks != nil || rule.routines != nil else { return false }
        return (rule.effects?.contains(change.effect) ?? true)
            && (rule.tasks?.contains(plan.task) ?? true)
            && (rule.routines?.contains(where: routines.contains) ?? true)
            && (rule.environments?.contains(plan.target.environment) ?? true)
            && (rule.classes.map { classes in change.changeClass.map(classes.contains) ?? false } ?? true)
    }

    private func need(_ rule: ApprovalRule, _ first: Change, _ count: Int, _ plan: Plan) -> ApprovalNeed {
        let people = rule.approvers.map(settings.people) ?? []
        let number =
            switch rule.count {
            case .number(let number): number
            case .all: people.count
            }
        var words: [String] = []
        if rule.classes != nil, let changeClass = first.changeClass { words.append(changeClass.rawValue) }
        if rule.effects != nil { words.append(first.effect.rawValue) }
        let kind = words.isEmpty ? "" : " (\(words.joined(separator: ", ")))"
        return ApprovalNeed(
            count: number, approvers: people,
            reason: "\(Self.count(count))\(kind), asked for by \(rule.location)",
            expires: rule.expires ?? settings.expires)
    }

    private static func count(_ count: Int) -> String { count == 1 ? "1 change" : "\(count) changes" }
}

extension Change {
    /// Whether it brings back what was stored, over what is there.
    fileprivate var isRestore: Bool { kind == "restore" }
}
