import Backup
import Command
import Engine
import Maintenance
import Outside
import Settings
import Web

/// What the API answers to those who only look, and the signing of checklists, which looks again.
enum LookingActs {
    static func environments(_ visit: Visit) async throws -> WebResponse {
        let open = try await visit.site.log.openFindings()
        var found: [EnvironmentDocument] = []
        for environment in visit.site.inventory.environments where visit.sees(environment.name) {
            found.append(
                EnvironmentDocument(try await EnvironmentLook(environment, findings: open, visit), environment))
        }
        return try visit.answer(found, next: nil)
    }

    static func environment(_ visit: Visit) async throws -> WebResponse {
        guard let environment = visit.site.inventory[environment: visit.value(0)], visit.sees(environment.name) else {
            throw Refusal.notFound
        }
        let open = try await visit.site.log.openFindings()
        return try WebResponse(
            json: EnvironmentDocument(try await EnvironmentLook(environment, findings: open, visit), environment))
    }

    static func measurements(_ visit: Visit) async throws -> WebResponse {
        let name = visit.value(0)
        guard visit.site.inventory[environment: name] != nil, visit.sees(name) else { throw Refusal.notFound }
        let hours = try visit.number("hours", 1...744, standard: 24)
        let wanted = visit.request.query["series"]
        let series = try await visit.site.log.history(of: name, since: visit.now - .seconds(hours * 3_600)) {
            wanted == nil || $0.name == wanted
        }.filter { !$0.samples.isEmpty }
        return try WebResponse(json: series)
    }

    static func resources(_ visit: Visit) throws -> WebResponse {
        let only = try visit.chosenEnvironment()
        let all = visit.site.inventory.environments.filter {
            visit.sees($0.name) && (only == nil || $0.name == only)
        }.flatMap { environment in
            environment.resources.map { ResourceDocument(environment: environment.name, $0) }
        }
        return try visit.page(all) {
            "\($0.environment)/\($0.name)"
        } _: {
            $0
        }
    }

    static func findings(_ visit: Visit) async throws -> WebResponse {
        let only = try visit.chosenEnvironment()
        var least = Severity.info
        if let text = visit.request.query["severity"] {
            guard let severity = Severity(rawValue: text) else {
                throw Refusal.unusable("'severity' is info, warning or critical")
            }
            least = severity
        }
        let open = try await visit.site.log.openFindings().filter { record in
            let environment = record.finding.target.environment
            return visit.sees(environment) && (only == nil || only == environment) && record.finding.severity >= least
        }
        let ranks = Dictionary(
            uniqueKeysWithValues: Severity.allCases.reversed().enumerated().map { ($0.element, $0.offset) })
        return try visit.page(open) {
            "\(ranks[$0.finding.severity] ?? 9)/\($0.finding.target.environment)/\($0.finding.fingerprint)"
        } _: {
            FindingDocument($0)
        }
    }

    static func checklists(_ visit: Visit) throws -> WebResponse {
        let book = visit.site.session.application.checklistBook(visit.site.inventory)
        let used = Set(book.inUse.map(\.name))
        let documents = book.lists.map { list in
            ChecklistDocument(
                name: list.name, summary: list.summary, cadence: list.cadence, items: list.items.count,
                environments: book.environments(of: list).filter(visit.sees), isInUse: used.contains(list.name))
        }
        return try visit.answer(documents, next: nil)
    }

    static func checklist(_ visit: Visit) async throws -> WebResponse {
        let (answers, list) = try ChecklistsPage.found(visit)
        return try WebResponse(json: try await answers.standing(list, in: visit.value(1)))
    }

    static func sign(_ visit: Visit) async throws -> WebResponse {
        let (answers, list) = try ChecklistsPage.found(visit)
        let environment = visit.value(1)
        try visit.hold(.operator, in: environment)
        guard let item = list.items.first(where: { $0.name == visit.value(2) }) else { throw Refusal.notFound }
        let members = try visit.members(["result", "note"])
        guard let word = try visit.text("result", in: members), let result = SignOff.Result(rawValue: word) else {
            throw visit.wrong("result", "it is 'done' or 'not-done'")
        }
        let signed = try await answers.sign(
            item, of: list, in: environment, result, note: try visit.text("note", in: members), attachment: nil)
        visit.site.session.leave(signed.entry, after: "signature of \(list.name)/\(item.name) in \(environment)")
        return try WebResponse(json: try await answers.standing(list, in: environment))
    }

    static func calendar(_ visit: Visit) async throws -> WebResponse {
        try visit.answer(try await Outlook(visit, most: 10).starts.map(StartDocument.init), next: nil)
    }

    static func iCalendar(_ visit: Visit) throws -> WebResponse {
        try visit.hold(.viewer, in: "")
        let text = try visit.site.session.application.calendarExport(
            visit.site.inventory, ahead: .seconds(90 * 86_400), most: 1_000)
        return WebResponse(200, Array(text.utf8), type: "text/calendar; charset=utf-8")
    }

    static func backups(_ visit: Visit) async throws -> WebResponse {
        let only = try visit.chosenEnvironment()
        let inventory = visit.site.inventory
        var found: [BackupDocument] = []
        for (target, _) in inventory.targets(of: [.postgresql])
        where visit.sees(target.environment) && (only == nil || only == target.environment) {
            let look = await BackupLook(target, inventory, state: visit.site.log.directory)
            if let trouble = look.trouble { throw trouble }
            found += look.backups.map { BackupDocument($0, target, at: visit.now) }
        }
        return try visit.answer(found, next: nil)
    }

    static func certificate(_ visit: Visit) async throws -> WebResponse {
        let target = Target(environment: visit.value(0), resource: visit.value(1))
        guard visit.site.inventory[target]?.kind == .postgresql, visit.sees(target.environment),
            let id = BackupID(visit.value(2)),
            let certificate = try await BackupLook.certificate(
                of: id, target, visit.site.inventory, state: visit.site.log.directory)
        else { throw Refusal.notFound }
        return try WebResponse(json: certificate)
    }

    static func audit(_ visit: Visit) async throws -> WebResponse {
        let most = try visit.number("limit", 1...200, standard: 50)
        var before: Int64?
        if let cursor = visit.request.query["cursor"] {
            guard let number = Int64(try Visit.place(of: cursor)) else {
                throw Refusal.unusable("'cursor' is none that a page gave as 'next'")
            }
            before = number
        }
        let page = try await visit.site.log.auditPage(
            before: before, environments: AuditPage.environments(visit), most: most)
        return try visit.answer(page.entries, next: page.next.map { Visit.cursor(of: String($0)) })
    }
}
