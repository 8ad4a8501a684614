import Engine
import Maintenance
import Page

/// A checklist as one page that needs nothing but itself: whether all is well first, then each item with what it rests on.
struct ChecklistPage {
    let export: ChecklistExport

    var html: HTML {
        Layout(
            title: "Checklist \(export.checklist)", generator: export.madeBy, body: "\(head)\(main)\(foot)"
        ).html
    }

    private var standing: Standing {
        if export.count(.red) > 0 { return .critical }
        return export.isComplete ? .good : .unknown
    }

    private var sentence: String {
        switch standing {
        case .good: "Every item is green"
        case .critical: "\(export.count(.red)) \(export.count(.red) == 1 ? "item is" : "items are") red"
        default: "Not every item is known to be well"
        }
    }

    private var why: HTML {
        if let until = export.countsUntil {
            return "It counts until \(time: until); after that nothing is known any more."
        }
        let total = export.standings.reduce(0) { $0 + $1.items.count }
        return "\(export.count(.green)) of \(total) green, \(export.count(.unknown)) unknown."
    }

    private var head: HTML {
        let places = export.standings.map(\.environment).joined(separator: ", ")
        return """
            <header class="page">
            <div class="brand">Mainstay</div>
            <h1>Checklist \(export.checklist)</h1>
            <p class="muted small">\(export.standings.first?.summary ?? "") · \(places) · as it stood at \
            \(time: export.at)</p>
            <div class="verdict \(HTML(trusted: standing.rawValue))" role="status">\(standing.mark)<div><p>\(sentence).</p>\
            <p class="why">\(why)</p></div></div>
            </header>

            """
    }

    private var main: HTML { "<main>\n\(export.standings.map(section))</main>\n" }

    private func section(_ standing: ChecklistStanding) -> HTML {
        let rows = standing.items.map { item -> HTML in
            """
            <tr><td class="whole">\(item.state.standing.badge(item.state.rawValue))</td>\
            <th scope="row"><b>\(item.text)</b><br><span class="muted small">answered by \(item.answeredBy)</span></th>\
            <td>\(reason(item))</td></tr>

            """
        }
        return """
            <section><h2>\(standing.environment)</h2>
            <p class="muted">\(standing.sentence).</p>
            <div class="scroll"><table class="reflow"><thead><tr><th scope="col">State</th><th scope="col">Item</th>\
            <th scope="col">Why</th></tr></thead><tbody>
            \(rows)</tbody></table></div>
            </section>

            """
    }

    private func reason(_ item: ItemStanding) -> HTML {
        var lines: [HTML] = ["\(item.reason)"]
        if item.signOff == nil, let at = item.at {
            lines.append("<span class=\"muted small\">looked at \(time: at)</span>")
        }
        if item.state == .green, let until = item.countsUntil {
            lines.append("<span class=\"muted small\">counts until \(time: until)</span>")
        }
        if let signOff = item.signOff {
            lines.append(
                """
                <span class="muted small">signed \(signOff.result == .done ? "done" : "not done") at \(time: signOff.at) on \
                \(signOff.by.host), entry \(signOff.entry.number) of the audit trail</span>
                """)
        }
        if let file = item.signOff?.attachment { lines.append(attachment(file)) }
        for remark in item.remarks {
            lines.append(
                "<span class=\"small\">\(remark.by.name) remarked at \(time: remark.at): \(remark.note ?? "")</span>")
            if let file = remark.attachment { lines.append(attachment(file)) }
        }
        return lines.joined(separator: "<br>")
    }

    private func attachment(_ file: Attachment) -> HTML {
        "<span class=\"muted small\">\(file.name), \(file.size.description), SHA-256 \(file.sha256)</span>"
    }

    private var foot: HTML {
        let audit: HTML =
            export.audit.map { "The audit trail stood at <code>\($0)</code>." } ?? "The audit trail is empty."
        return """
            <footer class="page"><p>Made by \(export.madeBy) for \(export.requester.name) on \(export.requester.host). \
            \(audit) Green is only what a run or a signature says that still counts; what nobody looked at, or what \
            counts no more, is unknown. Times are UTC.</p></footer>

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

extension ChecklistStanding {
    /// `4 of 6 green, 1 red, 1 unknown`.
    var sentence: String {
        let rest = [ItemState.red, .unknown].compactMap { state in
            let count = items(state).count
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return (["\(items(.green).count) of \(items.count) green"] + rest).joined(separator: ", ")
    }
}
