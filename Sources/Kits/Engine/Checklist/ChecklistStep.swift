import Maintenance
import Settings

/// A checklist as a step of a routine: it looks how the list stands in an environment, and changes nothing.
///
/// It succeeds where every item is green, fails where one is red, waits where signatures are all that is missing, and is
/// unproven where evidence is.
struct ChecklistStep: MaintenanceTask {
    static let name = "checklist"

    static let declaration = TaskDeclaration(
        name: name, summary: "answer a checklist", explanation: "A step of a routine.", effect: .observes,
        subject: .environments)

    struct Options: Sendable {
        /// The whole name, as the configuration says it.
        var list: String
        var catalog: TaskCatalog
    }

    private let options: Options

    init(_ options: Options) { self.options = options }

    func survey(_ look: Look) async throws -> Observation {
        let book = ChecklistBook(inventory: look.inventory, catalog: options.catalog)
        let answers = ChecklistAnswers(book, log: look.log)
        let standing = try await answers.standing(try book.list(options.list), in: look.target.environment)
        let red = standing.items(.red)
        if let first = red.first {
            throw ChecklistStepError.red(
                list: standing.checklist, item: first.item, reason: first.reason, count: red.count,
                of: standing.items.count, environment: look.target.environment)
        }
        var observation = Observation()
        observation.evidence["green"] = Scalar(standing.items(.green).count)
        observation.evidence["items"] = Scalar(standing.items.count)
        if let until = standing.countsUntil { observation.evidence["counts until"] = .text(until.iso8601) }
        observation.listings = [
            Listing(
                "Checklist \(standing.checklist)", ["item", "state", "why"],
                standing.items.map { [.text($0.item), .text($0.state.rawValue), .text($0.reason)] })
        ]
        let blind = standing.items(.unknown).filter { !$0.isManual }
        observation.gaps = blind.map { item in
            Observation.Gap(
                "\(standing.checklist)/\(item.item)",
                ErrorReport(
                    code: "checklist.unknown", problem: item.reason, hint: "Let it be answered: '\(item.resolve)'."))
        }
        if blind.isEmpty, !standing.unsigned.isEmpty {
            observation.waiting = ErrorReport(
                ChecklistStepError.waits(
                    list: standing.checklist, items: standing.unsigned.map(\.item),
                    environment: look.target.environment))
        }
        return observation
    }
}

extension ParsedTask {
    static func checklist(_ name: String, _ catalog: TaskCatalog) -> ParsedTask {
        ParsedTask(
            declaration: ChecklistStep.declaration, task: ChecklistStep(.init(list: name, catalog: catalog)),
            arguments: ["--", name])
    }
}

extension TaskEntry {
    static func checklist(_ catalog: TaskCatalog) -> TaskEntry {
        TaskEntry(declaration: ChecklistStep.declaration) { arguments in
            guard arguments.count == 2, arguments[0] == "--" else {
                throw StepArgumentsError(task: ChecklistStep.name, arguments: arguments)
            }
            return .checklist(arguments[1], catalog)
        }
    }
}

/// What keeps a checklist's step from succeeding.
enum ChecklistStepError: MaintenanceError {
    case red(list: String, item: String, reason: String, count: Int, of: Int, environment: String)
    case waits(list: String, items: [String], environment: String)

    static let waitsCode = "checklist.waits"

    var code: String {
        switch self {
        case .red: "checklist.red"
        case .waits: Self.waitsCode
        }
    }

    var problem: String {
        switch self {
        case .red(let list, let item, let reason, let count, let all, _):
            "\(count) of \(all) items of '\(list)' \(count == 1 ? "is" : "are") red: \(item): \(reason.printable)"
        case .waits(let list, let items, let environment):
            "'\(list)' waits for \(items.count) signature\(items.count == 1 ? "" : "s") in \(environment): "
                + items.joined(separator: ", ")
        }
    }

    var hint: String? {
        switch self {
        case .red(let list, _, _, _, _, let environment):
            "'mainstay checklist show \(list) --environment \(environment)' shows all of it."
        case .waits(let list, let items, let environment):
            "'mainstay checklist sign \(list) \(items.first ?? "") --environment \(environment) --result done'; "
                + "then 'mainstay resume'."
        }
    }

    var exitStatus: ExitStatus { if case .waits = self { .waiting } else { .failure } }
}
