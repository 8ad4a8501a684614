import Calendar
import Command
import Engine
import Guide
import Maintenance
import Settings

/// A guide as routines: what can be run, by section, with the guide's line behind everything.
///
/// What cannot be run stays in it as a comment with the reason, so that nobody takes the file for the whole guide.
struct CompiledGuide {
    struct Routine {
        var name: String
        /// The section's own, or the caption of its block.
        var heading: String
        /// With the heading above it.
        var description: String
        var line: Int
        var schedule: GuideSchedule?
        var mode: Mode
        var steps: [Step]
        /// Where the guide asks for an approval of the whole section; nil where it does not.
        var approvalLine: Int?
        /// Whether anything in it can be run.
        var isRunnable: Bool { steps.contains(where: \.isStep) }
    }

    enum Mode: String {
        case automatic
        case semiAutomatic = "semi-automatic"
        case manual
    }

    struct Step {
        var kind: Kind
        var line: Int
        /// As the guide has it.
        var text: String
        /// Whether it happens only after somebody has said yes, where nothing else is configured.
        var needsApproval = false

        /// What a rule of approvals calls it: the task's words, or `command`.
        var approvedTask: String? {
            switch kind {
            case .task(let words, _): words.prefix { !$0.hasPrefix("-") }.joined(separator: " ")
            case .shell: "command"
            case .routine, .remark: nil
            }
        }
    }

    enum Kind {
        /// Its words, and the environments it is for; nil for all of the routine.
        case task([String], environments: [String]?)
        case routine(String)
        case shell(String, Effect?, variables: [String])
        /// Why it is no step.
        case remark(String)
    }

    /// The guide's file name.
    var file: String
    private(set) var routines: [Routine] = []
    /// Who answers for it, as the guide says; nil where it does not.
    let owner: (text: String, line: Int)?
    let thresholds: CompiledThresholds
    let policies: CompiledPolicies
    let alerts: CompiledAlerts
    private(set) var remarks: [GuideRemark] = []
    let directory: String?
    /// Of routines, by their section.
    private var indices: [String: Int] = [:]
    private var names: Set<String> = []
    /// Whether words are a task that a routine could have; each is asked about once.
    private var tasks: [[String]: Bool] = [:]

    /// What a guide is compiled against.
    struct Context {
        var inventory: Inventory
        /// The file it is compiled into; what that says now does not count.
        var own: String
        /// Where the team's own programs run; nil where nobody said, and then they are no steps.
        var directory: String?
        var zones: ZoneDirectory
        var checks: [Check]
        var checklists: [Checklist]
        var shipped: [Engine.Routine]
        var isTask: @Sendable ([String]) -> Bool

        init(_ application: Application, _ inventory: Inventory, own: String, directory: String?) {
            self.inventory = inventory
            self.own = own
            self.directory = directory
            zones = application.zones
            checks = application.checks
            checklists = application.checklists
            shipped = application.routines
            isTask = { [catalog = application.catalog] words in (try? catalog.parse(words)) != nil }
        }
    }

