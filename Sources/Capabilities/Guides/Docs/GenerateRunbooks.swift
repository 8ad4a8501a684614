import ArgumentParser
import Command
import Foundation
import Maintenance
import Outside
import Page
import Settings

/// `mainstay docs generate-runbooks`
struct GenerateRunbooks: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "generate-runbooks", "Write a runbook for each routine: what it does, how it went, and whom to ask.",
        """
        Each is written from the routine itself and from the runs that are remembered: who starts it and when, its \
        steps with what they may do, who has to say yes, what they took and what proved them, what is done where one \
        fails and how it is undone, who is told, and the last ten runs. As Markdown, and as a page that needs nothing \
        but itself. The same configuration and state make the same bytes, but for when it starts next.

        Without '--all-procedures' or names: the routines that start by themselves and those of the configuration. \
        Files in the directory that were not written by this command are left alone, and one in the way is an error.
        """)
    static let aliases = [
        TaskDeclaration.Alias("docs:generate-runbooks"),
        TaskDeclaration.Alias("maintenance:docs:generate-runbooks", arguments: ["--all-procedures"]),
    ]

    @Argument(
        help: "Routines; without any, those that start by themselves and those of the configuration.",
        completion: .known)
    var routines: [String] = []
    @Flag(help: "Every routine there is, the shipped ones too.")
    var allProcedures = false
    @Option(
        help: ArgumentHelp("The directory to write into; 'runbooks' without it.", valueName: "directory"),
        completion: .directory)
    var output: LocalPath?
    @Option(help: ArgumentHelp("How they are written.", valueName: "language"))
    var `as`: Language = .both
    @Flag(help: "Say what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    enum Language: String, ExpressibleByArgument, CaseIterable, Sendable {
        case markdown, html, both
    }

    func validate() throws {
        guard !allProcedures || routines.isEmpty else {
            throw ValidationError("'--all-procedures' and names of routines exclude each other")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        let maker = try await RunbookMaker(session)
        var files: [(name: String, text: [UInt8])] = []
        let names = routines.isEmpty ? maker.names(all: allProcedures) : routines
        var books: [Runbook] = []
        for name in names {
            guard let book = try await maker.runbook(name) else {
                throw DocsError.noRoutine(name, nearest: nearest(to: name, among: maker.names(all: true)))
            }
            books.append(book)
            if self.as != .html { files.append(("\(name).md", Array(book.markdown.utf8))) }
            if self.as != .markdown { files.append(("\(name).html", book.html.bytes)) }
        }
        if routines.isEmpty {
            if self.as != .html { files.append(("README.md", Array(Self.contents(books).utf8))) }
            if self.as != .markdown { files.append(("index.html", Self.page(books).bytes)) }
        }
        try write(files, application.console)
        return .success
    }

    private func write(_ files: [(name: String, text: [UInt8])], _ console: Console) throws {
        let path = output?.path ?? "runbooks"
        if !dryRun {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        // All are looked at before the first is written.
        let old = try files.map { try present("\(path)/\($0.name)") }
        for (file, present) in zip(files, old) {
            guard present.map(Runbook.isOurs) ?? true else { throw DocsError.notOurs("\(path)/\(file.name)") }
        }
        var written = 0
        for (file, present) in zip(files, old) where present != file.text {
            written += 1
            if dryRun {
                console.print("would write '\("\(path)/\(file.name)".printable)'")
            } else {
                try SafeDirectory(path).write(try FileName(file.name), file.text)
            }
        }
        let same = files.count - written
        console.print(
            "mainstay: \("file".counted(written)) \(dryRun ? "to be written" : "written") in '\(path.printable)'"
                + (same > 0 ? ", \(same.grouped) as \(same == 1 ? "it" : "they") should be" : ""))
    }

    /// Nil where nothing is.
    private func present(_ path: String) throws -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try Descriptor.open(path).contents(limit: 64 << 20) ?? []
    }
}

enum DocsError: MaintenanceError {
    case noRoutine(String, nearest: String?)
    case notOurs(String)
    case noGuides
    case openPart(String, name: String, line: Int)

    var code: String {
        switch self {
        case .noRoutine: "docs.no-routine"
        case .notOurs: "docs.not-ours"
        case .noGuides: "docs.no-guides"
        case .openPart: "docs.open-part"
        }
    }

    var problem: String {
        switch self {
        case .noRoutine(let name, _): "there is no routine '\(name.printable)'"
        case .notOurs(let path): "'\(path.printable)' is there, and was not written by this command"
        case .noGuides: "no document was named, and no guide has been compiled into this configuration"
        case .openPart(let file, let name, let line):
            "\(file.printable):\(line): the part '\(name.printable)' has no line that ends it"
        }
    }

    var hint: String? {
        switch self {
        case .noRoutine(_, let nearest?): "Did you mean '\(nearest)'?"
        case .noRoutine: "'mainstay tasks' lists them."
        case .notOurs: "Nothing was written. Move it away, or choose another '--output'."
        case .noGuides: "Name Markdown files, or run 'mainstay guide compile' first."
        case .openPart(_, let name, _):
            "Nothing was changed. Put '\(WrittenPart.end(name))' behind it, or remove its first line."
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noRoutine: .usage
        default: .configuration
        }
    }
}
