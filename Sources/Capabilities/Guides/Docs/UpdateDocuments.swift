import ArgumentParser
import Command
import Engine
import Foundation
import Guide
import Maintenance
import Outside
import Settings

/// `mainstay docs update`
struct UpdateDocuments: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "update", "Write into a team's documents what is configured and how it goes.",
        """
        Writes parts of documents between two lines that say so, and leaves the rest as it is: 'maintenance', every \
        routine with who starts it, its last and its next run; 'schedules', what starts when; 'checklists', every item \
        with what answers it. Below each section of a guide that 'guide compile' has made a routine of, it says when \
        that ran last and runs next. First the difference is shown.

        Without files: the guides that are compiled into the configuration. A part that a document does not have yet \
        is put at its end where it is named by '--section'; otherwise those it has are written anew.
        """)
    static let aliases = [
        TaskDeclaration.Alias("docs:update", implied: ["--auto-generate"]),
        TaskDeclaration.Alias("maintenance:docs:update-procedures"),
    ]

    @Argument(help: "Markdown files; without any, the compiled guides.", completion: .file(extensions: ["md"]))
    var files: [String] = []
    @Option(help: ArgumentHelp("This part; may be given several times.", valueName: "heading"))
    var section: [DocumentSection] = []
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        let maker = try await RunbookMaker(session)
        let meanings = try CommandMeanings(application)
        // All are made before the first is written.
        var changed: [(path: String, old: String, new: String)] = []
        let paths = try CompiledGuide.documents(files, application, place)
        for path in paths {
            let file = try GuideFile(path)
            let lines = try lines(file, maker, meanings, application)
            guard lines != file.guide.lines else { continue }
            let old = String(decoding: try Descriptor.open(path).contents(limit: Guide.most) ?? [], as: UTF8.self)
            // A document keeps the ends of lines it has.
            let end = old.utf8.contains(UInt8(ascii: "\r")) ? "\r\n" : "\n"
            changed.append((path, old, lines.map { $0 + end }.joined()))
        }
        let console = application.console
        for (path, old, new) in changed {
            console.showDifference(from: old, to: new)
            guard !dryRun else { continue }
            let url = URL(fileURLWithPath: path)
            try SafeDirectory(url.deletingLastPathComponent().path)
                .write(try FileName(url.lastPathComponent), Array(new.utf8))
        }
        let same = paths.count - changed.count
        console.print(
            "mainstay: \("document".counted(changed.count)) \(dryRun ? "to be written" : "written")"
                + (same > 0 ? ", \(same.grouped) as \(same == 1 ? "it" : "they") should be" : ""))
        return .success
    }

    private func lines(
        _ file: GuideFile, _ maker: RunbookMaker, _ meanings: CommandMeanings, _ application: Application
    ) throws -> [String] {
        var guide = file.guide
        func put(_ lines: [String], _ name: String, behind line: Int?) throws {
            let new = try WrittenPart.put(lines, as: name, into: guide, behind: line)
            guide = try Guide(file: file.path, bytes: Array((new.joined(separator: "\n") + "\n").utf8))
        }
        let present = Set(try WrittenPart.all(in: guide).map(\.name))
        // From below, so that the lines above stay where they are.
        for (name, line) in try file.routines(meanings, application, maker.session.inventory).reversed() {
            try put(maker.annotation(of: name), "routine \(name)", behind: line)
        }
        for section in DocumentSection.allCases
        where self.section.contains(section) || self.section.isEmpty && present.contains(section.rawValue) {
            try put(section.lines(maker, maker.checklists), section.rawValue, behind: nil)
        }
        return guide.lines
    }
}

extension DocumentSection: ExpressibleByArgument {}

extension GuideFile {
    /// The routines of the configuration that were compiled from this guide, each with the line of its heading.
    func routines(
        _ meanings: CommandMeanings, _ application: Application, _ inventory: Inventory
    ) throws -> [(name: String, line: Int)] {
        var resolver = Resolver(meanings, scripts: try scripts().names)
        let compiled = CompiledGuide(
            guide, resolver: &resolver, .init(application, inventory, own: "", directory: root))
        let topic = "\(CompiledGuide.topic(path)).yaml"
        let headings = Set(guide.headings.map(\.line))
        return compiled.routines.filter { routine in
            headings.contains(routine.line)
                && inventory[routine: routine.name]?.location.file.hasSuffix("/\(topic)") ?? false
        }.map { ($0.name, $0.line) }.sorted { $0.1 < $1.1 }
    }
}

extension CompiledGuide {
    /// Behind it stands where the guide is, in the file it is compiled into.
    static let mark = "# The guide: "

    /// The files that are named, or the guides that are compiled into the configuration.
    static func documents(_ files: [String], _ application: Application, _ place: PlaceOptions) throws -> [String] {
        guard files.isEmpty else { return files }
        let directory = URL(fileURLWithPath: try application.editing("guide", by: "guide compile", place).file.path)
            .deletingLastPathComponent()
        // Nothing was compiled yet where it is not there; one that may not be read is said.
        let isThere = FileManager.default.fileExists(atPath: directory.path)
        let names = isThere ? try FileManager.default.contentsOfDirectory(atPath: directory.path) : []
        var found: [String] = []
        for name in names.sorted() where name.hasPrefix("guide-") && name.hasSuffix(".yaml") {
            let bytes = try Descriptor.open("\(directory.path)/\(name)").contents(limit: 16 << 20) ?? []
            let head = String(decoding: bytes.prefix(4_096), as: UTF8.self)
            guard let line = head.split(separator: "\n").first(where: { $0.hasPrefix(mark) }) else { continue }
            let path = String(line.dropFirst(mark.count))
            found.append(
                path.hasPrefix("/") ? path : directory.deletingLastPathComponent().appendingPathComponent(path).path)
        }
        guard !found.isEmpty else { throw DocsError.noGuides }
        return found
    }
}
