import ArgumentParser
import Command
import Crypto
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay adopt`
struct Adopt: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "adopt", "Make the commands that people already type work: scripts, make, cron, timers.",
        """
        'npm' and 'pnpm' put a script for each spelling of the guides into package.json: 'npm run backup:verify' then \
        means 'mainstay backup verify'. 'make' writes mainstay.mk and has the Makefile include it. 'scripts' writes \
        the scripts that guides call and that one of our tasks replaces, such as scripts/health-check.js. 'cron' \
        writes mainstay.crontab, and 'systemd' services and timers, for the lines of crontabs in guides; both are then \
        installed by people. Timers that a guide has as unit files are written under their own names with the guide's \
        times, where what they start is one of our commands; 'systemd-analyze verify' reads all of them first.

        Guides are named behind it; 'npm', 'pnpm' and 'make' without any take every spelling there is. Scripts and \
        files that are there already stay, and the difference is shown; '--replace' puts ours in their place. '--undo' \
        brings back what was before, byte for byte where nobody has changed it since.
        """)

    @Argument(help: "What people type it with.")
    var kind: Kind
    @Argument(help: "Guides: Markdown files.", completion: .file(extensions: ["md"]))
    var guides: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where package.json, the Makefile or the scripts' root is; here without it.", valueName: "path"),
        completion: .directory)
    var directory: LocalPath?
    @Flag(help: "Also replace what is there already.")
    var replace = false
    @Flag(help: "Bring back what was before.")
    var undo = false
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case npm, pnpm, make, scripts, cron, systemd

        /// One file for both: a package.json is read by each.
        var recordName: String { self == .pnpm ? "npm" : rawValue }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let place = directory?.path ?? FileManager.default.currentDirectoryPath
        let record = AdoptionRecord(directory: place, kind: kind)
        let files = AdoptedFiles(place)
        if undo { return try undo(record, files, application.console) }
        let commands = try AdoptedCommands(guides, application)
        let adoption = try Adoption(kind, commands, files, replaces: replace)
        let changed = adoption.files.filter { $0.new != $0.old }
        for file in changed { show(file, application.console) }
        for reason in commands.left where kind == .systemd { application.console.note("mainstay: \(reason)") }
        guard adoption.inTheWay.isEmpty else { throw AdoptError.inTheWay(adoption.inTheWay) }
        guard !adoption.files.isEmpty else { throw AdoptError.nothing(kind.rawValue) }
        let console = application.console
        guard !changed.isEmpty else {
            console.print("mainstay: all of it is as it should be")
            return .success
        }
        if kind == .systemd,
            let reason = try await UnitVerification.verify(adoption.files, with: application.programs)
        {
            console.note("mainstay: nobody has read the units: \(reason.printable)")
        }
        guard !dryRun else {
            console.print("mainstay: nothing was written; \("file".counted(changed.count)) would be")
            return .success
        }
        // What was before is kept first: a crash in between leaves something to undo.
        try record.add(changed, files)
        for file in changed { try files.write(file) }
        console.print("mainstay: wrote \(changed.map { "'\($0.path.printable)'" }.joined(separator: ", "))")
        for line in kind.hints(adoption) { console.print(line) }
        return .success
    }

    private func show(_ file: Adoption.File, _ console: Console) {
        console.print("\(file.path.printable):")
        console.showDifference(from: file.old ?? "", to: file.new ?? "")
    }

    private func undo(_ record: AdoptionRecord, _ files: AdoptedFiles, _ console: Console) throws -> ExitStatus {
        guard let kept = try record.read() else { throw AdoptError.notAdopted(kind.rawValue) }
        var changed: [String] = []
        var undone: [String] = []
        for entry in kept.files {
            let present = try files.read(entry.path)
            let isOurs = present.map(AdoptionRecord.digest) == entry.written
            if present == entry.former { continue }
            var new = entry.former
            if !isOurs {
                guard entry.path == "package.json", let present, !entry.scripts.isEmpty else {
                    show(Adoption.File(path: entry.path, old: present, new: entry.former), console)
                    changed.append(entry.path)
                    continue
                }
                // Others write into it too: only the scripts that are still as we wrote them go back.
                let package = try PackageScripts(present, path: entry.path)
                new = package.setting(
                    entry.scripts.filter { package.value(of: $0.name) == $0.written }.map { ($0.name, $0.former) })
            }
            let file = Adoption.File(path: entry.path, old: present, new: new)
            show(file, console)
            if !dryRun { try files.write(file) }
            undone.append(entry.path)
        }
        guard changed.isEmpty else { throw AdoptError.changedSince(changed) }
        if !dryRun { try record.remove() }
        let what =
            undone.isEmpty ? "nothing was left to undo" : undone.map { "'\($0.printable)'" }.joined(separator: ", ")
        console.print("mainstay: \(dryRun ? "would bring back" : "brought back") \(what)")
        return .success
    }
}

extension Adopt.Kind {
    /// What people do next.
    fileprivate func hints(_ adoption: Adoption) -> [String] {
        switch self {
        case .npm, .pnpm, .make, .scripts: ["'mainstay' has to be on the search path of whoever types them."]
        case .cron: ["Install it by 'crontab mainstay.crontab', or put its lines into the crontab there is."]
        case .systemd:
            [
                "Install them by 'cp *.service *.timer /etc/systemd/system/ && systemctl daemon-reload', and start each",
                "timer by 'systemctl enable --now NAME.timer'.",
            ]
        }
    }
}

/// Files below the directory that is adopted in.
struct AdoptedFiles {
    let directory: String

    init(_ directory: String) { self.directory = directory }

    /// Nil where nothing is.
    func read(_ path: String) throws -> String? {
        let whole = "\(directory)/\(path)"
        guard FileManager.default.fileExists(atPath: whole) else { return nil }
        return String(decoding: try Descriptor.open(whole).contents(limit: 4 << 20) ?? [], as: UTF8.self)
    }

    /// Whole or not at all; a file without a new text is removed.
    func write(_ file: Adoption.File) throws {
        let url = URL(fileURLWithPath: "\(directory)/\(file.path)")
        let parent = url.deletingLastPathComponent().path
        guard let text = file.new else {
            try FileManager.default.removeItem(at: url)
            // With the directory that was made for it.
            let isEmpty = try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty
            if isEmpty, file.path.contains("/") { try FileManager.default.removeItem(atPath: parent) }
            return
        }
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try SafeDirectory(parent).write(
            try FileName(url.lastPathComponent), mode: file.isProgram ? 0o755 : 0o644
        ) { try $0.write(Array(text.utf8)) }
    }
}

/// What was there before, kept beside what was written: `.mainstay-adopted/npm.json`.
struct AdoptionRecord {
    struct Kept: Codable {
        var files: [Entry] = []
    }

    struct Entry: Codable {
        var path: String
        /// Nil where nothing was.
        var former: String?
        /// SHA-256 of what was written.
        var written: String
        var scripts: [Script]
    }

    struct Script: Codable {
        var name: String
        var former: String?
        var written: String
    }

    private let folder: String
    private let name: String

    init(directory: String, kind: Adopt.Kind) {
        folder = "\(directory)/.mainstay-adopted"
        name = "\(kind.recordName).json"
    }

    static func digest(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func read() throws -> Kept? {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else { return nil }
        let bytes = try Descriptor.open("\(folder)/\(name)").contents(limit: 16 << 20) ?? []
        return try JSONDecoder().decode(Kept.self, from: Data(bytes))
    }

    /// What is kept already stays: the first time is what '--undo' goes back to.
    func add(_ changed: [Adoption.File], _ files: AdoptedFiles) throws {
        var kept = try read() ?? Kept()
        for file in changed {
            guard let new = file.new else { continue }
            if let index = kept.files.firstIndex(where: { $0.path == file.path }) {
                kept.files[index].written = Self.digest(new)
                for script in file.scripts {
                    if let known = kept.files[index].scripts.firstIndex(where: { $0.name == script.name }) {
                        kept.files[index].scripts[known].written = script.written
                    } else {
                        kept.files[index].scripts.append(script)
                    }
                }
            } else {
                kept.files.append(
                    Entry(path: file.path, former: file.old, written: Self.digest(new), scripts: file.scripts))
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try SafeDirectory(folder).write(try FileName(name), Array(try encoder.encode(kept)))
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        if try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty {
            try FileManager.default.removeItem(atPath: folder)
        }
    }
}
