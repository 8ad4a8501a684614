import ArgumentParser
import Command
import Engine
import Guide
import Maintenance
import Outside
import Settings

/// `mainstay docs verify`
struct VerifyDocuments: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "verify", "Say which documents are not true any more: parts, links, checklists.",
        """
        '--all-sections' compares every part that 'docs update' writes with the configuration as it is (GU032), and \
        the items of checklists in the documents with the checklists that are kept (GU033); '--section' only one of \
        them. '--check-links' looks for links to headings and files that are not there; addresses on the network are \
        not asked. Without any of these all of it is done. Last and next runs change all the time and are no part of it.

        Without files: the guides that are compiled into the configuration.
        """)
    static let aliases = [
        TaskDeclaration.Alias("docs:verify"),
        TaskDeclaration.Alias("maintenance:docs:validate-checklists", arguments: ["--section=checklists"]),
    ]

    @Argument(help: "Markdown files; without any, the compiled guides.", completion: .file(extensions: ["md"]))
    var files: [String] = []
    @Option(help: ArgumentHelp("This part; may be given several times.", valueName: "heading"))
    var section: [DocumentSection] = []
    @Flag(help: "Every part.")
    var allSections = false
    @Flag(help: "Links to headings and files.")
    var checkLinks = false
    @Option(help: "How to print the result.")
    var format: CheckGuides.Format = .table
    @Option(
        help: ArgumentHelp("Exit with 3 where there are findings of this severity or above.", valueName: "severity"))
    var failOn: FailOn = .warning
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        let maker = try await RunbookMaker(session)
        let isEverything = section.isEmpty && !allSections && !checkLinks
        let isAll = allSections || isEverything
        let sections = isAll ? DocumentSection.allCases : section
        var output = GuideOutput(format, on: application.console)
        for path in try CompiledGuide.documents(files, application, place) {
            let file = try GuideFile(path)
            var findings = try partFindings(file.guide, sections, maker, annotations: isAll)
            if sections.contains(.checklists) { findings += listFindings(file.guide, maker) }
            let checking = GuideChecking(file.guide, exists: file.exists)
            if checkLinks || isEverything { findings += checking.linkFindings() }
            findings.sort { ($0.line, $0.rule.rawValue) < ($1.line, $1.rule.rawValue) }
            let (open, waived) = checking.weighed(
                findings, today: String(application.clock.now().iso8601.prefix(10)))
            output.add(
                GuideReport.Part(
                    file: path, findings: open.filter { !$0.rule.isAboutWaivers }.map { .init($0) },
                    waived: waived.map { .init($0, waiver: $1) }, commands: []))
        }
        return try output.end(failingOn: failOn.severity)
    }

    /// Parts that are not as they would be written now.
    private func partFindings(
        _ guide: Guide, _ sections: [DocumentSection], _ maker: RunbookMaker, annotations: Bool
    ) throws -> [GuideFinding] {
        try WrittenPart.all(in: guide).compactMap { name, lines in
            let text = Array(guide.lines[lines])
            if let section = DocumentSection(rawValue: name) {
                guard sections.contains(section) else { return nil }
                let now = DocumentSection.stable(section.lines(maker, maker.checklists))
                guard now != DocumentSection.stable(text) else { return nil }
                return GuideFinding(
                    .stalePart, guide.file, lines.lowerBound,
                    "the part '\(name)' is not as the configuration is, or was changed by hand",
                    fix: "Run 'mainstay docs update --section=\(name)'.")
            }
            guard annotations else { return nil }
            let routine = name.hasPrefix("routine ") ? String(name.dropFirst(8)) : ""
            guard maker.book.steps(of: routine) != nil else {
                return GuideFinding(
                    .stalePart, guide.file, lines.lowerBound, "there is no routine '\(routine.printable)' any more",
                    fix: "Run 'mainstay guide compile', or remove the part.")
            }
            guard text.first != maker.annotation(of: routine).first else { return nil }
            return GuideFinding(
                .stalePart, guide.file, lines.lowerBound, "'\(routine.printable)' starts otherwise than it says here",
                fix: "Run 'mainstay docs update'.")
        }
    }

    /// Items that no checklist of the configuration, and no shipped one, has.
    private func listFindings(_ guide: Guide, _ maker: RunbookMaker) -> [GuideFinding] {
        let kept = maker.checklists + maker.session.application.checklists
        let texts = Set(kept.flatMap(\.items).map { $0.text.lowercased() })
        return guide.items.filter { $0.isTicked != nil && !texts.contains($0.text.lowercased()) }.map { item in
            GuideFinding(
                .keptNowhere, guide.file, item.line,
                "no checklist has '\(item.text.printable)', so nobody is asked for it",
                fix: "Run 'mainstay guide compile', or add it under 'checklists'.")
        }
    }
}
