import Maintenance

/// What hides alerts at one moment, made once for all groups that are looked at then.
struct Mutes {
    let firing: [AlertRecord]
    let silences: [Silence]
    private let inhibitions: InhibitionIndex

    init(_ rules: AlertRules, _ state: RouterState, at now: Timestamp) {
        firing = state.book.firing
        silences = state.silences.values.filter { $0.isActive(at: now) }.sorted { $0.id < $1.id }
        inhibitions = InhibitionIndex(rules.inhibitions, firing: firing)
    }

    func inhibition(of labels: Labels) -> Reason? {
        inhibitions.inhibits(labels).map { .inhibited(rule: $0.rule, by: $0.by) }
    }

    func silence(of labels: Labels) -> Reason? {
        silences.first { $0.covers(labels) }.map {
            .silenced(id: $0.id, author: $0.author, comment: $0.comment, until: $0.ends)
        }
    }
}
