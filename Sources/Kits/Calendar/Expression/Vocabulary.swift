/// The words of the language, lower case.
enum Vocabulary {
    static let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    static let ordinals = ["first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1]
    static let macros: [String: String] = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// What a name may not be that people give to a calendar, and what a misspelled word is compared with.
    static var words: [String] {
        weekdays + weekdays.map { "\($0)s" } + weekdays.map { String($0.prefix(3)) } + months
            + months.map { String($0.prefix(3)) } + Array(ordinals.keys) + Array(macros.keys) + [
                "and", "or", "except", "every", "on", "at", "of", "the", "to", "for", "daily", "day", "days", "weekday",
                "weekdays", "weekend", "weekends", "business", "weekly", "monthly", "quarterly", "yearly", "annually",
                "hourly", "hour", "minute", "month", "quarter", "year", "week", "noon", "midnight", "am", "pm",
                "anytime", "never", "utc", "tues", "thur", "thurs", "weds", "sept",
            ]
    }

    /// Words that begin like one that is none.
    static func beginning(as word: String) -> [String] {
        words.filter { $0.utf8.prefix(2).elementsEqual(word.lowercased().utf8.prefix(2)) }
    }

    /// Sunday is 0. `Sunday`, `Sundays`, `Sun`.
    static func weekday(_ word: String) -> Int? {
        let short = ["tues": 2, "weds": 3, "thur": 4, "thurs": 4]
        return weekdays.firstIndex { word == $0 || word == "\($0)s" || word == $0.prefix(3) } ?? short[word]
    }

    /// From 1. `January`, `Jan`.
    static func month(_ word: String) -> Int? {
        if word == "sept" { return 9 }
        return months.firstIndex { word == $0 || word == $0.prefix(3) }.map { $0 + 1 }
    }

    /// `first`, `last`, `2nd`, `15th`.
    static func ordinal(_ word: String) -> (number: Int, isWord: Bool)? {
        if let number = ordinals[word] { return (number, true) }
        guard word.utf8.count >= 3, ["st", "nd", "rd", "th"].contains(word.suffix(2)),
            let number = Int(word.dropLast(2)), (1...31).contains(number), word.utf8.first != 0x2b
        else { return nil }
        return (number, false)
    }
}

/// Times of day and dates as people write them.
enum ClockText {
    /// Minutes after midnight of `02:00`, `2:00am`, `2pm`, `noon`, `24:00`.
    static func minute(_ word: String) -> Int? {
        switch word {
        case "noon": return 720
        case "midnight": return 0
        default: break
        }
        let half = ["am", "pm"].first { word.hasSuffix($0) }
        let digits = half == nil ? word[...] : word.dropLast(2)
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard let hour = number(parts[0], 1...2), parts.count == 2 || parts.count == 1 && half != nil else {
            return nil
        }
        guard let minute = parts.count == 2 ? number(parts[1], 2...2) : 0, minute < 60 else { return nil }
        return clock(hour, minute, half)
    }

    /// With an `AM` or `PM` behind it.
    static func minute(_ word: String, _ half: String) -> Int? {
        guard word.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x3a }) else { return nil }
        return minute(word + half)
    }

    private static func clock(_ hour: Int, _ minute: Int, _ half: String?) -> Int? {
        guard let half else {
            return hour < 24 ? hour * 60 + minute : hour == 24 && minute == 0 ? 1_440 : nil
        }
        guard (1...12).contains(hour) else { return nil }
        return (hour % 12 + (half == "pm" ? 12 : 0)) * 60 + minute
    }

    private static func number(_ text: Substring, _ lengths: ClosedRange<Int>) -> Int? {
        guard lengths.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int(text)
    }

    /// Days since 1970 of `2026-12-24`; nil for one that is no date.
    static func date(_ word: String) -> Int? {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], 4...4), let month = number(parts[1], 2...2),
            let day = number(parts[2], 2...2), (1...12).contains(month), year >= 1970
        else { return nil }
        let whole = Month(year: year, month: month)
        return (1...whole.length).contains(day) ? whole.firstDay + day - 1 : nil
    }

    /// Whether it has the form of one.
    static func looksLikeDate(_ word: String) -> Bool {
        word.utf8.count == 10 && word.utf8.filter { $0 == UInt8(ascii: "-") }.count == 2
            && word.utf8.first.map { $0 >= 0x30 && $0 <= 0x39 } == true
    }
}
