import Maintenance
import Page

extension Runbook {
    /// Whether a file in the way is one of ours.
    static func isOurs(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes.suffix(400), as: UTF8.self).containsBytes("mainstay docs generate-runbooks")
    }
}

extension GenerateRunbooks {
    /// `README.md` of the directory.
    static func contents(_ books: [Runbook]) -> String {
        var lines = ["# Runbooks", "", "| routine | what it is | starts | last |", "| --- | --- | --- | --- |"]
        for book in books {
            let cells = [
                "[\(book.name.markdownText)](\(book.fileName).md)", book.summary.markdownText,
                book.fact("starts").markdownText, book.fact("last").markdownText,
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        lines += ["", "Made by `mainstay docs generate-runbooks`. Times are UTC.", ""]
        return lines.joined(separator: "\n")
    }

    static func page(_ books: [Runbook]) -> HTML {
        let rows = books.map { book -> HTML in
            """
            <tr><th scope="row" class="whole"><a href="\(url: "\(book.fileName).html")">\(book.name)</a></th>\
            <td data-name="what it is">\(book.summary)</td><td data-name="starts">\(book.fact("starts"))</td>\
            <td data-name="last">\(book.fact("last"))</td></tr>

            """
        }
        return Layout(
            title: "Runbooks", generator: Release.name,
            body: """
                <header class="page"><div class="brand">Mainstay</div><h1>Runbooks</h1></header>
                <main><section><div class="card scroll"><table class="reflow"><thead><tr><th scope="col">routine</th>\
                <th scope="col">what it is</th><th scope="col">starts</th><th scope="col">last</th></tr></thead>
                <tbody>\(rows)</tbody></table></div></section></main>
                <footer class="page"><p>Made by mainstay docs generate-runbooks. Times are UTC.</p></footer>

                """
        ).html
    }
}

extension Runbook {
    func fact(_ name: String) -> String { facts.first { $0.name == name }?.value ?? "" }
}
