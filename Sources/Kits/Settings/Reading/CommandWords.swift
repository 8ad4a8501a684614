import Maintenance

/// A routine's step as words, split as a shell does: at white space, with quotes and backslashes, and nothing else (no
/// variables, no patterns, no pipes).
package enum CommandWords {
    /// Nil where a quote is not closed, or a backslash ends the text.
    package static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word = ""
        var isInWord = false
        var quote: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch (scalar, quote) {
            case ("\\", let open) where open != "'":
                guard let next = scalars.next() else { return nil }
                word.unicodeScalars.append(next)
                isInWord = true
            case (let mark, nil) where mark == "'" || mark == "\"":
                quote = mark
                isInWord = true
            case (let mark, let open) where mark == open:
                quote = nil
            case (let space, nil) where space.properties.isWhitespace:
                if isInWord { words.append(word) }
                word = ""
                isInWord = false
            default:
                word.unicodeScalars.append(scalar)
                isInWord = true
            }
        }
        guard quote == nil else { return nil }
        if isInWord { words.append(word) }
        return words
    }

    /// What `split` takes apart into the same words.
    static func join(_ words: [String]) -> String { words.map(\.shellQuoted).joined(separator: " ") }
}
