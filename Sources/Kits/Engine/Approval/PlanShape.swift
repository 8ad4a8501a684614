import Maintenance

/// What stays the same of a plan from one occurrence to the next, so that a person can approve several at once: task and
/// options, target and what it really is, and which kinds of change are made to which objects.
///
/// Preconditions, exact statements and order are not in it; they differ every week, and are checked by the engine each
/// time.
package struct PlanShape: Hashable, Sendable {
    var task: String
    var version: Int
    var arguments: [String]
    var target: Target
    var identity: Facts
    var changes: Set<Item>

    /// One kind of change to one object. Together, and not the kinds beside the objects: who allowed A to be dropped and
    /// B to be rebuilt has not allowed B to be dropped.
    struct Item: Hashable, Sendable {
        var kind: Kind
        var object: String
    }

    struct Kind: Hashable, Sendable {
        var name: String
        var effect: Effect
        var scope: Change.Scope
        var lock: LockMode?
        var changeClass: ChangeClass?
    }

    package init(_ plan: Plan) {
        task = plan.task
        version = plan.taskVersion
        arguments = plan.arguments
        target = plan.target
        identity = plan.identity
        changes = Set(
            plan.changes.map { change in
                let kind = Kind(
                    name: change.kind, effect: change.effect, scope: change.scope, lock: change.lock,
                    changeClass: change.changeClass)
                return Item(kind: kind, object: change.object)
            })
    }

    /// What another plan has that this one did not, one clause each; none where it stays within it. Fewer changes are
    /// fine.
    package func departures(of other: PlanShape) -> [String] {
        var found: [String] = []
        if (task, version) != (other.task, other.version) { found.append("another task, or another version of it") }
        if arguments != other.arguments {
            let words = [arguments, other.arguments].map { $0.isEmpty ? "none" : $0.joined(separator: " ") }
            found.append("the options were \(words[0].printable), are \(words[1].printable)")
        }
        if target != other.target { found.append("the target was \(target), is \(other.target)") }
        found += differences(planned: identity, found: other.identity).map(\.printable)
        let kinds = Set(changes.map(\.kind))
        for item in other.changes.subtracting(changes).sorted(by: { $0.text < $1.text }) {
            found.append(kinds.contains(item.kind) ? "new: \(item.text)" : "a new kind of change: \(item.text)")
        }
        return found
    }
}

extension PlanShape.Item {
    /// `drop public.old (destroys, takes ACCESS EXCLUSIVE)`.
    fileprivate var text: String {
        let facts = [kind.effect.rawValue, kind.lock.map { "takes \($0.rawValue)" }, kind.changeClass?.rawValue]
        return "\(kind.name) \(object) (\(facts.compactMap(\.self).joined(separator: ", ")))".printable
    }
}
