import Command
import Guide
import Maintenance

/// What of guides is one of our commands, by how people type it.
struct AdoptedCommands {
    /// A script of the team's own that one of our commands replaces.
    struct Script {
        /// `scripts/maintenance.sh`
        var path: String
        /// The first argument it is told apart by; nil where it needs none.
        var argument: String?
        var arguments: [String]
    }

    /// A line of a crontab.
    struct Line {
        var place: String
        var line: Int
        /// Five fields.
        var fields: String
        var arguments: [String]
    }

    /// A timer of systemd that a guide has as a unit file, and that starts one of our commands.
    struct Timer {
        var place: String
        var timer: GuideTimer
        var arguments: [String]
    }

    /// Sorted; every spelling there is where no guide was named.
    private(set) var spellings: [String] = []
    private(set) var scripts: [Script] = []
    private(set) var lines: [Line] = []
    private(set) var timers: [Timer] = []
    /// Timers that start nothing of ours, with the reason; one a line, for people.
    private(set) var left: [String] = []
    let hasGuides: Bool

    init(_ guides: [String], _ application: Application) throws {
        let meanings = try CommandMeanings(application)
        hasGuides = !guides.isEmpty
        guard hasGuides else {
            spellings = meanings.allSpellings
            return
        }
        var names: Set<String> = []
        for path in guides {
            let file = try GuideFile(path)
            var resolver = Resolver(meanings)
            add(file, &resolver)
            for entry in file.guide.procedures.flatMap(\.entries) where entry.isCommand {
                guard case .task(let arguments, _) = resolver.resolve(entry).outcome else { continue }
                if case .cron(let fields, _) = entry.kind {
                    let name = path.split(separator: "/").last.map(String.init) ?? path
                    lines.append(Line(place: name, line: entry.line, fields: fields, arguments: arguments))
                    continue
                }
                guard let command = entry.shell?.commands.first, entry.shell?.commands.count == 1 else { continue }
                if let name = command.packageScript, meanings.knows([name]) { names.insert(name) }
                add(command, arguments)
            }
        }
        spellings = names.sorted()
        scripts.sort { ($0.path, $0.argument ?? "") < ($1.path, $1.argument ?? "") }
    }

    private mutating func add(_ file: GuideFile, _ resolver: inout Resolver) {
        let place = file.path.split(separator: "/").last.map(String.init) ?? file.path
        for timer in file.guide.timers {
            let mark = "\(place.printable):\(timer.line): '\(timer.name).timer'"
            guard let started = timer.started else {
                left.append(
                    "\(mark) stays: no single program of '\(timer.service.printable).service' stands in the guide")
                continue
            }
            if let reason = UnitText.obstacle(timer) {
                left.append("\(mark) stays: \(reason)")
                continue
            }
            let resolution = resolver.resolve(started)
            guard case .task(let arguments, _) = resolution.outcome else {
                left.append("\(mark) stays: '\(started.text.printable.prefix(60))' is none of our commands")
                continue
            }
            // Each unit is written once: another of its name would start what it does not mean.
            let isOther = timers.contains { other in
                other.timer.service == timer.service && other.arguments != arguments
                    || other.timer.name == timer.name
                        && (other.timer.service != timer.service
                            || other.timer.settings.map { [$0.key, $0.value] }
                                != timer.settings.map { [$0.key, $0.value] })
            }
            guard !isOther else {
                left.append(
                    "\(mark) stays: another unit of these guides has its name or its service's, and is not the same")
                continue
            }
            timers.append(Timer(place: place, timer: timer, arguments: arguments))
        }
    }

    private mutating func add(_ command: ShellCommand, _ arguments: [String]) {
        guard let (path, spelling) = Counterparts.script(command), spelling != nil, !path.hasPrefix("/"),
            !path.split(separator: "/").contains("..")
        else { return }
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        let words = command.words.map(\.text)
        let behind = words.drop { $0 != path }.dropFirst()
        let argument = behind.first { !$0.hasPrefix("-") }
        guard !scripts.contains(where: { $0.path == plain && $0.argument == argument }) else { return }
        scripts.append(Script(path: plain, argument: argument, arguments: arguments))
    }
}

extension ShellCommand {
    /// Of `npm run name` and `pnpm name`; nil for everything else.
    fileprivate var packageScript: String? {
        guard ["npm", "pnpm", "yarn", "bun"].contains(program) else { return nil }
        var words = argumentTexts
        if words.first == "run" || words.first == "run-script" { words.removeFirst() }
        return words.first { !$0.hasPrefix("-") }
    }
}
