import Calendar
import Engine
import Guide
import Maintenance
import Settings

/// What else of a guide the configuration has keys for: windows, rules of approvals, checklists, reports, retention.
struct CompiledPolicies {
    struct Window {
        var environment: String
        var kind: WindowRule.Kind
        var during: String?
        var line: Int
        var text: String
    }

    struct List {
        var name: String
        var description: String
        var cadence: Checklist.Cadence
        var line: Int
        /// Empty where the shipped list of that name has them.
        var items: [Item]
    }

    struct Item {
        var name: String
        var text: String
        /// As YAML behind the text; empty where a person signs it.
        var answer: [String]
        var line: Int
    }

    private(set) var windows: [Window] = []
    private(set) var classes: [(names: [String], line: Int, text: String)] = []
    private(set) var lists: [List] = []
    private(set) var retention: (value: String, line: Int, text: String)?
    private(set) var remarks: [GuideRemark] = []
    /// Lines of blocks that a command of ours takes over as a whole.
    private(set) var leftLines: Set<Int> = []

    private let guide: Guide
    private let name: String
    private let inventory: Inventory
    private let own: String

    /// - Parameters:
    ///   - name: the guide's file name.
    ///   - own: the file that is compiled into; what it says now does not count.
    init(_ guide: Guide, name: String, _ inventory: Inventory, own: String, shipped: [Checklist], zones: ZoneDirectory)
    {
        self.guide = guide
        self.name = name
        self.inventory = inventory
        self.own = own
        addFiles()
        let settings = guide.blocks.flatMap(GuideSetting.all).filter { !leftLines.contains($0.line) }
        for setting in settings {
            addWindow(setting, zones)
            addClasses(setting)
            addRetention(setting)
        }
        addRetentionTables()
        addLists(shipped)
    }

    // MARK: Files of the team's own

    private static let takers = [
        "backup-strategy": "mainstay backup configure --strategy",
        "alert-config": "mainstay alerts configure --alert-config",
        "health-check-config": "mainstay health automate --checks",
        "custom-thresholds": "mainstay monitor configure --thresholds",
        "performance-thresholds": "mainstay monitor configure --thresholds",
        "reports-schedule": "mainstay report configure --schedule",
        "report-recipients": "mainstay report distribution --recipients",
    ]

    /// Blocks that are the text of a file which a command of ours reads: `// alert-config.json`.
    private mutating func addFiles() {
        for block in guide.blocks {
            let first = block.text.split(separator: "\n").first.map { $0.trimmingWhitespace() } ?? ""
            guard let mark = ["//", "#"].first(where: first.hasPrefix) else { continue }
            let file = String(first.dropFirst(mark.count)).trimmingWhitespace()
            guard let stem = file.split(separator: ".").first, file.hasSuffix(".json") || file.hasSuffix(".yaml"),
                let taker = Self.takers.first(where: { stem.hasSuffix($0.key) })?.value
            else { continue }
            leftLines.formUnion(block.line...(block.firstLine + block.text.utf8.count { $0 == UInt8(ascii: "\n") }))
            remarks.append(GuideRemark(block.line, file, "'\(taker)=\(file)' takes all of it over"))
        }
    }

    // MARK: Windows, classes, retention

    private mutating func addWindow(_ setting: GuideSetting, _ zones: ZoneDirectory) {
        let path = setting.path.map { $0.lowercased() }
        guard path.count >= 2, path.dropLast(2).contains(where: { $0.containsBytes("window") }),
            let key = path.last, ["primary", "secondary", "emergency", "anytime"].contains(key)
        else { return }
        let place = setting.path[setting.path.count - 2]
        let text = "\(setting.path.suffix(2).joined(separator: ".")): \(setting.value)"
        guard inventory[environment: place] != nil else {
            remarks.append(GuideRemark(setting.line, text, "the configuration has no environment of that name"))
            return
        }
        let lower = setting.value.lowercased()
        let isAlways = lower.hasPrefix("anytime") || lower.hasPrefix("24/7")
        var window = Window(environment: place, kind: .primary, during: nil, line: setting.line, text: text)
        if !isAlways {
            guard let schedule = GuideSchedule(setting.value, line: setting.line, zones: zones), schedule.isWindow
            else {
                remarks.append(GuideRemark(setting.line, text, "no window that could be read"))
                return
            }
            window.during = schedule.expression
        }
        window.kind = key == "emergency" ? .emergency : isAlways ? .anytime : .primary
        windows.append(window)
    }

    /// `requireApproval: ['major', 'kernel']`
    private mutating func addClasses(_ setting: GuideSetting) {
        guard setting.path.last?.lowercased() == "requireapproval", !setting.isItem else { return }
        let names = setting.value.split(whereSeparator: { "[]'\", ".contains($0) }).map(String.init)
        let known = names.filter { ChangeClass(rawValue: $0) != nil }
        let text = "\(setting.path.joined(separator: ".")): \(setting.value)"
        guard !known.isEmpty, known == names else {
            remarks.append(GuideRemark(setting.line, text, "these are no classes of changes"))
            return
        }
        classes.append((known, setting.line, text))
    }

