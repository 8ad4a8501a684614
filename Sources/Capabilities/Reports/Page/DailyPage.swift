import Engine
import Maintenance
import Page

/// The report of the day as one page that needs nothing but itself: the verdict, then what shows it, in the order a
/// person asks.
struct DailyPage {
    let report: DailyReport
    let limits: Limits

    /// The page with all its lists as long as they may be, so that it stays under `size` bytes whatever the estate.
    static func html(_ report: DailyReport, size: Int = 290_000) -> HTML {
        var limits = Limits.full
        while true {
            let page = DailyPage(report: report, limits: limits).html
            let halved = limits.halved
            if page.bytes.count <= size || halved == limits { return page }
            limits = halved
        }
    }

    var html: HTML {
        Layout(title: title, generator: "\(report.version), run \(report.runID)", body: "\(head)\(main)\(foot)").html
    }

    private var title: String { "Daily report, \(CivilTime(report.madeAt).date)" }

    private var head: HTML {
        """
        <header class="page">
        <div class="brand">Mainstay</div>
        <h1>\(title)</h1>
        <p class="muted small">\(time: report.since) to \(time: report.madeAt) · asked for by \
        \(text(report.requester.text))</p>
        \(verdict)\(tiles)\(contents)</header>

        """
    }

    private var verdict: HTML {
        let standing = report.verdict.standing
        let until = report.environments.compactMap(\.countsUntil).min()
        let why: HTML =
            until.map { "The evidence for this counts until \(time: $0)." } ?? "There is no evidence of health."
        return """
            <div class="verdict \(standing.rawValue)" role="status">\(standing.mark)<div><p><span \
            class="hidden">\(standing.word): </span>\(text(report.verdict.sentence)).</p><p class="why">\(why)</p></div></div>

            """
    }

    private var tiles: HTML {
        let well = report.environments.filter { $0.standing == .good }.count
        let open = Severity.allCases.reversed().map { (report.count($0), $0.rawValue) }.filter { $0.0 > 0 }
        let total = open.reduce(0) { $0 + $1.0 }
        let notProved = report.changes.count - report.changesProved
        let troubles = report.openTroubles.count
        return """
            <ul class="tiles">\
            \(tile("\(well) of \(report.environments.count)", "environment", report.environments.count, "well"))\
            \(tile("\(report.changesProved)", "change", report.changesProved,
                notProved == 0 ? "made and proved" : "proved, \(notProved) not"))\
            \(tile("\(total)", "open finding", total,
                total == 0 ? "" : "(" + open.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + ")"))\
            \(tile("\(troubles)", "step", troubles, "did not succeed"))</ul>

            """
    }

    private func tile(_ number: String, _ what: String, _ count: Int, _ rest: String) -> HTML {
        "<li><b>\(number)</b><span class=\"what\">\(what)\(count == 1 ? "" : "s") \(rest)</span></li>"
    }

    /// What there is to see, by the name of its section; a section without anything is left out.
    private var sections: [(id: StaticString, title: String, html: HTML)] {
        [
            ("needs", "What needs a person now", needs),
            ("health", "Health", health),
            ("backups", "Backups", backups),
            ("troubles", "Steps that did not succeed", troubles),
            ("changes", "Changes and their proof", changes),
            ("findings", "Findings", findings),
            ("resolved", "No longer found", resolved),
            ("trends", "Trends", trends),
            ("not-covered", "Not covered", notCovered),
            ("runs", "Runs", runs),
        ].filter { !$0.html.isEmpty }
    }

    private var contents: HTML {
        let links = sections.map { "<a href=\"#\(HTML(stringLiteral: $0.id))\">\($0.title)</a>" as HTML }
        return "<nav class=\"contents\" aria-label=\"Contents\">\(links.joined(separator: "\n"))</nav>\n"
    }

    private var main: HTML {
        let parts = sections.map { section -> HTML in
            let id = HTML(stringLiteral: section.id)
            return """
                <section aria-labelledby="\(id)"><h2 id="\(id)">\(section.title)</h2>
                \(section.html)</section>

                """
        }
        return "<main>\n\(parts)</main>\n"
    }

    private var foot: HTML {
        let audit: HTML? = report.audit.map { " The audit trail stood at <code>\($0)</code>." }
        return """
            <footer class="page"><p>Made by \(report.version) in run <code>\(report.runID)</code>, from the run log as it was \
            at \(time: report.madeAt). The step that made it is not in it: it cannot say how it ended. Times are UTC. The same \
            data makes the same file, byte for byte; the run holds its SHA-256.\(audit)</p></footer>

            """
    }

    // MARK: what all sections use

    /// Hostile text, not longer than the page can bear.
    func text(_ text: String) -> HTML { "\(limits.clip(text))" }

    func code(_ text: String) -> HTML { "<code>\(limits.clip(text))</code>" }

    /// What mends it: a command to copy, or words.
    func mend(_ remedy: String?) -> HTML? {
        guard let remedy else { return nil }
        let isCommand = remedy.hasPrefix("mainstay ")
        return isCommand ? "<div class=\"mend\">\(code(remedy))</div>" : "<div class=\"muted\">\(text(remedy))</div>"
    }

    /// `and 12 more: mainstay findings`, or nothing.
    func more(_ left: Int, _ command: String) -> HTML {
        left > 0 ? "<p class=\"muted small\">and \(left) more: \(code(command))</p>\n" : HTML()
    }

    /// `db update-stats`, as typed.
    func command(_ task: String) -> String { task.split(separator: ".").joined(separator: " ") }

    /// A mark in front of a line or more.
    func item(_ standing: Standing, _ content: HTML) -> HTML {
        "<li class=\"item\"><span class=\"\(standing.rawValue)\">\(standing.mark)</span><div>\(content)</div></li>\n"
    }
}
