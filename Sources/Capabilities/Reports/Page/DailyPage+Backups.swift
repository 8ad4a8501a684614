import Maintenance
import Page

extension DailyPage {
    /// One row a database: the newest backup of the period and what its proof says.
    var backups: HTML {
        guard !report.backups.isEmpty else { return HTML() }
        let rows = report.backups.prefix(limits.environments).map { line -> HTML in
            """
            <tr><th scope="row">\(text(line.target.description))</th><td>\(line.standing.badge(line.proof))</td>\
            <td data-name="backup">\(line.backup.map(code))</td>\
            <td class="number" data-name="rows">\(line.rows.map { text($0.grouped) })</td>\
            <td class="number" data-name="stored">\(line.stored.map(text))</td>\
            <td class="number" data-name="restored in">\(line.restoreSeconds.map { text(Duration.seconds($0).short) })</td></tr>

            """
        }
        return """
            <div class="card scroll"><table class="reflow">
            <thead><tr><th scope="col">database</th><th scope="col">proof</th><th scope="col">backup</th>\
            <th scope="col" class="number">rows</th><th scope="col" class="number">stored</th>\
            <th scope="col" class="number">restored in</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>
            \(more(report.backups.count - limits.environments, "mainstay backup list"))
            """
    }
}
