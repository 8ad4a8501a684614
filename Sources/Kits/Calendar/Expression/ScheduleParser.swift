import Maintenance
import Outside

/// Reads a schedule; what is wrong is named with its place.
struct ScheduleParser {
    let text: String
    let zones: ZoneDirectory
    private let words: [ScheduleWord]
    private var index = 0
    private var zone: String?
    /// Whether the part that was read last has days and no time.
    var isBare = false

    init(_ text: String, zones: ZoneDirectory) {
        self.text = text
        self.zones = zones
        words = ScheduleWord.all(in: text)
    }

    /// Throws a `ScheduleProblem`.
    mutating func expression() throws(ScheduleProblem) -> ScheduleExpression {
        guard text.utf8.count <= 2_000 else {
            throw ScheduleProblem(
                text: "the schedule has over 2,000 bytes", expression: String(text.prefix(60)), range: 60..<60)
        }
        guard !words.isEmpty else {
            throw problem("the schedule is empty", expected: "such as 'daily 02:00', '0 2 * * *' or 'never'")
        }
        var rules: [ScheduleExpression.Rule] = []
        var parts: [(first: ScheduleWord?, isBare: Bool)] = []
        repeat {
            let first = present
            isBare = false
            rules += try rule()
            parts.append((first, isBare))
            try takeZone()
        } while take("and")
        if rules.count > 1, rules.contains(.never) { throw problem("'never' stands beside something else") }
        if parts.count > 1, let bare = parts.first(where: \.isBare), parts.contains(where: { !$0.isBare }) {
            throw problem("no time stands behind this, and other parts have one", at: bare.first)
        }
        var exceptions: [ScheduleExpression.Exception] = []
        if take("except") {
            repeat {
                exceptions += try exception()
                try takeZone()
            } while take("and", "or", ",")
        }
        guard index == words.count else {
            throw unexpected("'and', 'except', a time zone, or the end", wantsMore: true)
        }
        return ScheduleExpression(text: text, rules: rules, exceptions: exceptions, zone: zone)
    }

    /// What stands in a calendar's list of days: one or more exceptions without calendars.
    mutating func days() throws(ScheduleProblem) -> [ScheduleExpression.Exception] {
        guard !words.isEmpty else { throw problem("no day is named") }
        var found: [ScheduleExpression.Exception] = []
        repeat { found += try exception() } while take("and", "or", ",")
        // A misspelled month is read as a calendar's name, and what follows it is right.
        for case .calendar(let reference) in found {
            index = words.firstIndex { $0.offset == reference.offset } ?? 0
            throw unexpected("a day or a window")
        }
        guard index == words.count else { throw unexpected("'and' or the end", wantsMore: true) }
        return found
    }

    // MARK: Words

    /// The present word in lower case; empty at the end.
    var word: String { index < words.count ? words[index].lowered : "" }
    var present: ScheduleWord? { index < words.count ? words[index] : nil }

    func word(after count: Int) -> String { spelled(after: count).lowercased() }
    func spelled(after count: Int) -> String { words.indices.contains(index + count) ? words[index + count].text : "" }

    mutating func advance(_ count: Int = 1) { index += count }

    /// Goes on behind the present word if it is one of these.
    mutating func take(_ candidates: String...) -> Bool {
        guard candidates.contains(word) else { return false }
        index += 1
        return true
    }

    mutating func skip(_ fillers: String...) {
        while fillers.contains(word) { index += 1 }
    }

    /// Goes on behind 'and' or a comma if what follows them is wanted.
    mutating func takeJoint(if isWanted: (ScheduleParser) -> Bool) -> Bool {
        guard word == "and" || word == "," else { return false }
        var further = self
        further.index += 1
        if word == ",", further.word == "and" { further.index += 1 }
        guard isWanted(further) else { return false }
        self = further
        return true
    }

    /// Whether something can be read from here; nothing is gone past.
    func canRead(_ read: (inout ScheduleParser) throws(ScheduleProblem) -> Bool) -> Bool {
        var copy = self
        do throws(ScheduleProblem) {
            return try read(&copy)
        } catch {
            // Begun and wrong: reading it for good says what is wrong.
            return true
        }
    }

    // MARK: Zones

    private mutating func takeZone() throws(ScheduleProblem) {
        guard let written = present, written.cron.isEmpty else { return }
        let isKeyword = Vocabulary.words.contains(word) && word != "utc"
        guard !isKeyword, written.text.contains("/") || word == "utc" || zones.has(written.text) else { return }
        let name = word == "utc" ? "UTC" : written.text
        guard zones.has(name) else {
            throw problem(
                "there is no time zone '\(name.printable)'", at: written, nearest: zones.nearestName(to: name))
        }
        if let zone, zone != name {
            throw problem(
                "a schedule has one zone, and this one has '\(zone)' already", at: written,
                expected: "two schedules for two zones")
        }
        zone = name
        index += 1
    }

    // MARK: Problems

    func problem(
        _ text: String, at word: ScheduleWord? = nil, expected: String? = nil, nearest: String? = nil
    ) -> ScheduleProblem {
        let end = self.text.unicodeScalars.count
        return ScheduleProblem(
            text: text, expression: self.text, range: (word ?? present)?.range ?? end..<end, expected: expected,
            nearest: nearest)
    }

    /// About the present word, or the end.
    /// - Parameter wantsMore: Whether a zone or an end would do too.
    func unexpected(_ expected: String, wantsMore: Bool = false) -> ScheduleProblem {
        guard let written = present else { return problem("the schedule ends too early", expected: expected) }
        if word == "with" {
            return problem(
                "'with …' says who agrees or gets to know, which is no part of when", expected: expected)
        }
        if word == "@reboot" { return problem("'@reboot' is no time: nothing is started with the machine") }
        if word == "@every" {
            return problem("'@every' is written without '@'", nearest: "every \(self.word(after: 1))")
        }
        if let macro = nearest(to: word, among: Vocabulary.macros.keys), word.hasPrefix("@") {
            return problem("there is no '\(written.text.printable)'", expected: expected, nearest: macro)
        }
        if ClockText.looksLikeDate(word), ClockText.date(word) == nil {
            return problem("'\(written.text.printable)' is no date", expected: "a date from 1970-01-01 to 9999-12-31")
        }
        let isKnown = Vocabulary.words.contains(word)
        let candidates = isKnown ? [] : Vocabulary.words.filter { $0.utf8.count > 2 }
        let near = nearest(to: word, among: candidates).map { near in
            // As people write it.
            let isName = Vocabulary.weekday(near) != nil || Vocabulary.month(near) != nil
            return isName ? near.prefix(1).uppercased() + near.dropFirst() : near
        }
        let shown =
            written.cron.isEmpty ? written.text.printable : written.cron.map(\.text.printable).joined(separator: " ")
        return problem(
            "'\(shown)' does not belong here", expected: expected,
            nearest: near ?? (wantsMore && !isKnown ? zones.nearestName(to: written.text) : nil))
    }
}

extension ScheduleExpression {
    /// Reads it without knowing what calendars there are. Throws `CalendarError.expression`.
    package init(_ text: String, zones: ZoneDirectory) throws(CalendarError) {
        do throws(ScheduleProblem) {
            var parser = ScheduleParser(text, zones: zones)
            self = try parser.expression()
        } catch {
            throw .expression(error)
        }
    }
}
