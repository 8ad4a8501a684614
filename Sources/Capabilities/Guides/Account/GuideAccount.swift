import Calendar
import Command
import Engine
import Guide
import Maintenance
import Settings

/// Everything a guide says, line by line: what it became here, and what is missing.
struct GuideAccount {
    struct Row: Hashable {
        var line: Int
        var kind: Kind
        /// As the guide has it.
        var text: String
        var became: String
        /// Empty where nothing is.
        var missing: String
    }

    enum Kind: String, CaseIterable {
        case command, schedule, threshold, checklist, policy
    }

    var file: String
    var rows: [Row]

    init(_ guide: Guide, _ application: Application, resolver: inout Resolver) {
        file = guide.file
        rows = []
        for entry in guide.procedures.flatMap(\.entries) {
            if entry.isCommand {
                rows.append(Self.command(entry, resolver.resolve(entry)))
            } else if case .list(let text) = entry.kind, text.hasPrefix("-") {
                rows.append(Self.policy(String(text.dropFirst(2)), entry.line))
            }
        }
        let schedules = guide.schedules(zones: application.zones)
        rows += schedules.map(Self.schedule)
        let thresholds = guide.thresholds
        rows += thresholds.map { Self.threshold($0, application.checks) }
        let titles = guide.blockTitles
        let shipped = Self.shippedItems(application.checklists, of: guide)
        let told = Set(rows.filter { $0.kind != .command }.map(\.line))
        for item in guide.items where !item.text.isEmpty {
            if item.isTicked != nil {
                rows.append(Self.checklist(item, shipped[item.line]))
            } else if !item.isCaption, !told.contains(item.line), titles[item.text].map({ $0 <= item.line }) ?? true {
                rows.append(Self.policy(item.text, item.line))
            }
        }
        for row in guide.tables.flatMap(\.rows) where !told.contains(row.line) {
            rows.append(Self.policy(row.cells.joined(separator: " · "), row.line))
        }
        for setting in guide.blocks.flatMap(GuideSetting.all) where !told.contains(setting.line) {
            let path = setting.path.joined(separator: ".")
            rows.append(
                Self.policy(setting.isItem ? "\(path): \(setting.value)" : "\(path): \(setting.value)", setting.line))
        }
        rows.sort { ($0.line, $0.kind.rawValue, $0.text) < ($1.line, $1.kind.rawValue, $1.text) }
    }

    private static func command(_ entry: Procedure.Entry, _ resolution: Resolution) -> Row {
        var (became, missing) = ("", "")
        switch resolution.outcome {
        case .task: became = "`\(resolution.command ?? "")`"
        case .step(let effect?): became = "a step of a routine that \(effect.rawValue)"
        case .step(nil):
            became = "a step of a routine"
            missing = "what it may do has to be declared"
        case .manual: became = "something for people: \(resolution.reason)"
        case .notBuilt(let area):
            became = "not built yet"
            missing = area + (resolution.nearest.map { "; nearest is `\($0)`" } ?? "")
        case .undecided:
            became = "needs a decision"
            missing = resolution.reason + (resolution.nearest.map { "; nearest is `\($0)`" } ?? "")
        }
        if !resolution.missing.isEmpty { missing = resolution.missing }
        return Row(line: entry.line, kind: .command, text: entry.text, became: became, missing: missing)
    }

    private static func schedule(_ schedule: GuideSchedule) -> Row {
        Row(
            line: schedule.line, kind: .schedule, text: schedule.text,
            became: schedule.isWindow
                ? "a window of an environment: `\(schedule.expression)`"
                : "the schedule of a routine: `\(schedule.expression)`",
            missing: "")
    }

    private static func threshold(_ threshold: Threshold, _ checks: [Check]) -> Row {
        let name = ThresholdChecks.names[threshold.metric].flatMap { name in
            checks.contains { $0.name == name } ? name : nil
        }
        let check = checks.first { $0.name == name }
        let isWritten =
            threshold.level != .target
            && (check?.schema.thresholds?.unit).flatMap(threshold.amount) != nil
        return Row(
            line: threshold.line, kind: .threshold, text: threshold.text,
            became: name.map { isWritten ? "`checks.\($0).\(threshold.level.rawValue)`" : "measured by `checks.\($0)`" }
                ?? "\(threshold.level.rawValue) of \(threshold.metric)",
            missing: name == nil
                ? "nothing here measures it"
                : threshold.level == .target
                    ? "a check has limits and no targets" : isWritten ? "" : "no number that the check could have")
    }

    /// What of the shipped checklists was made of this guide, by its line.
    private static func shippedItems(
        _ checklists: [Checklist], of guide: Guide
    ) -> [Int: (list: Checklist, item: ChecklistItem)] {
        let name = guide.file.split(separator: "/").last.map(String.init) ?? guide.file
        var found: [Int: (list: Checklist, item: ChecklistItem)] = [:]
        for list in checklists {
            for item in list.items {
                guard let source = item.source, source.hasPrefix("\(name):"),
                    let line = Int(source.dropFirst(name.count + 1)), found[line] == nil
                else { continue }
                found[line] = (list, item)
            }
        }
        return found
    }

    private static func checklist(_ item: Guide.ListItem, _ shipped: (list: Checklist, item: ChecklistItem)?) -> Row {
        guard let (list, answered) = shipped else {
            return Row(
                line: item.line, kind: .checklist, text: item.text, became: "an item that people sign", missing: "")
        }
        let isAnswered = if case .person = answered.answer { false } else { true }
        return Row(
            line: item.line, kind: .checklist, text: item.text,
            became: "`\(list.name)`, `\(answered.name)`: \(isAnswered ? "answered by evidence" : "signed by people")",
            missing: "")
    }

    private static func policy(_ text: String, _ line: Int) -> Row {
        Row(line: line, kind: .policy, text: text, became: "said to people", missing: "nothing here holds it")
    }
}

/// Which check measures what guides call so.
enum ThresholdChecks {
    static let names: [String: String] = [
        "cpu usage": "host.cpu", "cpu": "host.cpu", "memory usage": "host.memory", "memory": "host.memory",
        "disk usage": "host.disk", "storage usage": "host.disk", "database connection": "connections.used",
        "connection pool usage": "connections.used", "response time": "endpoint.response-time",
        "api response time": "endpoint.response-time", "query response time": "database.response-time",
        "cache hit ratio": "cache.hit-ratio",
    ]
}

extension Guide {
    /// What blocks are about, each with the line of the last that has it: an item of that text before it only gives it
    /// a name.
    fileprivate var blockTitles: [String: Int] {
        Dictionary(blocks.compactMap { block in block.caption.map { ($0, block.line) } }) { max($0, $1) }
    }
}
