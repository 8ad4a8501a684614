import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay guide run`
struct RunGuide: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "run", "Run sections of a guide as it stands, as routines are run.",
        """
        Makes routines of the guide as 'guide compile' does, writes none of them down, and runs those of the sections \
        that are named: planned, approved, fenced, journalled and proved like everything else. '--dry-run' prints what \
        would be done, to the letter.

        A section is named by its heading, a part of it, or its routine. What of it a machine cannot do is listed \
        first; such a section is run only with '--partly', because what stands behind a step that was left out may \
        have been written for the case that it was done. After a step that failed the sections behind it are not begun.
        """)

    @Argument(help: "A Markdown file.", completion: .file(extensions: ["md"]))
    var file: String
    @Option(help: ArgumentHelp("This section; may be given several times.", valueName: "heading"))
    var section: [String] = []
    @Flag(help: "Every section that has commands.")
    var allSections = false
    @Flag(help: "Also sections of which a part is no step.")
    var partly = false
    @Option(
        help: ArgumentHelp(
            "Where the team's own programs run; without it, at the root of the repository the guide stands in.",
            valueName: "path"), completion: .directory)
    var directory: LocalPath?
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "How") var run: RunOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard run.plan == nil else { throw ValidationError("'--plan' belongs to one task, not to a guide") }
        guard !allSections || section.isEmpty else {
            throw ValidationError("'--all-sections' and '--section' exclude each other")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let read = try GuideFile(file)
        let editing = try application.editing(CompiledGuide.topic(file), by: "guide compile", place)
        var resolver = Resolver(try CommandMeanings(application), scripts: try read.scripts().names)
        let compiled = CompiledGuide(
            read.guide, resolver: &resolver,
            .init(application, editing.inventory, own: editing.file.path, directory: directory?.path ?? read.root))
        let chosen = try chosen(from: compiled.routines)
        tell(chosen, application.console)
        let names = chosen.filter(\.isRunnable).map(\.name)
        guard !names.isEmpty else { throw RunGuideError.nothing(file) }
        if !run.dryRun, !partly, let routine = chosen.first(where: { !$0.isWhole }) {
            throw RunGuideError.partly(routine.title, parts: routine.steps.count { !$0.isStep })
        }
        // All of them, since other files may have steps that are routines of this one.
        let session = try await application.open(
            place, output, with: try editing.inventory(with: compiled.routineYAML))
        var statuses: [ExitStatus] = []
        for name in names {
            let status = try await session.run(try session.request(routine: name, environments), run)
            statuses.append(status)
            // What only looks may find something; whatever else ends badly keeps the rest from being begun.
            guard run.dryRun || [.success, .findings].contains(status) else {
                let left = names.count - statuses.count
                if left > 0 { application.console.note("mainstay: \("section".counted(left)) behind it not begun") }
                break
            }
        }
        return .combined(statuses)
    }

    private func chosen(from routines: [CompiledGuide.Routine]) throws -> [CompiledGuide.Routine] {
        let titles = routines.map(\.heading)
        if allSections || section.isEmpty && (run.dryRun || routines.count == 1) { return routines }
        guard !section.isEmpty else { throw RunGuideError.whichSection(titles) }
        var names: Set<String> = []
        for wanted in section {
            let lower = wanted.lowercased()
            let exact = routines.filter { $0.name == lower || $0.heading.lowercased() == lower }
            let found = exact.isEmpty ? routines.filter { $0.description.lowercased().containsBytes(lower) } : exact
            guard !found.isEmpty else {
                throw RunGuideError.noSection(
                    wanted, nearest: nearest(to: lower, among: routines.flatMap { [$0.name, $0.heading] }), titles)
            }
            names.formUnion(found.map(\.name))
        }
        return routines.filter { names.contains($0.name) }
    }

    /// What of the chosen sections is no step.
    private func tell(_ routines: [CompiledGuide.Routine], _ console: Console) {
        guard !output.quiet, output.format == .table else { return }
        for routine in routines where !routine.isWhole {
            console.note("\(routine.title.printable): no steps are")
            for step in routine.steps {
                guard case .remark(let reason) = step.kind else { continue }
                let text = "\(step.text.printable.prefix(60)): \(reason.printable)"
                for line in text.wrapped(to: console.errorWidth, first: "  \(String(step.line)) ".filled(to: 8)) {
                    console.note(line)
                }
            }
        }
    }
}

enum RunGuideError: MaintenanceError {
    case whichSection([String])
    case noSection(String, nearest: String?, [String])
    case partly(String, parts: Int)
    case nothing(String)

    var code: String {
        switch self {
        case .whichSection: "guide.which-section"
        case .noSection: "guide.no-section"
        case .partly: "guide.partly"
        case .nothing: "guide.nothing-to-run"
        }
    }

    var problem: String {
        switch self {
        case .whichSection(let titles):
            "the guide has \("section".counted(titles.count)) with commands, and none was named"
        case .noSection(let wanted, _, _): "no section with commands is called '\(wanted.printable)'"
        case .partly(let title, let parts):
            "\("command".counted(parts)) of '\(title.printable)' \(parts == 1 ? "is" : "are") no step"
        case .nothing(let file): "nothing of '\(file.printable)' that was chosen can be run"
        }
    }

    var hint: String? {
        switch self {
        case .whichSection(let titles):
            "Name one by '--section', or '--all-sections': \(Self.list(titles))."
        case .noSection(_, let nearest?, _): "Did you mean '\(nearest.printable)'?"
        case .noSection(_, nil, let titles): "There are \(Self.list(titles))."
        case .partly: "Nothing was run. Do these by hand, or run the rest with '--partly'."
        case .nothing: "'mainstay guide check FILES --commands' says what became of each command."
        }
    }

    private static func list(_ titles: [String]) -> String {
        let shown = titles.prefix(5).map { "'\($0.printable)'" }.joined(separator: ", ")
        return titles.count > 5 ? "\(shown), and \(titles.count - 5) more" : shown
    }

    var exitStatus: ExitStatus {
        switch self {
        case .whichSection, .noSection: .usage
        case .partly, .nothing: .configuration
        }
    }
}

extension CompiledGuide.Routine {
    /// For people: the headings, or the name where there are none.
    var title: String { description.isEmpty ? name : description }
    /// Whether all of it is done when it is run.
    var isWhole: Bool { steps.allSatisfy(\.isStep) }
}

extension CompiledGuide.Step {
    var isStep: Bool { if case .remark = kind { false } else { true } }
}
