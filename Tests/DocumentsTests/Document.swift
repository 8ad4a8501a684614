import Foundation
import Testing

/// A Markdown file of the repository, with what it quotes.
struct Document: Sendable, CustomTestStringConvertible {
    /// From the root of the repository.
    let path: String
    let lines: [Line]

    var testDescription: String { path }
    var text: String { lines.map(\.text).joined(separator: "\n") }

    struct Line: Sendable {
        var number: Int
        var text: String
        /// The language of the fenced block it stands in; nil outside.
        var language: String?
    }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The documents at the root and everything under `docs`, without the reference, which is made.
    static var written: [Document] {
        get throws { try all.filter { !$0.path.hasPrefix("docs/reference/") } }
    }

    static var all: [Document] {
        get throws {
            let files = FileManager.default
            let top = try files.contentsOfDirectory(atPath: root).filter { $0.hasSuffix(".md") }
            let below = try files.subpathsOfDirectory(atPath: "\(root)/docs").filter { $0.hasSuffix(".md") }
            return try (top + below.map { "docs/\($0)" }).sorted().map { try Document(path: $0) }
        }
    }

    init(path: String) throws {
        self.init(path: path, text: try String(contentsOfFile: "\(Self.root)/\(path)", encoding: .utf8))
    }

    init(path: String, text: String) {
        self.path = path
        var language: String?
        var lines: [Line] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                language = language == nil ? String(line.dropFirst(3)) : nil
            } else {
                lines.append(Line(number: index + 1, text: String(line), language: language))
            }
        }
        self.lines = lines
    }

    /// A command line it quotes, and where.
    struct Command: Sendable, CustomTestStringConvertible {
        var place: String
        var line: String

        var testDescription: String { "\(place): \(line)" }
    }

    /// What its `sh` and `console` blocks ask the reader to type; the latter behind a `$`. A line that ends in a
    /// backslash goes on in the next.
    var commands: [Command] {
        var commands: [Command] = []
        var open: Command?
        for line in lines {
            let text: Substring
            switch (line.language, open) {
            case ("sh", _), ("console", .some): text = line.text[...]
            case ("console", nil) where line.text.hasPrefix("$ "): text = line.text.dropFirst(2)
            default: continue
            }
            let piece = text.hasSuffix("\\") ? text.dropLast() : text
            var command = open ?? Command(place: "\(path):\(line.number)", line: "")
            command.line += piece
            open = text.hasSuffix("\\") ? command : nil
            let typed = command.line.split(separator: " ")
            if open == nil, let first = typed.first, !first.hasPrefix("#") { commands.append(command) }
        }
        return commands
    }

    /// What stands between single backquotes outside the blocks, line breaks in it made spaces.
    var spans: [String] {
        let prose = lines.filter { $0.language == nil }.map(\.text).joined(separator: "\n")
        return prose.matches(of: /`([^`]+)`/).map { match in
            match.output.1.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

    /// Where its links lead, those to other sites left out.
    var links: [String] {
        lines.filter { $0.language == nil }.flatMap { line in
            line.text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
        }
        .filter { !$0.contains("://") }
    }

    /// What a link may name behind `#`: headings as GitHub makes anchors of them.
    var anchors: Set<String> {
        Set(
            lines.filter { $0.language == nil && $0.text.hasPrefix("#") }.map { line in
                line.text.drop { $0 == "#" }.dropFirst().lowercased().compactMap { character -> String? in
                    if character.isLetter || character.isNumber || "-_".contains(character) { return String(character) }
                    return character == " " ? "-" : nil
                }
                .joined()
            })
    }
}
