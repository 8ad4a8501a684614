import Maintenance
import Page

/// A written plan as a value: sections of sentences, tables and commands, and places where people write. The same value
/// gives the same Markdown and the same page.
struct PlanText: Hashable, Sendable {
    var title: String
    var sections: [Section]

    struct Section: Hashable, Sendable {
        var title: String
        var blocks: [Block]
    }

    /// All texts are hostile, but those of people, which are theirs.
    enum Block: Hashable, Sendable {
        case paragraph(String)
        case table([String], [[String]])
        /// To be typed, in this order.
        case commands([String])
        /// What a person writes here stays: by the name of the place.
        case yours(String, hint: String)
    }

    /// What the first line of a file says that was written here.
    static let mark = "<!-- Written by 'mainstay dr update-plans'."
    /// What stands in the head of every page that was written here.
    static let pageMark = "Written from what is known; 'mainstay dr update-plans' writes it anew."

    /// - Parameter kept: what people wrote, by the names of the places.
    func markdown(_ kept: KeptText) -> String {
        var lines = [
            "\(Self.mark) What stands between the lines 'yours' is people's and stays; the rest is written anew. -->",
            "# \(title.markdownText)",
        ]
        for section in sections {
            lines += ["", "## \(section.title.markdownText)"]
            for block in section.blocks { lines += [""] + Self.lines(block, kept) }
        }
        let known = places
        let left = kept.texts.keys.filter { !known.contains($0) }.sorted()
        if !left.isEmpty {
            lines += ["", "## Written for places that are not in this plan any more"]
            for name in left { lines += [""] + KeptText.block(name, kept.texts[name] ?? "") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var places: Set<String> {
        Set(
            sections.flatMap(\.blocks).compactMap { block in
                if case .yours(let name, _) = block { name } else { nil }
            })
    }

    private static func lines(_ block: Block, _ kept: KeptText) -> [String] {
        switch block {
        case .paragraph(let text): return [text.markdownText]
        case .commands(let commands): return ["```sh"] + commands.map { String($0.printable) } + ["```"]
        case .yours(let name, let hint): return KeptText.block(name, kept.texts[name] ?? hint)
        case .table(let head, let rows):
            func row(_ cells: [String]) -> String { "| \(cells.map { $0.markdownText }.joined(separator: " | ")) |" }
            return [row(head), "|" + head.map { _ in "---|" }.joined()] + rows.map(row)
        }
    }

    /// The same as one page that needs nothing but itself.
    func html(_ kept: KeptText) -> HTML {
        let shown = sections.map { section -> HTML in
            let blocks = section.blocks.map { Self.html($0, kept) }
            return "<section><h2>\(section.title)</h2>\n\(blocks)</section>\n"
        }
        let head: HTML = """
            <header class="page">
            <div class="brand">Mainstay</div>
            <h1>\(title)</h1>
            <p class="muted small">\(Self.pageMark)</p>
            </header>

            """
        return Layout(title: title, generator: Release.name, body: "\(head)<main>\n\(shown)</main>\n").html
    }

    private static func html(_ block: Block, _ kept: KeptText) -> HTML {
        switch block {
        case .paragraph(let text): return "<p>\(text)</p>\n"
        case .commands(let commands):
            let lines = commands.map { "\($0)<br>" as HTML }
            return "<p><code class=\"long\">\(lines)</code></p>\n"
        case .yours(let name, let hint):
            return "<pre>\(lines: kept.texts[name] ?? hint)</pre>\n"
        case .table(let head, let rows):
            return CertificateMarkup.table(
                head,
                rows.map { cells in
                    let first = cells.first.map { "<th scope=\"row\" class=\"whole\">\($0)</th>" as HTML }
                    let rest = cells.dropFirst().map { "<td>\($0)</td>" as HTML }
                    return "<tr>\(first)\(rest)</tr>\n"
                })
        }
    }
}

/// What people wrote into a plan, between `<!-- yours: NAME -->` and `<!-- end of yours -->`.
struct KeptText: Hashable, Sendable {
    var texts: [String: String] = [:]

    private static let end = "<!-- end of yours -->"

    private static func beginning(_ name: String) -> String { "<!-- yours: \(name) -->" }

    static func block(_ name: String, _ text: String) -> [String] { [beginning(name), text, end] }

    init() {}

    /// - Throws: `PlanError` where a place has no end or stands twice: what is in it would be lost.
    init(reading text: String, path: String) throws(PlanError) {
        var open: (name: String, lines: [String])?
        let (first, last) = (Array("<!-- yours: ".utf8), Array(" -->".utf8))
        // By bytes: a line may end as other systems end it, and a sign may stick to the one before it.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let bytes = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
            let line = String(decoding: bytes, as: UTF8.self)
            if bytes.starts(with: first), bytes.suffix(last.count).elementsEqual(last) {
                guard open == nil else { throw .brokenMarks(path: path, line: index + 1) }
                open = (String(decoding: bytes.dropFirst(first.count).dropLast(last.count), as: UTF8.self), [])
            } else if bytes.elementsEqual(Self.end.utf8) {
                guard let done = open, texts[done.name] == nil else { throw .brokenMarks(path: path, line: index + 1) }
                texts[done.name] = done.lines.joined(separator: "\n")
                open = nil
            } else {
                open?.lines.append(line)
            }
        }
        if open != nil { throw .brokenMarks(path: path, line: lines.count) }
    }
}

/// A plan that is not written, because something would be lost.
enum PlanError: MaintenanceError, Hashable {
    case notOurs(path: String)
    case brokenMarks(path: String, line: Int)
    /// It is longer than a plan can be, or no UTF-8: what people wrote could not be kept.
    case unreadable(path: String, reason: String)

    var code: String {
        switch self {
        case .notOurs: "dr.plan-not-ours"
        case .brokenMarks: "dr.plan-marks"
        case .unreadable: "dr.plan-unreadable"
        }
    }

    var problem: String {
        switch self {
        case .notOurs(let path): "'\(path.printable)' is there, and was not written by this command"
        case .brokenMarks(let path, let line):
            "in line \(line) of '\(path.printable)' a place for people's own text begins twice or does not end"
        case .unreadable(let path, let reason): "'\(path.printable)' cannot be kept: \(reason)"
        }
    }

    var hint: String? {
        switch self {
        case .notOurs: "Nothing was changed. Name another file with '--output'."
        case .brokenMarks:
            "Nothing was changed. Each begins with '<!-- yours: NAME -->' and ends with '<!-- end of yours -->'."
        case .unreadable: "Nothing was changed. Save it as UTF-8, or name another file with '--output'."
        }
    }
}
