import Engine
import Maintenance
import Page
import Web

/// What several pages have in common.
enum Pieces {
    /// `db update-stats`, as typed.
    static func command(_ task: String) -> String { task.split(separator: ".").joined(separator: " ") }

    /// A line of a list: how it stands, and what it says.
    static func item(_ standing: Standing, _ body: HTML) -> HTML {
        "<li class=\"item\"><span class=\"\(standing.rawValue)\">\(standing.mark)<span class=\"hidden\">\(standing.word)</span></span><div>\(body)</div></li>\n"
    }

    static func list(_ items: [HTML]) -> HTML {
        "<div class=\"card\"><ul class=\"plain\">\n\(items)</ul></div>\n"
    }

    /// What stands where nothing is, and what to do so that something is.
    static func empty(_ text: HTML) -> HTML { "<p class=\"muted\">\(text)</p>\n" }

    static func code(_ text: String) -> HTML { "<code>\(text)</code>" }

    static func run(_ id: String) -> HTML {
        "<a href=\"\(url: "/runs/\(id.urlComponent)")\">\(id)</a>"
    }

    static func environment(_ name: String) -> HTML {
        "<a href=\"\(url: "/environments/\(name.urlComponent)")\">\(name)</a>"
    }

    static func mend(_ command: String?) -> HTML? {
        command.map { "<span class=\"mend\">\(code($0))</span>" }
    }

    static func table(_ caption: String, _ columns: [String], _ rows: [HTML]) -> HTML {
        let heads = columns.map { "<th scope=\"col\">\($0)</th>" as HTML }
        return """
            <div class="card scroll"><table class="reflow whole"><caption class="hidden">\(caption)</caption><thead><tr>\(heads)\
            </tr></thead><tbody>
            \(rows)</tbody></table></div>

            """
    }

    /// Text of a log or a program: as it is, and no longer than a page can bear.
    static func clipped(_ text: String, to limit: Int = 20_000) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end > text.startIndex, String.Index(end, within: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return "\(text[..<end]) … (\((text.utf8.count - limit).grouped) bytes more)"
    }

    static func facts(_ facts: Facts) -> HTML? {
        guard !facts.isEmpty else { return nil }
        let parts = facts.filter { !$0.value.description.isEmpty }.sorted { $0.key < $1.key }.prefix(24).map {
            name, value -> HTML in
            "<span>\(name) <b>\(clipped(value.spoken, to: 400))</b></span>"
        }
        return "<div class=\"facts\">\(parts)</div>"
    }

    static func error(_ error: ErrorReport?) -> HTML? {
        error.map { error in
            let hint: HTML? = error.hint.map { "<div class=\"muted\">\(clipped($0, to: 2_000))</div>" }
            return "<div>\(clipped(error.problem, to: 2_000))</div>\(hint)"
        }
    }
}