    private mutating func addRetention(_ setting: GuideSetting) {
        guard setting.path.last?.lowercased() == "retention", !setting.isItem else { return }
        let text = "\(setting.path.joined(separator: ".")): \(setting.value)"
        guard setting.path.dropLast().contains(where: { $0.lowercased().containsBytes("backup") }) else {
            remarks.append(
                GuideRemark(setting.line, text, "a resource of the kind 'logs' has 'rotate.keep.age' for what it logs"))
            return
        }
        guard let age = Self.age(setting.value) else {
            remarks.append(GuideRemark(setting.line, text, "no age that could be read"))
            return
        }
        if let place = inventory.locations["backups.retention"], place.file != own {
            remarks.append(GuideRemark(setting.line, text, "another one is in force (\(place))"))
        } else if let retention {
            remarks.append(GuideRemark(setting.line, text, "line \(retention.line) says another one"))
        } else {
            retention = (age, setting.line, text)
        }
    }

    /// `90d`, `90days`, `90 days`, `7 years`.
    private static func age(_ text: String) -> String? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).trimmingWhitespace().lowercased()
        let units = [
            "d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "weeks": "w", "mo": "mo", "month": "mo",
            "months": "mo", "y": "y", "year": "y", "years": "y",
        ]
        guard let number = Int(digits), number > 0, number < 100_000, let short = units[unit] else { return nil }
        return short == "w" ? "\(number * 7)d" : "\(number)\(short)"
    }

    private mutating func addRetentionTables() {
        for table in guide.tables where table.header.contains(where: { $0.lowercased().hasPrefix("retention") }) {
            for row in table.rows {
                remarks.append(
                    GuideRemark(
                        row.line, row.cells.joined(separator: " · "), "not built yet (data retention and quality)"))
            }
        }
    }

    // MARK: Checklists

    private mutating func addLists(_ shipped: [Checklist]) {
        let stem = CompiledGuide.slug(name.hasSuffix(".md") ? String(name.dropLast(3)) : name)
        let places = GuidePlaces(guide, [])
        var groups: [(heading: Guide.Heading?, caption: String?, items: [Guide.ListItem])] = []
        for item in guide.items where item.isTicked != nil && !item.text.isEmpty {
            let heading = places.path(of: item.line).last
            if let last = groups.last, last.heading == heading, last.caption == item.caption {
                groups[groups.count - 1].items.append(item)
            } else {
                groups.append((heading, item.caption, [item]))
            }
        }
        for group in groups {
            let titles = ([group.caption] + places.path(of: group.items[0].line).reversed().map(\.title)).compactMap(
                \.self)
            let title = titles.first ?? "checklist"
            let known = shipped.first { list in
                group.items.allSatisfy { item in list.items.contains { $0.source == "\(name):\(item.line)" } }
            }
            var list = List(
                name: known?.name ?? "\(stem)-\(CompiledGuide.slug(title))",
                description: titles.prefix(2).joined(separator: ", "),
                cadence: known?.cadence ?? Self.cadence(titles), line: group.items[0].line, items: [])
            list.name = String(list.name.prefix(60))
            if lists.contains(where: { $0.name == list.name }) { list.name += "-\(list.line)" }
            if let other = inventory[checklist: list.name], other.location.file != own {
                remarks.append(GuideRemark(list.line, title, "there is a checklist of that name (\(other.location))"))
                continue
            }
            if known == nil { list.items = items(group.items, shipped) }
            lists.append(list)
        }
    }

    private static func cadence(_ titles: [String]) -> Checklist.Cadence {
        for title in titles {
            let words = Set(title.lowercased().split { !$0.isLetter }.map(String.init))
            if !words.isDisjoint(with: ["daily", "morning", "evening", "nightly"]) { return .daily }
            if words.contains("weekly") { return .weekly }
            if words.contains("monthly") { return .monthly }
            if words.contains("quarterly") { return .quarterly }
        }
        return .occasion
    }

    private func items(_ items: [Guide.ListItem], _ shipped: [Checklist]) -> [Item] {
        var names: Set<String> = []
        return items.map { item in
            var name = String(CompiledGuide.slug(item.text).prefix(40))
            if !names.insert(name).inserted { name += "-\(item.line)" }
            names.insert(name)
            // What a guide calls the same is answered by the same.
            let same = shipped.lazy.flatMap(\.items).first {
                $0.text.lowercased() == item.text.lowercased() && $0.answer != .person
            }
            return Item(name: name, text: item.text, answer: same.map(Self.answer) ?? [], line: item.line)
        }
    }

    private static func answer(_ item: ChecklistItem) -> [String] {
        switch item.answer {
        case .person: []
        case .task(let words): ["task: \(words.joined(separator: " ").yamlQuoted)"]
        case .checks(let names): ["checks: [\(names.map(\.yamlQuoted).joined(separator: ", "))]"]
        case .findings: ["findings: \(item.severity.rawValue)"]
        }
    }
}
