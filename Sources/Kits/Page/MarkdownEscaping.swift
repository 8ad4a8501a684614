import Maintenance

/// Text from elsewhere in Markdown, the sister of `HTML`'s escaping.
extension StringProtocol {
    /// One line in which no character means anything to Markdown or HTML (CommonMark 0.31, 2.4); never the first thing of
    /// a line, where digits and hyphens mean something too.
    package var markdownText: String {
        printable.unicodeScalars.reduce(into: "") { result, scalar in
            if "\\`*_{}[]<>#+!|~&=$^@".unicodeScalars.contains(scalar) { result.append("\\") }
            result.unicodeScalars.append(scalar)
        }
    }

    /// A code span whose fence is longer than any run of backticks in it (CommonMark 0.31, 6.1). Not for the cell of a
    /// table, which a bar in it would end.
    package var markdownCode: String {
        let text = printable
        let longest = text.utf8.split(whereSeparator: { $0 != UInt8(ascii: "`") }).map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        return longest == 0 ? "\(fence)\(text)\(fence)" : "\(fence) \(text) \(fence)"
    }
}
