import Command
import Engine
import Glibc
import Maintenance
import Page
import Settings
import Web

/// Dry runs that people start on pages: of what mends a finding, or of any task in an environment. They look, and show what
/// would be done to the letter; the command that does it stands on the run's page.
enum DryRunActs {
    /// A button for the finding's mend; nothing where no task of ours mends it, or the visitor may not.
    static func button(_ record: FindingRecord, _ visit: Visit) -> HTML? {
        guard visit.grants.may(.operator, in: place(record)),
            MendWords(record.finding.mend, visit.site.session.application.catalog) != nil
        else { return nil }
        return """
            <form class="inline" method="post" action="\(url: "/findings/\(record.finding.fingerprint)/dry-run")">\
            \(visit.formToken)<button type="submit">See what it would do</button></form>
            """
    }

    static func ofFinding(_ visit: Visit) async throws -> WebResponse {
        let open = try await visit.site.log.openFindings()
        guard let record = open.first(where: { $0.finding.fingerprint == visit.value(0) }) else {
            throw Refusal.notFound
        }
        try visit.hold(.operator, in: place(record))
        let catalog = visit.site.session.application.catalog
        guard let words = MendWords(record.finding.mend, catalog) else {
            throw Refusal.unusable("no task of Mainstay mends it")
        }
        return try await start(words.entry, words.arguments, in: place(record), visit, at: record.finding.target)
    }

    /// Of any task that is about an environment, with its own defaults.
    static func form(_ environment: String, _ visit: Visit) -> HTML {
        guard visit.grants.may(.operator, in: environment) else { return HTML() }
        let options = visit.site.session.application.catalog.entries.filter {
            $0.declaration.subject != .estate
                && !visit.site.inventory.targets(of: $0.declaration.subject, in: [environment]).isEmpty
        }.map { entry in
            "<option value=\"\(entry.declaration.name)\">\(entry.declaration.command): \(entry.declaration.summary)</option>\n"
                as HTML
        }
        guard !options.isEmpty else { return HTML() }
        return """
            <form class="inline" method="post" action="\(url: "/environments/\(environment.urlComponent)/dry-run")">\
            \(visit.formToken)<label for="task">See what a task would do here</label>
            <select id="task" name="task">\(options)</select><button type="submit">Dry run</button></form>

            """
    }

    static func inEnvironment(_ visit: Visit) async throws -> WebResponse {
        let environment = visit.value(0)
        guard visit.site.inventory[environment: environment] != nil else { throw Refusal.notFound }
        try visit.hold(.operator, in: environment)
        let entries = visit.site.session.application.catalog.entries
        guard let entry = entries.first(where: { $0.declaration.name == visit.request.form["task"] }) else {
            throw Refusal.unusable("no task is chosen")
        }
        return try await start(entry, [], in: environment, visit)
    }

    private static func start(
        _ entry: TaskEntry, _ arguments: [String], in environment: String, _ visit: Visit,
        at target: Target? = nil
    ) async throws -> WebResponse {
        guard let visitor = visit.visitor else { throw Refusal.notFound }
        let inventory = visit.site.inventory
        let all = inventory.targets(of: entry.declaration.subject, in: [environment])
        // What is wrong with one resource is looked at there.
        let targets = all.contains { $0 == target } ? all.filter { $0 == target } : all
        guard !targets.isEmpty else {
            throw Refusal.unusable("'\(entry.declaration.command)' finds nothing to work on there")
        }
        // A task about the whole estate looks at all of it.
        if targets.contains(.estate) { try visit.hold(.operator, in: "") }
        let parsed: ParsedTask
        do { parsed = try entry.parse(arguments) } catch { throw Refusal.unusable(ErrorReport(error).problem) }
        try RunRequests.hold(parsed, visit)
        let request = RunRequest(
            name: entry.declaration.name, isDryRun: true, steps: targets.map { RunRequest.Step(parsed, on: $0) },
            requester: visitor.requester(process: getpid()))
        let run = try await visit.site.desk.accept(
            .begin(request), of: [environment], isChanging: false, inventory, token: visitor.token, at: visit.now)
        return .see("/runs/\(run.urlComponent)")
    }

    private static func place(_ record: FindingRecord) -> String { record.finding.target.environment }
}
