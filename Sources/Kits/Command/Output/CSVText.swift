import Maintenance

/// Comma-separated values (RFC 4180). A field that a spreadsheet would read as a formula gets an apostrophe in front.
struct CSVText {
    static func line(_ fields: [String]) -> String {
        fields.map(field).joined(separator: ",")
    }

    private static func field(_ text: String) -> String {
        var text = text
        if let first = text.first, "=+-@\t\r".contains(first), Double(text) == nil { text = "'" + text }
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"\(text.replacingBytes(of: "\"", with: "\"\""))\""
    }
}
