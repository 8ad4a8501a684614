import Alert
import Maintenance

extension AlertMessage {
    /// A line with its break, in bytes.
    static func plainCost(_ line: String) -> Int { line.utf8.count + 1 }

    /// The same inside a string of JSON, where quotation marks, backslashes and the break itself are two bytes.
    static func jsonCost(_ line: String) -> Int {
        line.utf8.reduce(2) { $0 + ($1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1) }
    }

    /// The one line, in so many bytes at most.
    func title(within limit: Int) -> String { title.cut(bytes: limit) }

    /// Below the title: every alert with its age, what mends it, and why this is told. What would be longer than the
    /// channel takes ends between two alerts, the worst first, and says how many there are more.
    ///
    /// - Parameter cost: what a line takes of the budget.
    func lines(within budget: Int, costing cost: (String) -> Int = plainCost) -> [String] {
        let reason = "Told because \(notification.reason.words).".cut(bytes: 300)
        let sections = sections
        // Headings, empty lines between, and what is said of the rest.
        let frame = sections.reduce(cost("") + cost(reason)) {
            $0 + cost($1.heading) + cost("") + cost(Self.more(.max))
        }
        var left = max(budget / share - frame, 0)
        var lines: [String] = []
        for section in sections {
            if !lines.isEmpty { lines.append("") }
            lines.append(section.heading)
            var shown = 0
            for block in section.blocks {
                let block = block.compactMap { line in
                    let fitted = line.fitted(left / 6, cost)
                    // Half of an address leads nowhere.
                    return fitted != line && AnswerAddresses.isLine(line) ? nil : fitted
                }
                let price = block.reduce(0) { $0 + cost($1) }
                guard price <= left else { break }
                left -= price
                lines += block
                shown += 1
            }
            if shown < section.blocks.count { lines.append(Self.more(section.blocks.count - shown)) }
        }
        return lines + ["", reason]
    }

    private static func more(_ count: Int) -> String { "... and \(count) more" }
}

extension String {
    /// At most so many bytes of UTF-8, no scalar torn apart; an ellipsis says that there was more.
    func cut(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var kept = ""
        var left = limit - "…".utf8.count
        for scalar in unicodeScalars {
            left -= UTF8.width(scalar)
            guard left >= 0 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }

    /// As long a beginning as costs no more than the budget; as it is where that is all of it.
    fileprivate func fitted(_ budget: Int, _ cost: (String) -> Int) -> String {
        var text = self
        while text.utf8.count > 8, cost(text) > max(budget, 32) { text = text.cut(bytes: text.utf8.count * 3 / 4) }
        return text
    }
}
