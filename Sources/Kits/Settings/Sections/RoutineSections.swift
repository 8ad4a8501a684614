import Calendar
import Maintenance

/// The `routines` mapping.
struct RoutineSections: Sendable {
    /// What is wrong with a step's arguments.
    var judgeStep: @Sendable ([String]) -> SettingsVocabulary.StepProblem?

    var zones: ZoneDirectory

    private static let later: Set<String> = [
        "windows", "window", "approvals", "approval", "on-failure", "needs", "when", "notify", "retries",
        "timeout", "checklist", "owner", "calendar", "environments",
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
                Key(
                    "concurrency", \.concurrency, .integer(1...64), standard: .plain("4"),
                    "On how many environments it works at once; where it stands in another routine, that one's counts."),
                Key(
                    "ping", \.ping,
                    .url("a URL such as https://hc-ping.com/…", ["http", "https"], .whole),
                    "Told when a scheduled run begins and how it ends, as Healthchecks and those like it want it."),
                Key(
                    "steps", \.steps, .list(of: StepSections(judgeTask: judgeStep, zones: zones).format),
                    isRequired: true,
                    "What is done, one after the other."),
            ],
            later: Self.later)
        let item = MappedSection<Draft.Complete>(routine) { draft, _, _, _ in
            draft.steps.map { Draft.Complete(draft: draft, steps: $0) }
        } writing: {
            $0.draft
        }.format
        return Format<[Named<Draft.Complete>]>.named("routine", item).map(
            { items, _, _, _ in
                items.map {
                    let draft = $0.value.draft
                    return RoutineSettings(
                        name: $0.name, summary: draft.summary, schedule: draft.schedule, timing: draft.timing,
                        concurrency: draft.concurrency, ping: draft.ping, steps: $0.value.steps, location: $0.location)
                }
            },
            writing: { routines in
                routines.map {
                    Named(
                        name: $0.name,
                        value: Draft.Complete(
                            draft: Draft(
                                summary: $0.summary, schedule: $0.schedule, timing: $0.timing,
                                concurrency: $0.concurrency, ping: $0.ping, steps: $0.steps),
                            steps: $0.steps),
                        location: $0.location)
                }
            })
    }

    private struct Draft: Sendable {
        var summary: String?
        var schedule: Written<ScheduleExpression>?
        var timing = RoutineTiming()
        var concurrency: Int?
        var ping: ConfiguredText?
        var steps: [RoutineStep]?

        /// One that has its steps.
        struct Complete: Sendable {
            var draft: Draft
            var steps: [RoutineStep]
        }
    }
}
