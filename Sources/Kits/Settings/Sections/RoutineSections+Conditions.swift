import Calendar
import Maintenance

extension RoutineSections {
    /// Steps that are not there, conditions nothing can ever meet, and repetitions that nobody may make.
    static func judge(
        _ conditions: StepConditions, of step: RoutineStep, at index: Int, in routine: RoutineSettings,
        _ inventory: Inventory, _ vocabulary: SettingsVocabulary, _ path: String, _ reading: Reading
    ) {
        func report(_ text: String, _ key: String, allowed: String? = nil, nearest: String? = nil) {
            let keyPath = path.appending(key: key)
            reading.report(
                text, at: reading.locations[keyPath] ?? step.location, keyPath, allowed: allowed,
                nearest: nearest)
        }
        let before = routine.steps[..<index]
        if let name = conditions.name, before.contains(where: { $0.conditions.name == name }) {
            report("another step of the routine is called '\(name)' already", "name")
        }
        let earlier = before.compactMap(\.conditions.name)
        let asked =
            conditions.needs.map { ($0, "needs") }
            + (conditions.when?.results.keys.sorted() ?? []).map { ($0, "when.steps") }
        for (name, key) in asked {
            guard let other = before.first(where: { $0.conditions.name == name }) else {
                let isLater = routine.steps[index...].contains { $0.conditions.name == name }
                report(
                    isLater
                        ? "the step '\(name)' is not done before this one"
                        : "no earlier step is called '\(name)'",
                    key, allowed: earlier.isEmpty ? nil : earlier.joined(separator: ", "),
                    nearest: isLater ? nil : nearest(to: name, among: earlier))
                continue
            }
            if vocabulary.isAboutEstate(other), !vocabulary.isAboutEstate(step) {
                report(
                    "the step '\(name)' is about all environments, and done after what is about one", key)
            }
        }
        if let labels = conditions.when?.labels {
            let chosen = inventory.environments.filter { step.environments?.contains($0.name) ?? true }
            for (label, value) in labels.sorted(by: { $0.key < $1.key })
            where !chosen.contains(where: { $0.labels[label] == value }) {
                let values = Set(chosen.compactMap { $0.labels[label] }).sorted()
                report(
                    "none of its environments has the label '\(label)' with '\(value.printable)'",
                    "when.labels.\(label)",
                    allowed: values.isEmpty ? nil : values.joined(separator: ", "),
                    nearest: nearest(to: value, among: values))
            }
        }
        if conditions.retries != nil, let reason = vocabulary.objection(toRepeating: step) {
            report(reason, "retries")
        }
        if conditions.priority != nil, vocabulary.onlyLooks(step) {
            report("what only looks waits for no window, and has no turn in one", "priority")
        }
        reading.judge(
            conditions.when?.during, in: inventory, vocabulary.zones, path.appending(key: "when.during"))
    }
}

extension SettingsVocabulary {
    /// Whether a step is done once for all environments, after everything else.
    fileprivate func isAboutEstate(_ step: RoutineStep) -> Bool {
        step.action.taskWords.flatMap { subject(of: $0) } == .estate
    }

    /// Whether nothing of it needs a window.
    fileprivate func onlyLooks(_ step: RoutineStep) -> Bool {
        switch step.action {
        case .task(let words): effect(of: words) == .observes
        case .command(let settings): settings.effect == .observes
        case .approval, .wait, .waitFor, .checklist: true
        case .routine: false
        }
    }

    /// Why a step may not be tried again; nil where it may.
    fileprivate func objection(toRepeating step: RoutineStep) -> String? {
        switch step.action {
        case .routine, .approval, .wait, .waitFor, .checklist: nil
        case .command(let settings):
            settings.mayRepeat
                ? nil : "only a command with 'effect: observes' or 'idempotent: true' is tried again"
        case .task(let words):
            (effect(of: words) ?? .observes) > .observes
                ? "the changes of this task are tried again one by one, where that may help" : nil
        }
    }

    /// What a task that is written with its options may do; nil where there is none of its name.
    func effect(of words: [String]) -> Effect? { name(of: words).flatMap { tasks[$0] } }

    func subject(of words: [String]) -> TaskDeclaration.Subject? { name(of: words).flatMap { subjects[$0] } }

    private func name(of words: [String]) -> String? {
        tasks.keys.filter { words.starts(with: $0.split(separator: " ").map(String.init)) }
            .max { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }
}

extension RoutineStep.Action {
    /// The task it is made of, done or waited for.
    var taskWords: [String]? {
        switch self {
        case .task(let words): words
        case .waitFor(let settings): settings.task
        case .command, .routine, .approval, .wait, .checklist: nil
        }
    }
}
