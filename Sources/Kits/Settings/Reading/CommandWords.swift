import Maintenance

/// A routine's step as words, split as a shell does: at white space, with quotes and backslashes, and nothing else (no
/// variables, no patterns, no pipes).
enum CommandWords {
    /// Nil where a quote is not closed, or a backslash ends the text.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word = ""
        var isInWord = false
        var quote: Character?
        var characters = text.makeIterator()
        while let character = characters.next() {
            switch (character, quote) {
            case ("\\", let open) where open != "'":
                guard let next = characters.next() else { return nil }
                word.append(next)
                isInWord = true
            case (let mark, nil) where mark == "'" || mark == "\"":
                quote = mark
                isInWord = true
            case (let mark, let open) where mark == open:
                quote = nil
            case (let space, nil) where space.isWhitespace:
                if isInWord { words.append(word) }
                word = ""
                isInWord = false
            default:
                word.append(character)
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
