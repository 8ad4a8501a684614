import Maintenance

/// A finding that a team has decided to live with, written into the guide where it counts:
///
/// `<!-- mainstay: allow GU010 reason="staging only" owner="ann" until=2027-01-31 -->`
///
/// It counts from its line to the next heading; one for the whole guide (GU024) wherever it stands.
package struct GuideWaiver: Sendable, Hashable {
    package var rule: GuideRule
    package var reason: String
    package var owner: String
    /// The last day on which it counts: `2027-01-31`.
    package var until: String
    package var line: Int
    /// Up to which line it counts.
    package var end: Int

    /// The waivers of a guide, and what is wrong with those that lack something.
    package static func all(in guide: Guide) -> (waivers: [GuideWaiver], findings: [GuideFinding]) {
        var waivers: [GuideWaiver] = []
        var findings: [GuideFinding] = []
        for remark in guide.remarks {
            for (offset, line) in remark.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                guard let mark = line.utf8.firstRange(of: "<!-- mainstay:".utf8) else { continue }
                let number = remark.line + offset
                let words = fields(String(line[mark.upperBound...]))
                let end = guide.headings.first { $0.line > number }.map { $0.line - 1 } ?? Int.max
                do throws(Lack) {
                    waivers.append(try GuideWaiver(words, line: number, end: end))
                } catch {
                    findings.append(
                        GuideFinding(
                            .malformedWaiver, guide.file, number, "this waiver \(error.text)",
                            fix: "<!-- mainstay: allow GU010 reason=\"…\" owner=\"…\" until=2027-01-31 -->"))
                }
            }
        }
        return (waivers, findings)
    }

    private struct Lack: Error { var text: String }

    private init(_ words: [String], line: Int, end: Int) throws(Lack) {
        var values: [String: String] = [:]
        for word in words.dropFirst(2) {
            guard let sign = word.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            values[String(word[..<sign])] = String(word[word.utf8.index(after: sign)...])
        }
        guard words.first == "allow", words.count > 1 else {
            throw Lack(text: "does not begin with 'allow' and a code")
        }
        guard let rule = GuideRule(rawValue: words[1]) else {
            let near = nearest(to: words[1], among: GuideRule.allCases.map(\.rawValue))
            throw Lack(
                text: "names '\(words[1].printable)', which is no code" + (near.map { " (did you mean \($0)?)" } ?? ""))
        }
        for name in ["reason", "owner", "until"] where values[name]?.isEmpty ?? true {
            throw Lack(text: "has no '\(name)'")
        }
        let until = values["until"] ?? ""
        // The 30th of February would be read as a day of March.
        guard Timestamp(iso8601: "\(until)T00:00:00Z")?.iso8601.prefix(10) == until[...] else {
            throw Lack(text: "counts until '\(until.printable)', which is no date")
        }
        self.rule = rule
        reason = values["reason"] ?? ""
        owner = values["owner"] ?? ""
        self.until = until
        self.line = line
        self.end = end
    }

    /// Words up to the end of the comment; quotes hold blanks together.
    private static func fields(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        var isBegun = false
        for scalar in text.unicodeScalars {
            if scalar == "\"" {
                isQuoted.toggle()
                isBegun = true
            } else if scalar == " ", !isQuoted {
                if isBegun { words.append(word) }
                (word, isBegun) = ("", false)
            } else {
                word.unicodeScalars.append(scalar)
                isBegun = true
            }
        }
        if isBegun { words.append(word) }
        return Array(words.prefix { $0 != "-->" })
    }

    package func matches(_ finding: GuideFinding) -> Bool {
        finding.rule == rule && (finding.rule == .nobodyOwns || finding.line >= line && finding.line <= end)
    }
}

extension GuideChecking {
    /// The findings that count, and those that are waived with what waives them.
    ///
    /// - Parameter today: `2026-11-22`; a waiver counts up to its day and no longer.
    package func weighed(
        _ findings: [GuideFinding], today: String
    ) -> (open: [GuideFinding], waived: [(GuideFinding, GuideWaiver)]) {
        let (waivers, mistakes) = GuideWaiver.all(in: guide)
        var open = mistakes
        var waived: [(GuideFinding, GuideWaiver)] = []
        var used: Set<GuideWaiver> = []
        for finding in findings {
            guard let waiver = waivers.first(where: { $0.matches(finding) }) else {
                open.append(finding)
                continue
            }
            used.insert(waiver)
            if waiver.until < today { open.append(finding) } else { waived.append((finding, waiver)) }
        }
        for waiver in waivers {
            if !used.contains(waiver) {
                open.append(
                    finding(
                        .uselessWaiver, waiver.line,
                        "nothing that it allows (\(waiver.rule.rawValue)) is there any more",
                        fix: "Remove it."))
            } else if waiver.until < today {
                open.append(
                    finding(
                        .expiredWaiver, waiver.line,
                        "this waiver of \(waiver.owner.printable) counted until \(waiver.until), and what it allows is still there",
                        fix: "Mend what it allows, or decide again."))
            }
        }
        return (open.sorted { ($0.line, $0.rule.rawValue) < ($1.line, $1.rule.rawValue) }, waived)
    }
}
