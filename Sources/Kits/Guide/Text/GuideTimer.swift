import Maintenance

/// A timer of systemd that a guide has as a unit file, with the service that it starts (systemd.timer(5)).
package struct GuideTimer: Sendable {
    /// Without its ending: `nightly-backup`.
    package var name: String
    /// Of `[Timer]`.
    package var line: Int
    /// What stands below `[Timer]`, in the guide's order.
    package var settings: [Setting]
    /// Of the service, without its ending.
    package var service: String
    /// `User=`, `Group=` and `DynamicUser=` of the service.
    package var identity: [Setting]
    /// What the service starts; nil where the guide does not have the service, or it starts several programs.
    package var started: Procedure.Entry?

    package struct Setting: Sendable, Hashable {
        package var key: String
        package var value: String
        package var line: Int
    }
}

extension Guide {
    /// The timers in blocks of unit files, by line. A unit is called as the comment above it, its caption or its heading
    /// says: `# /etc/systemd/system/nightly-backup.timer`; one without a name is nobody's.
    package var timers: [GuideTimer] {
        var timers: [(name: String, line: Int, settings: [GuideTimer.Setting])] = []
        var services: [String: [GuideTimer.Setting]] = [:]
        for block in blocks where UnitReader.languages.contains(block.language) {
            let titles = [block.caption, path(of: block.line).last?.title].compactMap(\.self)
            var reader = UnitReader(name: titles.lazy.compactMap { UnitReader.name(in: $0) }.first)
            reader.read(block)
            timers += reader.timers
            services.merge(reader.services) { $0 + $1 }
        }
        return timers.filter { !$0.settings.isEmpty }.map { timer in
            let named = timer.settings.last { $0.key == "Unit" }?.value ?? ""
            let service = named.hasSuffix(".service") ? String(named.dropLast(8)) : timer.name
            let own = services[service] ?? []
            // What runs before, behind or beside it would be lost.
            let runs = own.filter { $0.key.hasPrefix("Exec") && !$0.value.isEmpty }
            return GuideTimer(
                name: timer.name, line: timer.line, settings: timer.settings.filter { $0.key != "Unit" },
                service: service, identity: own.filter { ["User", "Group", "DynamicUser"].contains($0.key) },
                started: runs.count == 1 && runs[0].key == "ExecStart" ? Self.entry(runs[0]) : nil)
        }
    }

    private static func entry(_ start: GuideTimer.Setting) -> Procedure.Entry? {
        // Signs before a program say how it is started (systemd.service(5), "Command lines").
        let text = String(start.value.drop { "-@:+!|".contains($0) })
        let block = Block(
            language: "sh", text: text, line: start.line, firstLine: start.line, isClosed: true, caption: nil)
        let entries = Procedure(block)?.entries ?? []
        return entries.count == 1 ? entries[0] : nil
    }
}

/// Reads a block of unit files (systemd.syntax(7)).
private struct UnitReader {
    static let languages: Set = ["", "ini", "systemd", "unit", "service", "timer", "conf", "cfg", "desktop"]

    var name: String?
    private(set) var timers: [(name: String, line: Int, settings: [GuideTimer.Setting])] = []
    private(set) var services: [String: [GuideTimer.Setting]] = [:]

    init(name: String?) { self.name = name }

    mutating func read(_ block: Guide.Block) {
        var section = ""
        var begun: (text: String, line: Int)?
        for (index, raw) in block.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = block.firstLine + index
            let text = raw.trimmingWhitespace()
            if text.hasPrefix("#") || text.hasPrefix(";") {
                if let found = Self.name(in: text) { (name, section) = (found, "") }
                continue
            }
            let whole = begun.map { "\($0.text) \(text)" } ?? text
            let line = begun?.line ?? number
            if whole.hasSuffix("\\") {
                begun = (String(whole.dropLast()).trimmingWhitespace(), line)
                continue
            }
            begun = nil
            if whole.hasPrefix("["), whole.hasSuffix("]") {
                section = whole
                if let name, section == "[Timer]" { timers.append((name, line, [])) }
            } else {
                add(whole, line, section)
            }
        }
    }

    private mutating func add(_ text: String, _ line: Int, _ section: String) {
        guard let name, let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return }
        let setting = GuideTimer.Setting(
            key: text[..<sign].trimmingWhitespace(), value: text[text.utf8.index(after: sign)...].trimmingWhitespace(),
            line: line)
        if section == "[Timer]", !timers.isEmpty {
            timers[timers.count - 1].settings.append(setting)
        } else if section == "[Service]" {
            services[name, default: []].append(setting)
        }
    }

    /// The name of the unit that a text names, without directory and ending; nil where it names none, or one that is no
    /// plain name.
    static func name(in text: String) -> String? {
        for word in text.split(whereSeparator: { " \t/`'\"(),:".contains($0) }) {
            for ending in [".timer", ".service"] where word.hasSuffix(ending) {
                let name = word.dropLast(ending.count)
                let isPlain = name.utf8.allSatisfy {
                    $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a || "-_.".utf8.contains($0)
                }
                if isPlain, let first = name.utf8.first, first | 0x20 >= 0x61, name.utf8.count <= 100 {
                    return String(name)
                }
            }
        }
        return nil
    }
}
