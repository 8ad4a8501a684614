import Calendar
import Maintenance

/// What a step of a routine depends on, and what becomes of the rest when it fails.
struct ConditionSections: Sendable {
    var zones: ZoneDirectory

    /// All of them are keys of the step itself.
    var keys: [Key<StepSections.Draft>] {
        [
            Key("name", \.conditions.name, .name, "What other steps of the routine call it."),
            Key(
                "needs", \.conditions.needs, .list(of: .name),
                "Names of earlier steps that have to have succeeded in the same environment; else it is skipped."
            ),
            Key(
                "when", \.conditions.when, occasion, "When it is done at all; everything said has to be so."
            ),
            Key(
                "on-failure", \.onFailure, Self.failure, standard: .plain("go-on"),
                "Whether the later steps are done in that environment when it fails, and a routine that is run then."
            ),
            Key(
                "retries", \.conditions.retries, Self.retries,
                "How often it is tried again where that may help; for tasks that only look, and commands that observe "
                    + "or are idempotent."),
            Key(
                "timeout", \.timeLimit, .duration(.seconds(1)...(.seconds(7 * 86_400))),
                "When it is ended; for a command, with all that it started, after \(Self.commandLimit) if nothing is said."
            ),
            Key(
                "concurrency", \.conditions.concurrency, .integer(1...64), standard: .plain("1"),
                "How many of its targets in an environment are worked on at once."),
            Key(
                "priority", \.conditions.priority, .choice(), standard: .plain("info"),
                "How urgent its changes are at least, where a window is too short for all: 'critical' goes first."),
        ]
    }

    private static var commandLimit: String { CommandSettings(program: []).timeLimit.canonical }

    private var occasion: Format<StepOccasion> {
        Section<StepOccasion>(
            prototype: { _ in StepOccasion() },
            keys: [
                Key(
                    "labels", \.labels, .dictionary("label", .text),
                    "Labels that the environment has to have, with their values."),
                Key(
                    "during", \.during, .window(zones),
                    "A window in which the routine has to have started, such as 'first Sunday 00:00-24:00'."),
                Key(
                    "steps", \.results, .dictionary("step", .choice()),
                    "Earlier steps, and what has to have come of each in the same environment."),
            ],
            later: ["days", "environment", "environments", "not", "any", "findings"],
            rules: [.atLeastOne(["labels", "during", "steps"])]
        ).format
    }

    private enum Word: String, CaseIterable, Sendable {
        case goOn = "go-on"
        case stop
    }

    private static var failure: Format<FailureAnswer> {
        let word = Format<Word>.choice()
        let section = MappedSection<FailureAnswer>(
            Section<FailureDraft>(
                prototype: { _ in FailureDraft() },
                keys: [
                    Key(
                        "run", \.routine, .name, isRequired: true, "A routine that is run in that environment."),
                    Key("then", \.then, word, standard: .plain("go-on"), "Whether the later steps are done."),
                ]),
            { draft, _, _, _ in
                draft.routine.map { FailureAnswer(stops: draft.then == .stop, routine: $0) }
            },
            writing: { FailureDraft(routine: $0.routine, then: $0.stops ? .stop : .goOn) })
        return Format(
            shape: .either([word.shape, .section(section.shape)]),
            read: { tree, keyPath, reading in
                guard case .scalar = tree.value else { return section.format.read(tree, keyPath, reading) }
                return word.read(tree, keyPath, reading).map { FailureAnswer(stops: $0 == .stop) }
            },
            write: { answer in
                answer.routine == nil
                    ? word.write(answer.stops ? .stop : .goOn) : section.format.write(answer)
            })
    }

    private static var retries: Format<StepRetries> {
        let count = Format<Int>.integer(1...20)
        let standard = StepRetries(count: 1)
        let section = MappedSection<StepRetries>(
            Section<RetriesDraft>(
                prototype: { _ in RetriesDraft() },
                keys: [
                    Key("count", \.count, count, isRequired: true, "How often at most."),
                    Key(
                        "back-off", \.backoff, .duration(.milliseconds(100)...(.seconds(3_600))),
                        standard: .plain(standard.backoff.canonical),
                        "How long to wait before the first repetition, a quarter more or less; doubled each time."
                    ),
                ]),
            { draft, _, _, _ in
                draft.count.map { StepRetries(count: $0, backoff: draft.backoff ?? standard.backoff) }
            }, writing: { RetriesDraft(count: $0.count, backoff: $0.backoff) })
        return Format(
            shape: .either([count.shape, .section(section.shape)]),
            read: { tree, keyPath, reading in
                guard case .scalar = tree.value else { return section.format.read(tree, keyPath, reading) }
                return count.read(tree, keyPath, reading).map { StepRetries(count: $0) }
            },
            write: section.format.write)
    }

    private struct FailureDraft: Sendable {
        var routine: String?
        var then = Word.goOn
    }

    private struct RetriesDraft: Sendable {
        var count: Int?
        var backoff: Duration?
    }
}
