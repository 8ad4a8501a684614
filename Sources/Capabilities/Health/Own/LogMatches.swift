import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let logMatches = Check(
        CheckSchema(
            name: "log.matches", summary: "how many lines of a log match the pattern that they should not",
            thresholds: .init(.count, warning: 1, critical: nil)),
        code: "HC079",
        title: "Lines of a log",
        kind: .logPattern,
        explanation: """
            Reads what a program has written to its log since the last time, each line once, also when the log is rotated \
            or cut to nothing meanwhile, and counts the lines that the resource's 'pattern' matches and 'ignore' does not. \
            The value is how many there were 'within' so long, and a warning from the first on; conditions about 'matches' \
            take the place of that. The first time only the end of the log is noted. Nothing of a line is shown, since \
            nobody knows what stands there. Of a log that grows by more than 16 MB between two looks only the end is read.
            """,
        mend: "mainstay explain log.matches"
    ) { context in
        guard case .logPattern(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is read and is \(context.resource.kind)")
        }
        var memory = LogMemory(try await context.look.log.memory(of: "log.matches", at: context.target))
        let now = context.look.clock.now()
        let mark = memory.mark
        let (news, matches) = try await Blocking(label: "mainstay.log").run { _ in
            var count = 0
            let news = try GrowingLog(path: access.path).read(after: mark, most: LogMemory.most) { line in
                if access.isMeant(line) { count += 1 }
            }
            return (news, count)
        }
        memory.note(news.mark, matches, at: now, within: access.within)
        try await context.look.log.remember(memory.facts, of: "log.matches", at: context.target)
        let count = Double(memory.count)
        // Where conditions speak of it, they alone say what too many are.
        let isJudged = access.expected.mentions("matches")
        var reading = Reading(value: isJudged ? nil : count)
        let lines = "line".counted(memory.count)
        reading.summary =
            news.isFirst
            ? "noted where the log ends; from now on its lines count"
            : "\(lines) within \(access.within.short)"
        if news.skipped.bytes > 0 {
            reading.summary? += "; \(news.skipped) were too much to read"
            reading.evidence["not read"] = .text("\(news.skipped)")
        }
        if news.isEndLost {
            reading.summary? += "; it was rotated, and the end of the old file was not found"
            reading.evidence["rotated"] = "the end of the old file was not found"
        }
        reading.evidence["pattern"] = .text(access.pattern.text)
        reading.judge(
            access.expected,
            by: ConditionFacts([
                "matches": .number(count), "size": .number(Double(news.status.size.bytes)),
                "age": .number(max(0, (now - news.status.modified).inSeconds)),
            ]))
        return reading
    }
}

/// What is known of a log between two looks: up to where it was read, and when how many lines matched.
struct LogMemory: Hashable {
    /// What is read at most at one look.
    static let most = ByteCount(16_777_216)
    /// More looks than this within the time are put together, so that the memory stays small.
    private static let mostLooks = 300

    private(set) var mark: GrowingLog.Mark?
    /// Oldest first.
    private var looks: [Look] = []

    private struct Look: Hashable {
        var at: Timestamp
        var matches: Int
    }

    var count: Int { looks.reduce(0) { $0 + $1.matches } }

    init(_ facts: Facts) {
        if case .integer(let device)? = facts["device"], case .integer(let inode)? = facts["inode"],
            case .integer(let offset)? = facts["offset"]
        {
            mark = GrowingLog.Mark(
                file: FileIdentity(device: UInt64(bitPattern: device), inode: UInt64(bitPattern: inode)), offset: offset
            )
        }
        guard case .text(let text)? = facts["looks"] else { return }
        looks = text.split(separator: " ").compactMap { part in
            let numbers = part.split(separator: ":").compactMap { Int64($0) }
            guard let first = numbers.first, let last = numbers.last, numbers.count == 2 else { return nil }
            return Look(at: Timestamp(microseconds: first), matches: Int(last))
        }
    }

    var facts: Facts {
        guard let mark else { return [:] }
        return [
            "device": .integer(Int64(bitPattern: mark.file.device)),
            "inode": .integer(Int64(bitPattern: mark.file.inode)), "offset": .integer(mark.offset),
            "looks": .text(looks.map { "\($0.at.microseconds):\($0.matches)" }.joined(separator: " ")),
        ]
    }

    mutating func note(_ mark: GrowingLog.Mark, _ matches: Int, at now: Timestamp, within: Duration) {
        self.mark = mark
        looks.removeAll { now - $0.at >= within || $0.at > now }
        if matches > 0 { looks.append(Look(at: now, matches: matches)) }
        while looks.count > Self.mostLooks, let first = looks.first {
            looks.removeFirst()
            looks[0].matches += first.matches
        }
    }
}