    init(_ guide: Guide, resolver: inout Resolver, _ context: Context) {
        // It stands in comments, which a line break would end.
        file = (guide.file.split(separator: "/").last.map(String.init) ?? guide.file).printable
        directory = context.directory
        owner = Self.owner(guide)
        policies = CompiledPolicies(
            guide, name: file, context.inventory, own: context.own, shipped: context.checklists, zones: context.zones)
        thresholds = CompiledThresholds(
            guide, checks: context.checks, others: context.inventory.checks, own: context.own,
            leaving: policies.leftLines)
        alerts = CompiledAlerts(guide, context.inventory.alerts, own: context.own)
        let schedules = guide.schedules(zones: context.zones).filter { !$0.isWindow }
        let stem = Self.slug(file.hasSuffix(".md") ? String(file.dropLast(3)) : file)
        let places = GuidePlaces(guide, schedules)
        for procedure in guide.procedures {
            let path = places.path(of: procedure.block.line)
            let approval = places.approval(path)
            for entry in procedure.entries where entry.isCommand {
                let step = step(entry, resolver.resolve(entry), context)
                if case .cron = entry.kind {
                    add(
                        step, to: "\(stem)-line-\(entry.line)", entry.comments.first ?? "line \(entry.line)",
                        about: entry.comments.first ?? procedure.block.caption ?? "",
                        at: entry.line, schedule: schedules.first { $0.line == entry.line }, mode: .automatic)
                    continue
                }
                let title = procedure.block.caption ?? path.last?.title ?? ""
                let titles = path.map(\.title) + [procedure.block.caption].compactMap(\.self)
                add(
                    step, to: "\(stem)-\(Self.slug(String(title.prefix { $0 != "(" })))", title,
                    about: titles.suffix(2).joined(separator: ", "),
                    at: path.last?.line ?? procedure.block.line,
                    schedule: places.schedule(of: procedure.block, path),
                    mode: Self.mode(titles, approves: approval != nil), approval: approval)
            }
        }
        addReports(guide, stem, schedules, context)
    }

    /// What stands behind `Owner:`, or the like.
    private static func owner(_ guide: Guide) -> (text: String, line: Int)? {
        let names = ["owner", "owners", "owned by", "maintainer", "maintained by", "responsible"]
        let texts = guide.paragraphs.map { ($0.text, $0.line) } + guide.items.map { ($0.text, $0.line) }
        return texts.sorted { $0.1 < $1.1 }.lazy.compactMap { text, line -> (String, Int)? in
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = text[text.utf8.index(after: colon)...].trimmingWhitespace()
            guard names.contains(text[..<colon].trimmingWhitespace().lowercased()), !value.isEmpty else { return nil }
            return (String(value.prefix(200)), line)
        }.first
    }

    /// `reports:` with a frequency, where no command takes the whole block over: who gets them only that one can say.
    private mutating func addReports(
        _ guide: Guide, _ stem: String, _ schedules: [GuideSchedule], _ context: Context
    ) {
        for setting in guide.blocks.flatMap(GuideSetting.all) where !policies.leftLines.contains(setting.line) {
            guard setting.path.last?.lowercased() == "frequency", setting.path.count > 2,
                setting.path[setting.path.count - 3].lowercased() == "reports",
                let schedule = schedules.first(where: { $0.line == setting.line })
            else { continue }
            let name = setting.path[setting.path.count - 2]
            let text = "\(setting.path.dropLast().joined(separator: ".")): \(schedule.expression)"
            let words = ["report", setting.value.lowercased()]
            guard isTask(words, context) else {
                remarks.append(GuideRemark(setting.line, text, "no report is '\(words[1])'"))
                continue
            }
            add(
                Step(kind: .task(words, environments: nil), line: setting.line, text: text),
                to: "\(stem)-report-\(Self.slug(name))", name, about: "report \(name)", at: setting.line,
                schedule: schedule, mode: .automatic)
        }
    }

    private mutating func add(
        _ step: Step, to name: String, _ heading: String, about: String, at line: Int, schedule: GuideSchedule?,
        mode: Mode,
        approval: Int? = nil
    ) {
        let short = String(name.prefix(60))
        // Sections of the same name are told apart by their line.
        let place = "\(short) \(line)"
        if let index = indices[place] {
            routines[index].steps.append(step)
            if routines[index].schedule == nil { routines[index].schedule = schedule }
            return
        }
        let free = names.contains(short) ? "\(name.prefix(50))-\(line)" : short
        names.insert(free)
        indices[place] = routines.count
        routines.append(
            Routine(
                name: free, heading: heading, description: about, line: line, schedule: schedule, mode: mode,
                steps: [step],
                approvalLine: approval))
    }

    /// Letters, digits and hyphens, as names are in the configuration.
    static func slug(_ text: String) -> String {
        var slug = ""
        for byte in text.lowercased().utf8 {
            if byte >= 0x61 && byte <= 0x7a || byte >= 0x30 && byte <= 0x39 {
                slug.unicodeScalars.append(Unicode.Scalar(byte))
            } else if !slug.isEmpty, !slug.hasSuffix("-") {
                slug += "-"
            }
        }
        while slug.hasSuffix("-") { slug.removeLast() }
        return slug.isEmpty ? "section" : slug
    }

    // MARK: Steps

    private mutating func step(_ entry: Procedure.Entry, _ resolution: Resolution, _ context: Context) -> Step {
        let policy = PolicyDefault(resolution, routines: context.shipped)
        // What only looks proposes, and there is nothing that a rule of approvals could hold up.
        let onlyLooks = if case .task(_, .observes?) = resolution.outcome { true } else { false }
        return Step(
            kind: kind(entry, resolution, context), line: entry.line, text: entry.text,
            needsApproval: policy == .needsApproval && !onlyLooks)
    }

    private mutating func isTask(_ words: [String], _ context: Context) -> Bool {
        if let known = tasks[words] { return known }
        let found = context.isTask(words)
        tasks[words] = found
        return found
    }

    private mutating func kind(_ entry: Procedure.Entry, _ resolution: Resolution, _ context: Context) -> Kind {
        switch resolution.outcome {
        case .task(let arguments, _):
            if arguments.first == "run", let name = arguments.dropFirst().first { return .routine(name) }
            if arguments.starts(with: ["backup", "restore"]) || arguments.starts(with: ["backup", "restore-files"]) {
                return .remark("a restore is nothing that starts by itself: '\(resolution.command ?? "")'")
            }
            let named = arguments.compactMap { argument -> [String]? in
                for option in ["--environment=", "--environments="] where argument.hasPrefix(option) {
                    return argument.dropFirst(option.count).split(separator: ",").map(String.init)
                }
                return nil
            }.flatMap(\.self)
            let own = ["--all-environments", "--environment=", "--environments=", "--fail-on", "--quiet", "--verbose"]
            let words = arguments.filter { argument in !own.contains { argument.hasPrefix($0) } }
            if words.contains("--dry-run") { return .remark("a dry run is no step: '\(resolution.command ?? "")'") }
            if let open = words.first(where: \.isOpen) {
                return .remark("somebody has to say what stands for '\(open)'")
            }
            guard isTask(words, context) else {
                return .remark("'\(resolution.command ?? "")' is no task that a routine could have")
            }
            return .task(words, environments: named.isEmpty ? nil : named)
        case .step(let effect):
            guard let line = entry.shell else { return .remark("a query is no step yet") }
            guard directory != nil else { return .remark("'--directory' has to say where the team's own programs run") }
            guard line.commands.allSatisfy({ $0.words.allSatisfy(\.placeholders.isEmpty) }) else {
                return .remark("a placeholder is still to be filled in")
            }
            let assigned = Set(
                line.commands.flatMap(\.assignments).compactMap { $0.text.split(separator: "=").first.map(String.init) }
            )
            let given: Set = ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"]
            let variables = Set(line.commands.flatMap(\.variables)).subtracting(assigned).subtracting(given).sorted()
            return .shell(line.source, effect, variables: line.isCompound ? [] : variables)
        case .manual, .notBuilt, .undecided: return .remark(resolution.explanation)
        }
    }

    // MARK: When

    private static func mode(_ titles: [String], approves: Bool) -> Mode {
        for title in titles.reversed() {
            let lower = title.lowercased()
            if lower.containsBytes("semi-automated") || lower.containsBytes("semi-automatic") { return .semiAutomatic }
            if lower.containsBytes("manual") { return .manual }
            if lower.containsBytes("automated") || lower.containsBytes("automatic") { return .automatic }
        }
        return approves ? .semiAutomatic : .automatic
    }
}

extension String {
    /// Whether a shell, or the reader, would put something into it: `$(date)`, `$NAME`, `<version>`.
    fileprivate var isOpen: Bool {
        containsBytes("$(") || containsBytes("`") || containsBytes("${")
            || utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).dropFirst()
                .contains { $0.first.map { $0 == 0x5f || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a } ?? false }
            || utf8.contains(UInt8(ascii: "<")) && utf8.contains(UInt8(ascii: ">"))
    }
}
