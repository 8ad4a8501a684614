import Calendar
import Maintenance

/// The `routines` mapping.
struct RoutineSections: Sendable {
    /// What is wrong with a step's arguments.
    var judgeStep: @Sendable ([String]) -> SettingsVocabulary.StepProblem?

    var zones: ZoneDirectory

    private static let later: Set<String> = [
        "windows", "window", "approvals", "approval", "on-failure", "needs", "when", "notify", "retries",
        "timeout", "checklist", "concurrency", "owner", "calendar",
    ]

    var format: Format<[RoutineSettings]> {
        let routine = Section<Draft>(
            prototype: { _ in Draft() },
            keys: [
                Key("description", \.summary, .text, "What it is for."),
                Key(
                    "schedule", \.schedule, .schedule(zones),
                    "When 'mainstay serve' starts it; without it, as the shipped routine of its name. 'mainstay calendar "
                        + "next' shows the starts."
                ),
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
                Key("steps", \.steps, .list(of: step), isRequired: true, "What is run, one after the other."),
            ],
            later: Self.later.union(["environments"]))
        let item = MappedSection<Draft.Complete>(routine) { draft, _, _, _ in
            draft.steps.map {
                Draft.Complete(summary: draft.summary, schedule: draft.schedule, timing: draft.timing, steps: $0)
            }
        } writing: {
            Draft(summary: $0.summary, schedule: $0.schedule, timing: $0.timing, steps: $0.steps)
        }.format
        return Format<[Named<Draft.Complete>]>.named("routine", item).map(
            { items, _, _, _ in
                items.map {
                    RoutineSettings(
                        name: $0.name, summary: $0.value.summary, schedule: $0.value.schedule,
                        timing: $0.value.timing, steps: $0.value.steps, location: $0.location)
                }
            },
            writing: { routines in
                routines.map {
                    Named(
                        name: $0.name,
                        value: .init(
                            summary: $0.summary, schedule: $0.schedule, timing: $0.timing, steps: $0.steps),
                        location: $0.location)
                }
            })
    }

    /// A task with its options as text, or a mapping that says more about it.
    private var step: Format<RoutineStep> {
        let task = arguments
        let section = MappedSection<RoutineStep>(
            Section<StepDraft>(
                prototype: { StepDraft(location: $0) },
                keys: [
                    Key("task", \.arguments, task, isRequired: true, "The task with its options."),
                    Key(
                        "environments", \.environments, .list(of: .name),
                        "The environments it runs in, of those the routine is run for."),
                ],
                later: Self.later.union(["schedule", "command", "routine", "wait", "item", "run", "description", "if"]))
        ) { draft, _, _, _ in
            draft.arguments.map {
                RoutineStep(arguments: $0, environments: draft.environments, location: draft.location)
            }
        } writing: {
            StepDraft(arguments: $0.arguments, environments: $0.environments, location: $0.location)
        }
        return Format(
            shape: .either([task.shape, .section(section.shape)]),
            read: { tree, keyPath, reading in
                guard case .scalar = tree.value else { return section.format.read(tree, keyPath, reading) }
                return task.read(tree, keyPath, reading).map { RoutineStep(arguments: $0, location: tree.location) }
            },
            write: { $0.environments == nil ? task.write($0.arguments) : section.format.write($0) })
    }

    private var arguments: Format<[String]> {
        let words = "a task with its options, such as 'db update-stats --older-than 7d'"
        return Format<[String]>(
            shape: .scalar(words: words, schema: ["type": "string", "minLength": 1]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty else {
                    reading.refuse(tree, keyPath, "is no step", allowed: words)
                    return nil
                }
                guard let arguments = CommandWords.split(text) else {
                    reading.refuse(tree, keyPath, "has a quote or a backslash without its end")
                    return nil
                }
                guard !arguments.isEmpty else {
                    reading.refuse(tree, keyPath, "is no step", allowed: words)
                    return nil
                }
                if let problem = judgeStep(arguments) {
                    reading.report(problem.text, at: tree.location, keyPath, nearest: problem.nearest)
                    return nil
                }
                return arguments
            },
            write: { .text(CommandWords.join($0)) })
    }

    private struct Draft: Sendable {
        var summary: String?
        var schedule: Written<ScheduleExpression>?
        var timing = RoutineTiming()
        var steps: [RoutineStep]?

        struct Complete: Sendable {
            var summary: String?
            var schedule: Written<ScheduleExpression>?
            var timing: RoutineTiming
            var steps: [RoutineStep]
        }
    }

    private struct StepDraft: Sendable {
        var arguments: [String]?
        var environments: [String]?
        var location: SourceLocation
    }
}
