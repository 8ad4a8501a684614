import Maintenance

/// What differs between two sets of facts, one clause each: `oid was 16384, is 16390`.
func differences(planned: Facts, found: Facts) -> [String] {
    Set(planned.keys).union(found.keys).sorted().compactMap { name in
        switch (planned[name], found[name]) {
        case (let before?, let after?): before == after ? nil : "\(name) was \(before), is \(after)"
        case (let before?, nil): "\(name) was \(before), is gone"
        case (nil, let after?): "\(name) is \(after), was not there"
        case (nil, nil): nil
        }
    }
}

/// What differs between the plans that were meant and those that were made now, one clause each; at most ten.
func differences(meant: [Plan], found: [Plan]) -> [String] {
    func lines(_ plans: [Plan]) -> Set<String> {
        Set(
            plans.flatMap { plan in
                plan.changes.map { change in
                    let facts = change.identity.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    return
                        "\(plan.target): \(change.action.lines.joined(separator: " ")) [\(facts.joined(separator: ", "))]"
                }
            })
    }
    let (before, after) = (lines(meant), lines(found))
    let gone = before.subtracting(after).sorted().map { "no longer: \($0)" }
    let new = after.subtracting(before).sorted().map { "new: \($0)" }
    let all = gone + new
    return all.count > 10 ? all.prefix(10) + ["and \(all.count - 10) more"] : all
}
