import ArgumentParser
import Command
import Crypto
import Engine
import Foundation
import Guide
import Maintenance
import Settings

/// `mainstay guide compile`
struct CompileGuides: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "compile", "Make routines of guides, with the guide's line behind everything; nothing is run.",
        """
        Writes a file 'mainstay.d/guide-NAME.yaml' for each guide: a routine for each section with commands, its \
        schedule and mode as the guide says them, tasks and programs of the team's own as steps; thresholds of checks, \
        windows, rules of approvals, checklists and the retention of backups; and as comments what is none of these, \
        with the reason. First the difference is shown and the whole configuration is read with it.

        Compiling again gives the same bytes. A file that somebody has changed since stays as it is, the difference is \
        shown, and the command ends with 3; '--replace' writes it anew. What is to differ from the guide for good \
        stands better in a file of its own.
        """)

    @Argument(help: "Markdown files.", completion: .file(extensions: ["md"]))
    var files: [String]
    @Option(
        help: ArgumentHelp(
            "Where the team's own programs run; without it they are left out.", valueName: "path"),
        completion: .directory)
    var directory: LocalPath?
    @Option(
        help: ArgumentHelp(
            "Where the files go; only 'mainstay.d' beside the configuration is ever read.", valueName: "path"),
        completion: .directory)
    var into: LocalPath?
    @Flag(help: "Write files anew that somebody has changed by hand.")
    var replace = false
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let meanings = try CommandMeanings(application)
        var statuses: [ExitStatus] = []
        for path in files {
            let file = try GuideFile(path)
            let editing = try application.editing(CompiledGuide.topic(path), by: "guide compile", place)
            try isRead(editing.file)
            var resolver = Resolver(meanings, scripts: try file.scripts().names)
            let compiled = CompiledGuide(
                file.guide, resolver: &resolver,
                .init(application, editing.inventory, own: editing.file.path, directory: directory?.path))
            statuses.append(try write(compiled, from: path, editing, application))
        }
        return .combined(statuses)
    }

    /// Nothing but the directory beside the configuration is ever read.
    private func isRead(_ file: ConfigurationFile) throws {
        guard let into else { return }
        let named = URL(fileURLWithPath: into.path).standardizedFileURL.path
        let read = URL(fileURLWithPath: file.path).deletingLastPathComponent().standardizedFileURL.path
        guard named == read else { throw CompileError.otherPlace(into.path, read: read) }
    }

    /// Where the guide is: from the configuration's directory where it lies below it.
    private static func place(of path: String, beside file: ConfigurationFile) -> String {
        let guide = URL(fileURLWithPath: path).standardizedFileURL.path
        let directory = URL(fileURLWithPath: file.path).standardizedFileURL.deletingLastPathComponent()
            .deletingLastPathComponent().path
        return (guide.hasPrefix("\(directory)/") ? String(guide.dropFirst(directory.count + 1)) : guide).printable
    }

    private func write(
        _ compiled: CompiledGuide, from path: String, _ editing: ConfigurationEditing, _ application: Application
    ) throws -> ExitStatus {
        let body = "\(CompiledGuide.mark)\(Self.place(of: path, beside: editing.file))\n\(compiled.yaml)"
        let text = editing.file.marked("\(GuideSeal.line(for: body))\n\(body)", from: compiled.file)
        if !replace, let old = try editing.file.text(), !GuideSeal.isIntact(old) {
            application.console.note(
                "mainstay: '\(editing.file.path.printable)' was changed by hand, and stays; this is how the guide would have it:"
            )
            editing.showDifference(from: old, to: text)
            return .findings
        }
        try editing.write(text, isDryRun: dryRun)
        return .success
    }
}

enum CompileError: MaintenanceError {
    case otherPlace(String, read: String)

    var code: String { "guide.other-place" }

    var problem: String {
        switch self {
        case .otherPlace(let path, _): "the configuration does not read '\(path.printable)'"
        }
    }

    var hint: String? {
        switch self {
        case .otherPlace(_, let read): "Compiled guides go into '\(read.printable)'; leave '--into' out, or name that."
        }
    }

    var exitStatus: ExitStatus { .usage }
}

extension CompiledGuide {
    /// The name of the file a guide is compiled into, without its ending.
    static func topic(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return "guide-\(slug(name.hasSuffix(".md") ? String(name.dropLast(3)) : name))"
    }
}

/// The second line of a compiled file: a digest of all that stands behind it, by which a change by hand is known.
enum GuideSeal {
    private static let mark = "# Not changed by hand as long as this is its digest: "

    static func line(for body: String) -> String { mark + digest(body) }

    private static func digest(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// - Parameter text: the whole file.
    static func isIntact(_ text: String) -> Bool {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else { return false }
        return lines[1] == line(for: String(lines[2]))
    }
}
