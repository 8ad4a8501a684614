import Maintenance

/// Somebody a guide names, and how it says that they are reached.
package struct GuideContact: Sendable, Hashable {
    /// `Database Administrator`
    package var role: String
    /// Mail addresses and telephone numbers such as `+4930123456`; empty where the guide gives none.
    package var addresses: [String]
    package var line: Int
    /// As written.
    package var text: String

    package init(role: String, addresses: [String], line: Int, text: String) {
        self.role = role
        self.addresses = addresses
        self.line = line
        self.text = text
    }

    /// Whether this is the one who is on call.
    package var isOnCall: Bool {
        let words = role.lowercased().split { !$0.isLetter }
        return words.contains("oncall") || zip(words, words.dropFirst()).contains { $0 == "on" && $1 == "call" }
    }

    /// Roles are the same whatever stands between their letters.
    package static func key(_ role: String) -> String {
        String(
            role.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    }
}

/// One level of a guide's escalation: who, and how long they have before the next one is told.
package struct GuideEscalationLevel: Sendable, Hashable {
    package var contact: GuideContact
    /// Zero for `Immediate`; nil where the guide does not say it.
    package var response: Duration?
}

/// How soon a guide wants somebody to look at alerts of a severity: `Warning Alerts (Response within 1 hour)`.
package struct GuideResponse: Sendable, Hashable {
    package var severity: Severity
    package var time: Time
    package var line: Int
    package var text: String

    package enum Time: Sendable, Hashable {
        case immediate
        case within(Duration)
        /// Once a day, all together.
        case daily
    }
}

extension Guide {
    /// Who stands below a heading about contacts, in lists and tables; by line.
    package var contacts: [GuideContact] {
        let isAbout = { (line: Int) in self.title(above: line).containsBytes("contact") }
        let named = items.filter { $0.isTicked == nil && !$0.isCaption && isAbout($0.line) }.compactMap { item in
            item.text.utf8.contains(UInt8(ascii: ":")) ? GuideContact(item.text, line: item.line) : nil
        }
        let listed = tables.filter { isAbout($0.line) }.flatMap { table -> [GuideContact] in
            guard Self.column(of: ["role", "name", "contact", "team", "who", "person"], in: table.header) == 0 else {
                return []
            }
            return table.rows.map(GuideContact.init)
        }
        return (named + listed).sorted { $0.line < $1.line }
    }

    /// The levels below headings about escalation, in the guide's order.
    package var escalationLevels: [GuideEscalationLevel] {
        let isAbout = { (line: Int) in self.title(above: line).containsBytes("escalat") }
        let named = items.filter { $0.isTicked == nil && !$0.isCaption && isAbout($0.line) }
            .compactMap(GuideEscalationLevel.init)
        let listed = tables.filter { isAbout($0.line) }.flatMap { table -> [GuideEscalationLevel] in
            guard let who = Self.column(of: ["contact", "role", "who", "name", "team", "person"], in: table.header)
            else { return [] }
            let time = Self.column(of: ["response", "time", "within", "after"], in: table.header)
            return table.rows.filter { $0.cells.indices.contains(who) }.map { row in
                var contact = GuideContact(row)
                contact.role = GuideContact.role(row.cells[who])
                let response = time.flatMap { row.cells.indices.contains($0) ? row.cells[$0] : nil }
                return GuideEscalationLevel(contact: contact, response: response.flatMap(GuideResponse.wait))
            }
        }
        return (named + listed).sorted { $0.contact.line < $1.contact.line }
    }

    /// How soon somebody looks, by severity: in headings, lists, and tables with a column for it; by line.
    package var responses: [GuideResponse] {
        let texts =
            headings.map { ($0.title, $0.line) } + items.filter { $0.isTicked == nil }.map { ($0.text, $0.line) }
        let said = texts.compactMap { text, line -> GuideResponse? in
            let about = title(above: line)
            let isAbout = ["alert", "response", "severit", "incident"].contains { about.containsBytes($0) }
            guard isAbout, let (severity, rest) = Self.severity(text),
                ["respon", "review", "immediate"].contains(where: { rest.lowercased().containsBytes($0) }),
                let time = GuideResponse.time(rest)
            else { return nil }
            return GuideResponse(severity: severity, time: time, line: line, text: text)
        }
        let listed = tables.flatMap { table -> [GuideResponse] in
            guard Self.column(of: ["severity", "level", "priority", "alert"], in: table.header) == 0,
                let place = Self.column(of: ["response"], in: table.header)
            else { return [] }
            return table.rows.compactMap { row in
                guard let first = row.cells.first, let (severity, _) = Self.severity(first),
                    row.cells.indices.contains(place), let time = GuideResponse.time(row.cells[place])
                else { return nil }
                return GuideResponse(
                    severity: severity, time: time, line: row.line, text: row.cells.joined(separator: " · "))
            }
        }
        return (said + listed).sorted { $0.line < $1.line }
    }

    /// The nearest heading, in lower case.
    private func title(above line: Int) -> String { path(of: line).last?.title.lowercased() ?? "" }

    /// The severity that a text begins with, and what stands behind it.
    private static func severity(_ text: String) -> (Severity, rest: String)? {
        let word = text.prefix { $0.isLetter }
        guard let severity = Severity(rawValue: word.lowercased()) else { return nil }
        return (severity, String(text.dropFirst(word.count)))
    }

    /// The first column whose title has one of these words.
    private static func column(of words: [String], in header: [String]) -> Int? {
        header.firstIndex { cell in
            let lower = cell.lowercased()
            return words.contains { lower.containsBytes($0) }
        }
    }
}

extension GuideContact {
    /// `Role: address`.
    init(_ text: String, line: Int) {
        let role = text.utf8.firstIndex(of: UInt8(ascii: ":")).map { String(text[..<$0]) } ?? text
        self.init(role: Self.role(role), addresses: Self.addresses(in: text), line: line, text: text)
    }

    init(_ row: Guide.Table.Row) {
        let text = row.cells.joined(separator: " · ")
        self.init(
            role: Self.role(row.cells.first ?? ""), addresses: Self.addresses(in: text), line: row.line, text: text)
    }

    /// Up to what stands in parentheses, or an address.
    static func role(_ text: String) -> String {
        let words = text.prefix { $0 != "(" && $0 != "[" && $0 != "<" }.split(separator: " ").prefix {
            addresses(in: String($0)).isEmpty
        }
        return String(words.joined(separator: " ").reversed().drop { !$0.isLetter && !$0.isNumber }.reversed())
    }

    /// Mail addresses and telephone numbers with their country's code, each once, in their order.
    package static func addresses(in text: String) -> [String] {
        var found: [String] = []
        var seen: Set<String> = []
        for word in text.split(whereSeparator: { " \t[](){}<>,;|·\"'`".contains($0) }) {
            let plain = word.lowercased().hasPrefix("mailto:") ? word.dropFirst(7) : word
            let address = String(plain.reversed().drop { ".:!?".contains($0) }.reversed())
            if isMail(address), seen.insert(address).inserted { found.append(address) }
        }
        let bytes = Array(text.utf8)
        for plus in bytes.indices where bytes[plus] == UInt8(ascii: "+") {
            guard let digits = telephone(bytes, behind: plus) else { continue }
            let address = "+" + String(decoding: digits, as: UTF8.self)
            if seen.insert(address).inserted { found.append(address) }
        }
        return found
    }

    /// The digits of a number with its country's code, in groups that one sign parts; nil where it is none. What stands
    /// behind it is somebody's hours and minutes, and a digit more is another person: `+4930123456 (30 minutes)`,
    /// `+49 30 123456 - 24/7`, `UTC+10 2026-11-22`.
    private static func telephone(_ bytes: [UInt8], behind plus: Int) -> [UInt8]? {
        if plus > 0, isWord(bytes[plus - 1]) { return nil }
        var digits: [UInt8] = []
        var place = plus + 1
        while digits.count <= 15 {
            // ` (`, `)`, or one sign, before each group but the first.
            var start = place
            if !digits.isEmpty {
                let signs = bytes[start...].prefix { " -./()".utf8.contains($0) }
                let known = [" ", "-", ".", "/", "(", ")", " (", ") ", ")-", ")/"]
                guard known.contains(String(decoding: signs, as: UTF8.self)) else { break }
                start = signs.endIndex
            }
            let group = bytes[start...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            let rest = bytes[group.endIndex...]
            let isOpen = start > place && bytes[place..<start].contains(UInt8(ascii: "("))
            guard let first = group.first, !digits.isEmpty || first > 0x30 else { break }
            if isOpen, rest.first != UInt8(ascii: ")") { break }
            if digits.count >= 7, isSpan(group, rest) { break }
            digits += group
            place = group.endIndex
        }
        return (8...15).contains(digits.count) ? digits : nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a || byte >= 0x80
    }

    /// Whether digits behind a number are a time: `24/7`, `9:00`, `15 minutes`, `30m`.
    private static func isSpan(_ group: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) -> Bool {
        guard group.count <= 3, let next = rest.first else { return false }
        if [UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "h")].contains(next) { return true }
        let word = rest.drop { $0 == UInt8(ascii: " ") }.prefix { isWord($0) }
        let spans = ["s", "sec", "second", "m", "min", "minute", "hr", "h", "hour", "d", "day", "am", "pm", "x"]
        let name = String(decoding: word, as: UTF8.self).lowercased()
        return spans.contains { name == $0 || name == "\($0)s" }
    }

    private static func isMail(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, let name = parts.first, let domain = parts.last, !name.isEmpty else { return false }
        let isPlain: (UInt8) -> Bool = {
            $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a || "._%+-".utf8.contains($0)
        }
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let last = labels.last, last.count > 1, last.allSatisfy({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a }) else {
            return false
        }
        return labels.count > 1 && labels.allSatisfy { !$0.isEmpty } && name.allSatisfy(isPlain)
            && domain.allSatisfy(isPlain)
    }
}

extension GuideEscalationLevel {
    /// `Level 1: Development Team (Response: 1 hour)`; nil for an item that names nobody.
    fileprivate init?(_ item: Guide.ListItem) {
        var text = item.text[...]
        let words = text.prefix { $0 != ":" }.split { !$0.isLetter && !$0.isNumber }
        let isLevel =
            words.count == 2 && ["level", "tier", "step"].contains(words[0].lowercased()) && Int(words[1]) != nil
            || words.count == 1 && ["L", "l"].contains(words[0].prefix(1)) && Int(words[0].dropFirst()) != nil
        let addresses = GuideContact.addresses(in: item.text)
        let response = GuideResponse.wait(item.text)
        guard isLevel || !addresses.isEmpty && response != nil else { return nil }
        if isLevel { text = text.drop { $0 != ":" }.dropFirst() }
        let name = text.drop { $0 == " " }.prefix { $0 != ":" }
        contact = GuideContact(
            role: GuideContact.role(String(name)), addresses: addresses, line: item.line, text: item.text)
        self.response = response
    }
}

extension GuideResponse {
    fileprivate static func time(_ text: String) -> Time? {
        let lower = text.lowercased()
        if lower.containsBytes("immediate") { return .immediate }
        if let wait = wait(text) { return .within(wait) }
        return lower.containsBytes("daily") ? .daily : nil
    }

    /// The first span in a text: `Response: 1 hour`, `within 30m`; zero for `Immediate`.
    fileprivate static func wait(_ text: String) -> Duration? {
        let words = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        for (index, word) in words.enumerated() where word.first?.isNumber ?? false {
            if let span = Duration(word), span > .zero { return span }
            guard words.indices.contains(index + 1) else { break }
            if let span = Duration("\(word) \(words[index + 1])"), span > .zero { return span }
        }
        return text.lowercased().containsBytes("immediate") ? .zero : nil
    }
}
