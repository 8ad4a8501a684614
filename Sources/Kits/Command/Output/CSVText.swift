import Maintenance

/// Comma-separated values (RFC 4180). A field that a spreadsheet would read as a formula gets an apostrophe in front.
package struct CSVText {
    /// Without a line break at its end.
    package static func line(_ fields: [String]) -> String {
        fields.map(field).joined(separator: ",")
    }

    private static func field(_ text: String) -> String {
        var text = text
        if let first = text.utf8.first, "=+-@\t\r".utf8.contains(first), Double(text) == nil { text = "'" + text }
        let isPlain = text.unicodeScalars.allSatisfy { $0 != "," && $0 != "\"" && !Character($0).isNewline }
        guard !isPlain else { return text }
        return "\"\(text.replacingBytes(of: "\"", with: "\"\""))\""
    }
}
