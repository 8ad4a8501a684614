import Maintenance

extension RoutineSections {
    /// What only shows when everything is put together: names that are not there, and routines that run themselves.
    static func judge(_ inventory: Inventory, _ vocabulary: SettingsVocabulary, _ reading: Reading) {
        let known = Set(vocabulary.routines).union(inventory.routines.map(\.name)).sorted()
        var told: Set<Set<String>> = []
        for routine in inventory.routines {
            for (index, step) in routine.steps.enumerated() {
                let path = "routines.\(routine.name).steps".appending(index: index)
                judgePlaces(step, inventory, vocabulary, path, reading)
                judgeWaiting(step, inventory, vocabulary, path, reading)
                judge(
                    step.conditions, of: step, at: index, in: routine, inventory, vocabulary, path, reading)
                for (name, key) in step.nested {
                    let path = path.appending(key: key)
                    let place = reading.locations[path] ?? step.location
                    guard known.contains(name) else {
                        reading.report(
                            "there is no routine '\(name)'", at: place, path,
                            allowed: known.joined(separator: ", "), nearest: nearest(to: name, among: known))
                        continue
                    }
                    guard let cycle = way(from: name, to: routine.name, inventory, []) else { continue }
                    let all = [routine.name] + cycle
                    guard told.insert(Set(all)).inserted else { continue }
                    reading.report(
                        "the routine runs itself: \(all.joined(separator: " → "))", at: place,
                        path)
                }
            }
        }
    }

    private static func judgePlaces(
        _ step: RoutineStep, _ inventory: Inventory, _ vocabulary: SettingsVocabulary, _ path: String,
        _ reading: Reading
    ) {
        let environments = inventory.environments.map(\.name)
        for name in step.environments ?? [] where !environments.contains(name) {
            reading.report(
                "there is no environment '\(name)'", at: step.location, path.appending(key: "environments"),
                allowed: environments.joined(separator: ", "),
                nearest: nearest(to: name, among: environments))
        }
        let chosen = inventory.environments.filter { step.environments?.contains($0.name) ?? true }.flatMap(\.resources)
        func judge(_ names: [String], _ key: String) {
            let path = path.appending(key: key)
            let place = reading.locations[path] ?? step.location
            let there = Set(chosen.map(\.name)).sorted()
            for name in names where !there.contains(name) {
                reading.report(
                    "there is no resource '\(name)' in its environments", at: place, path,
                    allowed: there.isEmpty ? nil : there.joined(separator: ", "),
                    nearest: nearest(to: name, among: there))
            }
        }
        if case .command(let settings) = step.action { judge(settings.interrupts, "interrupts") }
        guard let named = step.resources else { return }
        judge(named, "resources")
        let path = path.appending(key: "resources")
        let place = reading.locations[path] ?? step.location
        guard let words = step.action.taskWords, let subject = vocabulary.subject(of: words) else { return }
        guard case .resources(let kinds) = subject else {
            return reading.report(
                "'\(words.joined(separator: " "))' is not about single resources", at: place, path)
        }
        for name in named
        where chosen.contains(where: { $0.name == name })
            && !chosen.contains(where: { $0.name == name && kinds.contains($0.kind) })
        {
            let there = Set(chosen.filter { kinds.contains($0.kind) }.map(\.name)).sorted()
            reading.report(
                "'\(words.joined(separator: " "))' has nothing to do with '\(name)'", at: place, path,
                allowed: there.isEmpty ? nil : there.joined(separator: ", "))
        }
    }

    /// The names on the way from one routine to another, both with it; nil where there is none.
    private static func way(
        from name: String, to goal: String, _ inventory: Inventory, _ seen: Set<String>
    )
        -> [String]?
    {
        if name == goal { return [name] }
        guard !seen.contains(name) else { return nil }
        for step in inventory[routine: name]?.steps ?? [] {
            for (next, _) in step.nested {
                if let rest = way(from: next, to: goal, inventory, seen.union([name])) {
                    return [name] + rest
                }
            }
        }
        return nil
    }
}

extension RoutineStep {
    /// The routines it may run, each with the key that names it.
    fileprivate var nested: [(name: String, key: String)] {
        var found: [(String, String)] = []
        if case .routine(let name) = action { found.append((name, "routine")) }
        if let name = conditions.onFailure.routine { found.append((name, "on-failure.run")) }
        return found
    }
}
