import Maintenance

/// What a team adds to the proof of a backup: statements that must hold in it, and a test of the application.
enum BackupProofSections {
    static var assertions: Format<[String: BackupAssertion]> { .dictionary("assertion", assertion) }

    private struct AssertionDraft: Sendable {
        var holds: String?
        var findsNothing: String?
    }

    private static var assertion: Format<BackupAssertion> {
        MappedSection<BackupAssertion>(
            Section<AssertionDraft>(
                prototype: { _ in AssertionDraft() },
                keys: [
                    Key("holds", \.holds, .text, "One SQL statement that gives one row, whose first column is true."),
                    Key("finds-nothing", \.findsNothing, .text, "One SQL statement that gives no row."),
                ],
                later: ["file", "severity", "description", "expect"],
                rules: [.exactlyOne(["holds", "finds-nothing"])]),
            { draft, _, _, _ in
                draft.holds.map { BackupAssertion(.holds, $0) }
                    ?? draft.findsNothing.map { BackupAssertion(.findsNothing, $0) }
            },
            writing: {
                $0.rule == .holds ? AssertionDraft(holds: $0.statement) : AssertionDraft(findsNothing: $0.statement)
            }
        ).format
    }

    /// The keys of a command step that mean something here.
    static var smokeTest: Format<CommandSettings> {
        MappedSection<CommandSettings>(
            Section<StepSections.Draft>(
                prototype: { StepSections.Draft(location: $0) },
                keys: [
                    Key(
                        "command", \.command, StepSections.program,
                        "A program and its arguments, each one a word of its own; no shell reads them."),
                    Key("shell", \.shell, .text, "A line that /bin/sh runs."),
                    Key("directory", \.directory, .path, "Where it runs; without it, in '/'."),
                    Key(
                        "variables", \.variables, .dictionary("variable", StepSections.variable),
                        "Environment variables beside DATABASE_URL and libpq's own, which lead to the restored copy."),
                    Key(
                        "exit-status", \.exitStatuses, .oneOrMore(.integer(0...255)),
                        standard: .list([.plain("0")]), "What counts as success."),
                    Key(
                        "timeout", \.timeLimit, .duration(.seconds(1)...(.seconds(86_400))),
                        standard: .plain(CommandSettings(program: []).timeLimit.canonical),
                        "When it is ended, with all that it started."),
                ],
                later: ["retries", "user", "image", "url", "steps"],
                rules: [.exactlyOne(["command", "shell"])]),
            { draft, _, _, _ in
                guard let program = draft.command ?? draft.shell.map({ CommandSettings.shell($0).program }) else {
                    return nil
                }
                var settings = CommandSettings(program: program)
                settings.directory = draft.directory
                settings.variables = draft.variables ?? [:]
                settings.exitStatuses = draft.exitStatuses ?? settings.exitStatuses
                settings.timeLimit = draft.timeLimit ?? settings.timeLimit
                return settings
            },
            writing: { StepSections.Draft($0) }
        ).format
    }
}
