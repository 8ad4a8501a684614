import Maintenance

extension Format where Value == Effect {
    /// An effect that changes something.
    ///
    /// - Parameter needless: why a rule about what only looks makes no sense: `so there is nothing to approve`.
    static func changing(_ needless: String) -> Format {
        Format<Effect>.choice().map(
            { effect, tree, keyPath, reading in
                guard effect > .observes else {
                    reading.refuse(
                        tree, keyPath, "changes nothing, \(needless)", allowed: "maintains, destroys")
                    return nil
                }
                return effect
            }, writing: { $0 })
    }
}

extension Format where Value == String {
    /// The name of a task that changes something, as it is typed; read as it is stored.
    ///
    /// - Parameter tasks: as typed, with what they may do.
    static func changingTask(_ tasks: [String: Effect], _ needless: String) -> Format {
        Format<String>.text.map(
            { text, tree, keyPath, reading in
                let typed = text.split(whereSeparator: { $0 == "." || $0 == " " }).joined(separator: " ")
                guard let effect = tasks[typed] else {
                    reading.report(
                        "there is no task \(Tree.quoted(text))", at: tree.location, keyPath,
                        nearest: nearest(to: typed, among: tasks.keys.sorted()))
                    return nil
                }
                guard effect > .observes else {
                    reading.refuse(tree, keyPath, "only looks, \(needless)")
                    return nil
                }
                return typed.split(separator: " ").joined(separator: ".")
            }, writing: { $0.split(separator: ".").joined(separator: " ") })
    }
}
