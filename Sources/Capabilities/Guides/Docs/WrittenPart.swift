import Guide
import Maintenance

/// A part of a document that is written by us, between two lines that say so; the rest of the document is nobody's
/// but its team's, and stays byte for byte.
enum WrittenPart {
    static func begin(_ name: String) -> String { "<!-- written by mainstay: \(name) -->" }
    static func end(_ name: String) -> String { "<!-- end of \(name) -->" }
    /// What stands behind it changes with every run, and what stands before it only with the configuration.
    static let standing = "<!-- as of the last update -->"

    /// Those that stand in a document, outside of its code blocks, with the lines between, without the two marks.
    ///
    /// - Throws: `DocsError` for one without an end.
    static func all(in guide: Guide) throws -> [(name: String, lines: Range<Int>)] {
        let code = guide.blocks.map { $0.line...($0.firstLine + $0.text.utf8.count { $0 == UInt8(ascii: "\n") }) }
        var found: [(String, Range<Int>)] = []
        var open: (name: String, index: Int)?
        // Both by line: a hostile document has thousands of either.
        var next = 0
        for (index, line) in guide.lines.enumerated() {
            while next < code.count, code[next].upperBound <= index { next += 1 }
            if next < code.count, code[next].contains(index + 1) { continue }
            let text = line.trimmingWhitespace()
            if let part = open {
                guard text == end(part.name) else { continue }
                found.append((part.name, (part.index + 1)..<index))
                open = nil
            } else if text.hasPrefix("<!-- written by mainstay: "), text.hasSuffix(" -->") {
                open = (String(text.dropFirst(26).dropLast(4)), index)
            }
        }
        if let open { throw DocsError.openPart(guide.file, name: open.name, line: open.index + 1) }
        return found
    }

    /// A document with the text of a part in its place; behind a line, or at the end, where it has none yet.
    ///
    /// - Parameters:
    ///   - line: after which a new one is put, from 1; nil for the end.
    static func put(_ text: [String], as name: String, into guide: Guide, behind line: Int?) throws -> [String] {
        var lines = guide.lines
        if let part = try all(in: guide).first(where: { $0.name == name }) {
            lines.replaceSubrange(part.lines, with: text)
            return lines
        }
        let whole = [begin(name)] + text + [end(name)]
        guard let line else { return lines + (lines.last?.isEmpty ?? true ? [] : [""]) + whole }
        lines.insert(contentsOf: [""] + whole, at: line)
        return lines
    }
}
