import Maintenance

/// A Markdown page as it grows. Prose is broken at the columns of the sources, so that a difference shows the line that
/// changed.
struct MarkdownPage {
    static let width = 120
    /// Without which `mainstay reference` removes and replaces nothing.
    static let mark = "<!-- Made by 'mainstay reference' from the declarations: change those, not this file. -->"

    private(set) var text: String

    init(_ title: String) {
        text = "\(Self.mark)\n\n# \(title)\n"
    }

    mutating func heading(_ title: String, level: Int = 2) {
        text += "\n\(String(repeating: "#", count: level)) \(title)\n"
    }

    /// Plain text, with what stands in single quotes shown as code; line breaks separate paragraphs.
    mutating func prose(_ plain: String) {
        for paragraph in plain.split(separator: "\n") { markdown(Self.marked(String(paragraph))) }
    }

    /// One paragraph that is Markdown already.
    mutating func markdown(_ paragraph: String) {
        text += "\n" + paragraph.wrapped(to: Self.width).joined(separator: "\n") + "\n"
    }

    /// A list; the items are Markdown already.
    mutating func list(_ items: [String]) {
        guard !items.isEmpty else { return }
        text += "\n"
        for item in items {
            let lines = item.wrapped(to: Self.width, indent: "  ")
            text += lines.enumerated().map { $0 == 0 ? "- \($1.dropFirst(2))\n" : "\($1)\n" }.joined()
        }
    }

    mutating func code(_ language: String, _ lines: [String]) {
        text += "\n```\(language)\n\(lines.joined(separator: "\n"))\n```\n"
    }

    /// The cells are Markdown already.
    mutating func table(_ header: [String], _ rows: [[String]]) {
        func line(_ cells: [String]) -> String {
            "| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |\n"
        }
        text += "\n" + line(header) + line(header.map { _ in "---" }) + rows.map(line).joined()
    }

    /// Plain text as Markdown: what has a meaning there is escaped, and `'…'` becomes a code span.
    static func marked(_ plain: String) -> String {
        var result = ""
        var rest = Substring(plain)
        var previous: Character = " "
        while let character = rest.first {
            rest.removeFirst()
            if character == "'", !previous.isLetter, !previous.isNumber, let end = closingQuote(in: rest) {
                result += "`\(rest[..<end])`"
                rest = rest[rest.index(after: end)...]
                previous = "`"
                continue
            }
            // An underscore inside a word means nothing (CommonMark 0.31, 6.2).
            let isInWord = previous.isLetter && rest.first?.isLetter == true
            if "\\`*<[".contains(character) || (character == "_" && !isInWord) { result.append("\\") }
            result.append(character)
            previous = character
        }
        return result
    }

    private static func closingQuote(in text: Substring) -> Substring.Index? {
        guard let end = text.firstIndex(of: "'"), end > text.startIndex, !text[..<end].contains("`") else { return nil }
        let next = text.index(after: end)
        guard next < text.endIndex else { return end }
        return text[next].isLetter || text[next].isNumber ? nil : end
    }
}
