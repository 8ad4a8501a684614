/// A word of a schedule with its place. Text is taken apart by Unicode scalars, so that nothing can hide behind an accent.
struct ScheduleWord: Hashable, Sendable {
    var text: String
    /// In Unicode scalars from the beginning.
    var offset: Int
    /// The five fields where this is a whole cron line.
    var cron: [ScheduleWord] = []

    /// What the language compares.
    var lowered: String { text.lowercased() }
    var range: Range<Int> { offset..<(offset + text.unicodeScalars.count) }

    /// The words between white space, commas apart, and the five fields of a cron line as one.
    static func all(in text: String) -> [ScheduleWord] {
        let pieces = pieces(of: text)
        var words: [ScheduleWord] = []
        var index = 0
        while index < pieces.count {
            let isRuleStart = words.isEmpty || words.last?.lowered == "and"
            if isRuleStart, isCronStart(pieces[index...]) {
                let fields = Array(pieces[index...].prefix(words.isEmpty ? cronLength(pieces) : 5))
                words.append(ScheduleWord(text: "cron", offset: fields[0].offset, cron: fields))
                index += fields.count
            } else {
                words += pieces[index].separatingCommas
                index += 1
            }
        }
        return words
    }

    private static func pieces(of text: String) -> [ScheduleWord] {
        var pieces: [ScheduleWord] = []
        var piece = ScheduleWord(text: "", offset: 0)
        for (offset, scalar) in text.unicodeScalars.enumerated() {
            if scalar.properties.isWhitespace {
                if !piece.text.isEmpty { pieces.append(piece) }
                piece.text = ""
            } else {
                if piece.text.isEmpty { piece.offset = offset }
                piece.text.unicodeScalars.append(scalar)
            }
        }
        return piece.text.isEmpty ? pieces : pieces + [piece]
    }

    /// Begins like a cron field, and the next word too, so that neither `2 AM` nor `15 of March` is one.
    private static func isCronStart(_ pieces: ArraySlice<ScheduleWord>) -> Bool {
        guard let first = pieces.first, first.isCronNumbers, first.text != "24/7" else { return false }
        guard let second = pieces.dropFirst().first else { return true }
        return second.isCronNumbers
    }

    /// All words of a text that begins as a cron line, up to the first that is surely none: what is counted against five.
    private static func cronLength(_ pieces: [ScheduleWord]) -> Int {
        let own = pieces.prefix { piece in
            piece.isCronNumbers || !["and", "except", "on"].contains(piece.lowered) && !piece.text.contains("/")
        }
        // Behind the fifth field a zone may stand.
        let further = own.dropFirst(5).prefix(while: \.isCronNumbers)
        return min(own.count, 5) + further.count
    }

    private var isCronNumbers: Bool {
        let isDate = text.utf8.count >= 8 && text.utf8.prefix(4).allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        return !isDate && text.utf8.allSatisfy { "0123456789*?/,-#LW".utf8.contains($0) }
            && text.utf8.contains { "0123456789*?".utf8.contains($0) } || ["L", "LW"].contains(text)
    }

    /// `Monday,Thursday,` becomes four words.
    private var separatingCommas: [ScheduleWord] {
        var words: [ScheduleWord] = []
        var word = ScheduleWord(text: "", offset: offset)
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if scalar == "," {
                if !word.text.isEmpty { words.append(word) }
                words.append(ScheduleWord(text: ",", offset: offset + index))
                word = ScheduleWord(text: "", offset: offset + index + 1)
            } else {
                word.text.unicodeScalars.append(scalar)
            }
        }
        return word.text.isEmpty ? words : words + [word]
    }
}
