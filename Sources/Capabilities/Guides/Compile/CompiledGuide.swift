import Calendar
import Command
import Guide
import Maintenance

/// A guide as routines: what can be run, by section, with the guide's line behind everything.
///
/// What cannot be run stays in it as a comment with the reason, so that nobody takes the file for the whole guide.
struct CompiledGuide {
    struct Routine {
        var name: String
        var description: String
        var line: Int
        var schedule: GuideSchedule?
        var mode: Mode
        var steps: [Step]
        /// Whether anything in it can be run.
        var isRunnable: Bool { steps.contains { if case .remark = $0.kind { false } else { true } } }
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
    }

    enum Kind {
        /// Its words, and the environments it is for; nil for all of the routine.
        case task([String], environments: [String]?)
        case routine(String)
        case shell(String, Effect?, variables: [String])
        /// Why it is no step.
        case remark(String)
    }

    var file: String
    private(set) var routines: [Routine] = []
    let directory: String?

    /// - Parameter directory: where the team's own programs run; nil where nobody said, and then they are no steps.
    init(
        _ guide: Guide, resolver: inout Resolver, zones: ZoneDirectory, directory: String?,
        isTask: ([String]) -> Bool
    ) {
        // It stands in comments, which a line break would end.
        file = (guide.file.split(separator: "/").last.map(String.init) ?? guide.file).printable
        self.directory = directory
        let schedules = guide.schedules(zones: zones).filter { !$0.isWindow }
        let stem = Self.slug(file.hasSuffix(".md") ? String(file.dropLast(3)) : file)
        for procedure in guide.procedures {
            let path = guide.path(of: procedure.block.line)
            for entry in procedure.entries where entry.isCommand {
                let step = step(entry, resolver.resolve(entry), isTask: isTask)
                if case .cron = entry.kind {
                    add(
                        step, to: "\(stem)-line-\(entry.line)",
                        about: entry.comments.first ?? procedure.block.caption ?? "",
                        at: entry.line, schedule: schedules.first { $0.line == entry.line }, mode: .automatic)
                    continue
                }
                let title = procedure.block.caption ?? path.last?.title ?? ""
                let titles = path.map(\.title) + [procedure.block.caption].compactMap(\.self)
                add(
                    step, to: "\(stem)-\(Self.slug(String(title.prefix { $0 != "(" })))",
                    about: titles.suffix(2).joined(separator: ", "),
                    at: path.last?.line ?? procedure.block.line,
                    schedule: Self.schedule(of: procedure, path, in: guide, among: schedules),
                    mode: Self.mode(titles, path, in: guide))
            }
        }
    }

    private mutating func add(
        _ step: Step, to name: String, about: String, at line: Int, schedule: GuideSchedule?, mode: Mode
    ) {
        let short = String(name.prefix(60))
        // Sections of the same name are told apart by their line.
        let same = routines.firstIndex { $0.name == short || $0.name.hasPrefix("\(short)-") && $0.line == line }
        if let same, routines[same].line == line {
            routines[same].steps.append(step)
            if routines[same].schedule == nil { routines[same].schedule = schedule }
            return
        }
        let free = same == nil ? short : String("\(name.prefix(55))-\(line)".prefix(63))
        routines.append(
            Routine(name: free, description: about, line: line, schedule: schedule, mode: mode, steps: [step]))
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

    private func step(_ entry: Procedure.Entry, _ resolution: Resolution, isTask: ([String]) -> Bool) -> Step {
        Step(kind: kind(entry, resolution, isTask: isTask), line: entry.line, text: entry.text)
    }

    private func kind(_ entry: Procedure.Entry, _ resolution: Resolution, isTask: ([String]) -> Bool) -> Kind {
        switch resolution.outcome {
        case .task(let arguments, _):
            if arguments.first == "run", let name = arguments.dropFirst().first { return .routine(name) }
            let named = arguments.compactMap { argument -> [String]? in
                for option in ["--environment=", "--environments="] where argument.hasPrefix(option) {
                    return argument.dropFirst(option.count).split(separator: ",").map(String.init)
                }
                return nil
            }.flatMap(\.self)
            let own = ["--all-environments", "--environment=", "--environments=", "--fail-on", "--quiet", "--verbose"]
            let words = arguments.filter { argument in !own.contains { argument.hasPrefix($0) } }
            if words.contains("--dry-run") { return .remark("a dry run is no step: '\(resolution.command ?? "")'") }
            guard isTask(words) else {
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
        case .manual: return .remark(resolution.reason)
        case .undecided: return .remark(resolution.reason + (resolution.nearest.map { "; nearest is '\($0)'" } ?? ""))
        }
    }

    // MARK: When

    /// What stands nearest: in the block, then in its section, then in a section above.
    private static func schedule(
        of procedure: Procedure, _ path: [Guide.Heading], in guide: Guide, among schedules: [GuideSchedule]
    ) -> GuideSchedule? {
        let block = procedure.block
        let end = block.firstLine + block.text.utf8.count { $0 == UInt8(ascii: "\n") }
        if let inside = schedules.first(where: { $0.line >= block.line && $0.line <= end }) { return inside }
        for heading in path.reversed() {
            let next = guide.headings.first { $0.line > heading.line }?.line ?? Int.max
            let blocks = guide.blocks.map { $0.line...($0.firstLine + $0.text.utf8.count { $0 == UInt8(ascii: "\n") }) }
            if let found = schedules.first(where: { schedule in
                schedule.line >= heading.line && schedule.line < next && !blocks.contains { $0.contains(schedule.line) }
            }) {
                return found
            }
        }
        return nil
    }

    private static func mode(_ titles: [String], _ path: [Guide.Heading], in guide: Guide) -> Mode {
        for title in titles.reversed() {
            let lower = title.lowercased()
            if lower.containsBytes("semi-automated") || lower.containsBytes("semi-automatic") { return .semiAutomatic }
            if lower.containsBytes("manual") { return .manual }
            if lower.containsBytes("automated") || lower.containsBytes("automatic") { return .automatic }
        }
        let lines = path.last.map { heading in
            guide.paragraphs.filter { paragraph in
                paragraph.line > heading.line
                    && !guide.headings.contains { $0.line > heading.line && $0.line < paragraph.line }
            }
        }
        let asks = lines?.contains {
            $0.text.lowercased().hasPrefix("requires:") && $0.text.lowercased().containsBytes("approval")
        }
        return asks ?? false ? .semiAutomatic : .automatic
    }
}
