import Maintenance

/// One `key: value` of a block of YAML, JSON or JavaScript, or one item of a list in it, with the keys above it.
///
/// The guides' JavaScript is no JSON and no YAML, and half of it is code; what all three have is a line for each key and
/// indentation, and that is what is read. A line that holds several keys is left out.
package struct GuideSetting: Sendable, Hashable {
    package var path: [String]
    /// Without quotes.
    package var value: String
    package var line: Int
    package var isItem: Bool

    package static let languages: Set = [
        "yaml", "yml", "json", "jsonc", "json5", "javascript", "js", "typescript", "ts",
    ]

    package static func all(in block: Guide.Block) -> [GuideSetting] {
        guard languages.contains(block.language) else { return [] }
        var found: [GuideSetting] = []
        var open: [(indent: Int, key: String)] = []
        for (index, raw) in block.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let indent = raw.utf8.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
            let text = withoutComment(raw.trimmingWhitespace())
            guard !text.isEmpty else { continue }
            if text.allSatisfy({ "{}[](),;".contains($0) }) { continue }
            open.removeAll { $0.indent >= indent }
            let line = block.firstLine + index
            if text.hasPrefix("- ") {
                let value = unquoted(String(text.dropFirst(2)))
                found.append(GuideSetting(path: open.map(\.key), value: value, line: line, isItem: true))
                continue
            }
            if let assigned = assignment(text) {
                open.append((indent, assigned))
                continue
            }
            guard let (key, value) = pair(text) else { continue }
            if value.isEmpty || value == "{" || value == "[" || value.contains("=>") {
                open.append((indent, key))
            } else {
                found.append(
                    GuideSetting(path: open.map(\.key) + [key], value: unquoted(value), line: line, isItem: false))
            }
        }
        return found
    }

    private static func withoutComment(_ text: String) -> String {
        if text.hasPrefix("//") || text.hasPrefix("#") || text.hasPrefix("/*") || text.hasPrefix("*") { return "" }
        for sign in [" //", " #"] {
            if let range = text.utf8.firstRange(of: sign.utf8) {
                return String(text[..<range.lowerBound]).trimmingWhitespace()
            }
        }
        return text
    }

    /// `const logRotation = {`
    private static func assignment(_ text: String) -> String? {
        guard text.hasSuffix("{"), let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let words = text[..<sign].split(separator: " ")
        guard words.count == 2, ["const", "let", "var"].contains(words[0]) else { return nil }
        return String(words[1])
    }

    private static func pair(_ text: String) -> (key: String, value: String)? {
        guard let sign = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let key = unquoted(String(text[..<sign]).trimmingWhitespace())
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "(") }) else {
            return nil
        }
        return (key, String(text[text.utf8.index(after: sign)...]).trimmingWhitespace())
    }

    private static func unquoted(_ text: String) -> String {
        var text = text
        while text.hasSuffix(",") || text.hasSuffix(";") { text = String(text.dropLast()) }
        for quote in ["\"", "'", "`"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(text.dropFirst().dropLast())
        }
        return text
    }
}
