import Page

/// What the pages of certificates are put together from.
enum CertificateMarkup {
    static func list(_ items: [HTML]) -> HTML {
        items.isEmpty ? HTML() : "<ul>\(items.map { "<li>\($0)</li>\n" as HTML })</ul>\n"
    }

    static func facts(_ rows: [(String, String)]) -> HTML {
        let lines = rows.map { name, value -> HTML in
            "<tr><th scope=\"row\" class=\"whole\">\(name)</th><td>\(value)</td></tr>\n"
        }
        return "<div class=\"scroll\"><table><tbody>\n\(lines)</tbody></table></div>\n"
    }

    static func table(_ head: [String], _ rows: [HTML]) -> HTML {
        let cells = head.map { "<th scope=\"col\">\($0)</th>" as HTML }
        return """
            <div class="scroll"><table class="reflow"><thead><tr>\(cells)</tr></thead><tbody>
            \(rows)</tbody></table></div>

            """
    }
}
