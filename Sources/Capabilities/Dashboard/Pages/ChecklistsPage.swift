import Command
import Engine
import Maintenance
import Page
import Settings
import Web

/// How checklists stand: what evidence has answered, and what waits for somebody's signature.
enum ChecklistsPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let book = answers(visit).book
        let used = Set(book.inUse.map(\.name))
        let rows = book.lists.map { list -> HTML in
            let places = book.environments(of: list).filter(visit.sees)
            let links = places.map { place in
                "<a href=\"\(url: link(list.name, place))\">\(place)</a>" as HTML
            }.joined(separator: ", ")
            let tag: HTML? = used.contains(list.name) ? " <span class=\"tag\">in use</span>" : nil
            return """
                <tr><th scope="row">\(list.name)\(tag)</th><td class="any" data-name="what">\(list.summary)</td>\
                <td data-name="cadence">\(list.cadence.rawValue)</td><td data-name="items">\(list.items.count)</td>\
                <td data-name="in">\(links)</td></tr>

                """
        }
        return visit.page(
            "Checklists",
            "<h1>Checklists</h1>\n\(Pieces.table("Checklists", ["checklist", "what", "cadence", "items", "look at it in"], rows))"
        )
    }

    static func one(_ visit: Visit) async throws -> WebResponse {
        let (answers, list) = try found(visit)
        let standing = try await answers.standing(list, in: visit.value(1))
        let items = standing.items.map { item($0, standing, visit) }
        return visit.page(
            list.name,
            """
            <p class="path"><a href="/checklists">Checklists</a></p>
            <h1>\(list.name) <span class="muted">in \(standing.environment)</span></h1>
            <p>\(list.summary)</p>
            <p>\((standing.isComplete ? Standing.good : .warning).badge(count(standing)))</p>
            \(Pieces.list(items))
            """)
    }

    /// `4 of 6 green, 1 red, 1 unknown`.
    private static func count(_ standing: ChecklistStanding) -> String {
        let others = [ItemState.red, .unknown].compactMap { state -> String? in
            let count = standing.items(state).count
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return (["\(standing.items(.green).count) of \(standing.items.count) green"] + others).joined(separator: ", ")
    }

    static func sign(_ visit: Visit) async throws -> WebResponse {
        let (answers, list) = try found(visit)
        let environment = visit.value(1)
        try visit.hold(.operator, in: environment)
        guard let item = list.items.first(where: { $0.name == visit.value(2) }) else { throw Refusal.notFound }
        guard let result = visit.request.form["result"].flatMap(SignOff.Result.init(rawValue:)) else {
            throw Refusal.unusable("no answer is chosen")
        }
        let note = visit.request.form["note"]?.trimmingWhitespace() ?? ""
        let signed = try await answers.sign(
            item, of: list, in: environment, result, note: note.isEmpty ? nil : note, attachment: nil)
        visit.site.session.leave(signed.entry, after: "signature of \(list.name)/\(item.name) in \(environment)")
        return .see(link(list.name, environment))
    }

    private static func link(_ list: String, _ environment: String) -> String {
        "/checklists/\(list.urlComponent)/\(environment.urlComponent)"
    }

    private static func answers(_ visit: Visit) -> ChecklistAnswers {
        ChecklistAnswers(
            visit.site.session.application.checklistBook(visit.site.inventory), log: visit.site.log(for: visit.visitor))
    }

    static func found(_ visit: Visit) throws(Refusal) -> (ChecklistAnswers, Checklist) {
        let answers = answers(visit)
        guard let list = answers.book.lists.first(where: { $0.name == visit.value(0) }), visit.sees(visit.value(1)),
            answers.book.environments(of: list).contains(visit.value(1))
        else { throw .notFound }
        return (answers, list)
    }

    private static func item(_ item: ItemStanding, _ standing: ChecklistStanding, _ visit: Visit) -> HTML {
        let until: HTML? = item.countsUntil.map { "<span>counts until \(time: $0)</span>" }
        let run: HTML? = item.runID.map { "<span>run \(Pieces.run($0))</span>" }
        let remarks = item.remarks.prefix(10).map { remark in
            "<div class=\"muted\">\(remark.by.name) remarks at \(time: remark.at): \(Pieces.clipped(remark.note ?? "", to: 2_000))</div>"
                as HTML
        }
        let resolve: HTML? = item.state == .green || item.isManual ? nil : Pieces.mend(item.resolve)
        return Pieces.item(
            item.state.standing,
            """
            <strong>\(Pieces.clipped(item.text, to: 600))</strong> <span class="tag">\(item.answeredBy)</span><br>\
            \(Pieces.clipped(item.reason, to: 2_000))\(resolve)<div class="facts">\(until)\(run)</div>\(remarks)\
            \(form(item, standing, visit))
            """)
    }

    private static func form(_ item: ItemStanding, _ standing: ChecklistStanding, _ visit: Visit) -> HTML {
        guard item.isManual, visit.grants.may(.operator, in: standing.environment) else { return HTML() }
        let link = "\(link(standing.checklist, standing.environment))/\(item.item.urlComponent)"
        return """
            <details id="sign-\(item.item)"><summary>Sign it</summary><form class="inline" method="post" \
            action="\(url: link)">\(visit.formToken)
            <label for="result-\(item.item)" class="hidden">Answer</label><select id="result-\(item.item)" name="result" required>\
            <option value="">is it done?</option>\
            <option value="done">done</option><option value="not-done">not done</option></select>
            <label for="note-\(item.item)" class="hidden">Note</label><input id="note-\(item.item)" name="note" type="text" \
            placeholder="what was seen" maxlength="1000">
            <button class="primary" type="submit">Sign as \(visit.visitor?.account.name ?? "")</button></form></details>
            """
    }
}

extension ItemState {
    fileprivate var standing: Standing {
        switch self {
        case .green: .good
        case .red: .critical
        case .unknown: .unknown
        }
    }
}
