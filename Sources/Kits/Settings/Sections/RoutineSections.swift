import Calendar
import Maintenance

/// The `routines` mapping.
struct RoutineSections: Sendable {
    /// What is wrong with a step's arguments.
    var judgeStep: @Sendable ([String]) -> SettingsVocabulary.StepProblem?

    /// The steps of the shipped routines, as arguments.
    var shipped: [String: [[String]]]

    var zones: ZoneDirectory

    private static let later: Set<String> = [
        "windows", "window", "approvals", "approval", "on-failure", "needs", "when", "notify", "retries",
        "timeout", "checklist", "calendar", "environments",
    ]

    var format: Format<[RoutineSettings]> {
        let steps = Format<[RoutineStep]>.list(of: StepSections(judgeTask: judgeStep, zones: zones).format)
        let routine = Section<Draft>(
            prototype: { _ in Draft() },
            keys: [
                Key("description", \.summary, .text, "What it is for."),
                Key("owner", \.owner, .text, "Who answers for it: a person, a team, or where to ask."),
                Key(
                    "schedule", \.schedule, .schedule(zones),
                    "When 'mainstay serve' starts it; without it, as the shipped routine of its name. 'mainstay calendar "
                        + "next' shows the starts."
                ),
                Key(
                    "mode", \.mode, .choice(),
                    "What its schedule does: it starts it; it starts it, and people say yes before anything is destroyed; "
                        + "or it tells people that it is due. Without it, as the shipped routine of its name."),
                Key(
                    "late-within", \.timing.lateWithin, .duration(.seconds(1)...(.seconds(7 * 86_400))),
                    standard: RoutineTiming().lateWithin,
                    "A start that could not be made in time is made up for once within this; later it is a finding."),
                Key(
                    "done-within", \.timing.doneWithin, .duration(.seconds(1)...(.seconds(90 * 86_400))),
                    standard: RoutineTiming().doneWithin,
                    "How long after a start it has to have succeeded; later that is a finding."),
                Key(
                    "overlap", \.timing.overlap, .choice(), standard: RoutineTiming().overlap,
                    "What becomes of a start while it is still at work: left out, or made once it has ended."),
                Key(
                    "concurrency", \.concurrency, .integer(1...64), standard: .plain("4"),
                    "On how many environments it works at once; where it stands in another routine, that one's counts."),
                Key(
                    "ping", \.ping,
                    .url("a URL such as https://hc-ping.com/…", ["http", "https"], .whole),
                    "Told when a scheduled run begins and how it ends, as Healthchecks and those like it want it."),
                Key(
                    "steps", \.steps, steps,
                    "What is done, one after the other; a routine of one's own needs it. Without it those of the shipped "
                        + "routine of its name are done, as the next four keys want it."),
                Key(
                    "leave-out", \.adaptation.leftOut, .list(of: .text),
                    "Steps of the shipped routine that are not done, by their task: 'logs rotate'."),
                Key(
                    "change", \.adaptation.changed, steps,
                    "Steps in the place of the shipped ones of the same task: other options, other places, conditions."),
                Key("first", \.adaptation.first, steps, "Steps before the shipped ones."),
                Key("also", \.adaptation.also, steps, "Steps behind the shipped ones."),
            ],
            later: Self.later)
        return Format<[Named<Draft>]>.named("routine", routine.format).map(
            { items, _, keyPath, reading in
                items.compactMap { item in
                    complete(item, keyPath.appending(key: item.name), reading)
                }
            },
            writing: { routines in
                routines.map {
                    Named(
                        name: $0.name,
                        value: Draft(
                            summary: $0.summary, owner: $0.owner, schedule: $0.schedule, timing: $0.timing,
                            mode: $0.mode,
                            concurrency: $0.concurrency, ping: $0.ping, steps: $0.adaptation == nil ? $0.steps : nil,
                            adaptation: $0.adaptation ?? RoutineAdaptation()),
                        location: $0.location)
                }
            })
    }

    private func complete(_ item: Named<Draft>, _ path: String, _ reading: Reading) -> RoutineSettings? {
        let draft = item.value
        var routine = RoutineSettings(
            name: item.name, summary: draft.summary, schedule: draft.schedule, timing: draft.timing, mode: draft.mode,
            concurrency: draft.concurrency, ping: draft.ping, steps: draft.steps ?? [], location: item.location)
        routine.owner = draft.owner
        if draft.steps != nil {
            if draft.adaptation != RoutineAdaptation() {
                reading.report(
                    "'steps' are all of its steps: 'leave-out', 'change', 'first' and 'also' are for what is shipped",
                    at: item.location, path)
            }
            return routine
        }
        // What is wrong with steps that are there is told already.
        guard reading.locations[path.appending(key: "steps")] == nil else { return nil }
        guard let steps = shipped[item.name] else {
            reading.report(
                "a routine of one's own needs 'steps'", at: item.location, path,
                nearest: nearest(to: item.name, among: shipped.keys.sorted()))
            return nil
        }
        let names = steps.map(\.taskName)
        for (key, wanted) in [
            ("leave-out", draft.adaptation.leftOut.map { ($0, item.location) }),
            ("change", draft.adaptation.changed.map { ($0.action.taskWords?.taskName ?? "", $0.location) }),
        ] {
            for (name, place) in wanted where !names.contains(name) {
                let path = path.appending(key: key)
                reading.report(
                    "the shipped routine '\(item.name)' has no step '\(name)'",
                    at: key == "change" ? place : reading.locations[path] ?? place, path,
                    allowed: names.joined(separator: ", "), nearest: nearest(to: name, among: names))
            }
        }
        for step in draft.adaptation.changed {
            let name = step.action.taskWords?.taskName ?? ""
            guard draft.adaptation.leftOut.contains(name) else { continue }
            reading.report("'\(name)' is left out and changed", at: step.location, path.appending(key: "change"))
        }
        routine.adaptation = draft.adaptation
        routine.steps = draft.adaptation.steps(of: steps, at: item.location)
        return routine
    }

    private struct Draft: Sendable {
        var summary: String?
        var owner: String?
        var schedule: Written<ScheduleExpression>?
        var timing = RoutineTiming()
        var mode: RoutineMode?
        var concurrency: Int?
        var ping: ConfiguredText?
        var steps: [RoutineStep]?
        var adaptation = RoutineAdaptation()
    }
}
