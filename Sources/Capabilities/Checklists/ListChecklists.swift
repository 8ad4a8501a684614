import ArgumentParser
import Command
import Engine
import Maintenance
import Settings

/// `mainstay checklist list`
struct ListChecklists: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "list", "List the checklists, and how many of their items evidence answers.",
        "'In use' are those that the configuration names; 'mainstay status' tells what of them is due.")

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let inventory = try application.readConfiguration(place).inventory
        let book = application.checklistBook(inventory)
        let used = Set(book.inUse.map(\.name))
        let lines = book.lists.map { list in
            Line(
                checklist: list.name, summary: list.summary, cadence: list.cadence, items: list.items.count,
                byEvidence: list.items.count { !$0.answer.isPersonal }, isInUse: used.contains(list.name),
                environments: book.environments(of: list))
        }
        let listing = Listing(
            "Checklists", ["checklist", "cadence", "items", "by evidence", "in use"],
            lines.map { line in
                [
                    .text(line.checklist), .text(line.cadence.rawValue), Scalar(line.items), Scalar(line.byEvidence),
                    .boolean(line.isInUse),
                ]
            })
        try application.console.print(listing, document: lines, as: output.format, empty: "There is no checklist.")
        return .success
    }

    private struct Line: Encodable {
        var checklist, summary: String
        var cadence: Checklist.Cadence
        var items, byEvidence: Int
        var isInUse: Bool
        var environments: [String]
    }
}
