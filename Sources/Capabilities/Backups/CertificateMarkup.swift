import Backup
import Page

/// What the pages of certificates are put together from.
enum CertificateMarkup {
    /// What stands at the top of every certificate, before what it rests on.
    struct Head {
        /// Of the document.
        var title: String
        /// Who made it, in which run.
        var generator: String
        /// Whose it is, and of when.
        var subtitle: HTML
        var standing: Standing
        /// The verdict, one clause without a full stop.
        var sentence: String
        var why: HTML
    }

    /// A certificate as one page that needs nothing but itself. Sections without content are left out.
    static func page(_ head: Head, _ sections: [(title: String, html: HTML)], foot: HTML) -> HTML {
        let shown = sections.filter { !$0.html.isEmpty }.map { section -> HTML in
            "<section><h2>\(section.title)</h2>\n\(section.html)</section>\n"
        }
        let top: HTML = """
            <header class="page">
            <div class="brand">Mainstay</div>
            <h1>\(head.title)</h1>
            <p class="muted small">\(head.subtitle)</p>
            <div class="verdict \(HTML(trusted: head.standing.rawValue))" role="status">\(head.standing.mark)<div>\
            <p>\(head.sentence).</p><p class="why">\(head.why)</p></div></div>
            </header>

            """
        return Layout(
            title: head.title, generator: head.generator, body: "\(top)<main>\n\(shown)</main>\n\(foot)"
        ).html
    }

    /// How an outsider verifies a file and its page; nothing where nobody signed for outsiders.
    ///
    /// - Parameter key: the name of the public key.
    static func verifying(_ file: String, signedBy key: String?) -> HTML {
        guard let key else { return HTML() }
        return """
            <p>Whoever has the public key, <code>\(key)</code>, can verify the signatures of this page and of that file \
            with OpenSSL: <code>openssl dgst -sha256 -verify \(key) -signature \(file).sig \(file)</code></p>
            """
    }

    static func assertions(_ outcomes: [Assertion.Outcome]?) -> HTML {
        let rows = (outcomes ?? []).map { outcome -> HTML in
            """
            <tr><th scope="row" class="whole">\(outcome.name)</th><td>\(outcome.rule.rawValue): <code class="long">\(outcome.statement)</code></td><td data-name="answer">\(outcome.problem ?? "so it is")</td></tr>

            """
        }
        return rows.isEmpty ? HTML() : table(["Assertion", "Statement", "Answer"], rows)
    }

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
