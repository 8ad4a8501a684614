import ArgumentParser
import Command
import Engine
import Maintenance
import Settings

/// `mainstay checklist show NAME`
struct ShowChecklist: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "show", "Show how the items of a checklist stand, why, and what answers those that are not green.",
        """
        Green is an item that something answered well and whose answer still counts; red, one that was answered \
        otherwise; of every other one nothing is known. Exits with 0 where all are green, with 6 where nothing but \
        signatures is missing, else with 1.
        """)

    @Argument(help: "The checklist, or the beginning of its name.", completion: .known)
    var name: String
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let standings = try await session.standings(name, environments)
        guard output.format == .table else {
            try session.print(Self.listing(standings, isMarked: false), document: standings, empty: "")
            return Self.exitStatus(standings)
        }
        for (index, standing) in standings.enumerated() {
            if index > 0 { application.console.print("") }
            if !output.quiet {
                try session.print(Self.listing([standing], isMarked: true), document: standing, empty: "")
                application.console.print("")
                for line in Self.remarks(standing) + Self.answers(standing) { application.console.print(line) }
            }
            application.console.print("mainstay: \(standing.verdict)")
        }
        return Self.exitStatus(standings)
    }

    private static func listing(_ standings: [ChecklistStanding], isMarked: Bool) -> Listing {
        let isWhole = !isMarked
        var columns: [Listing.Column] = isWhole ? ["environment", "state", "item"] : ["item", "state"]
        columns += isWhole ? ["asks", "answered by", "why", "until"] : ["asks", "why"]
        return Listing(
            "Checklist", columns,
            standings.flatMap { standing in
                standing.items.map { item -> [Scalar] in
                    guard isWhole else {
                        return [
                            .text(item.item), .text("\(item.state.mark) \(item.state.rawValue)"), .text(item.text),
                            .text(item.why),
                        ]
                    }
                    return [
                        .text(standing.environment), .text(item.state.rawValue), .text(item.item), .text(item.text),
                        .text(item.answeredBy), .text(item.reason), item.countsUntil.map { .text($0.iso8601) } ?? .null,
                    ]
                }
            })
    }

    private static func remarks(_ standing: ChecklistStanding) -> [String] {
        standing.items.flatMap { item in
            item.remarks.map { remark in
                "remark on \(item.item) by \(remark.by.name.printable) at \(remark.at): "
                    + (remark.note ?? "").printable + (remark.attachment.map { " (\($0.name.printable))" } ?? "")
            }
        }
    }

    /// The commands that answer what is not green, each once; of signatures one example.
    private static func answers(_ standing: ChecklistStanding) -> [String] {
        let open = standing.items.filter { $0.state != .green }
        var commands: [String] = []
        for item in open where !item.isManual && !commands.contains(item.resolve) { commands.append(item.resolve) }
        let manual = open.filter(\.isManual)
        if let first = manual.first { commands.append(first.resolve) }
        let rest = manual.count > 1 ? ["(and so for \(manual.dropFirst().map(\.item).joined(separator: ", ")))"] : []
        return commands.map { "answer it: \($0)" } + rest
    }

    private static func exitStatus(_ standings: [ChecklistStanding]) -> ExitStatus {
        .combined(
            standings.map { standing -> ExitStatus in
                if standing.isComplete { return .success }
                return standing.items.allSatisfy { $0.state == .green || ($0.isManual && $0.state == .unknown) }
                    ? .waiting : .failure
            })
    }
}

extension Session {
    /// The environments that were named, each of them one where the checklist is kept.
    func places(_ environments: EnvironmentOptions, for list: Checklist) throws -> [String] {
        let places = try inventory.select(environments, for: .environments)
        let kept = answers.book.environments(of: list)
        if let stranger = places.first(where: { !kept.contains($0) }) {
            throw ChecklistError.notKept(list: list.name, environment: stranger, environments: kept)
        }
        return places
    }

    /// A checklist in the environments that were named, or in all where it is kept.
    func standings(_ name: String, _ environments: EnvironmentOptions) async throws -> [ChecklistStanding] {
        let answers = answers
        let list = try answers.book.list(name)
        let kept = answers.book.environments(of: list)
        let places =
            environments.isEmpty || environments.allEnvironments
            ? kept : try inventory.select(environments, for: .environments)
        var standings: [ChecklistStanding] = []
        for place in places { standings.append(try await answers.standing(list, in: place)) }
        return standings
    }
}

extension ItemState {
    /// A mark of one column that says the same as the word.
    var mark: String {
        switch self {
        case .green: "✓"
        case .red: "✗"
        case .unknown: "?"
        }
    }
}

extension ItemStanding {
    /// The reason, what was signed with it, and until when it counts.
    var why: String {
        let file = signOff?.attachment.map { "; with '\($0.name)'" } ?? ""
        guard state == .green, let countsUntil else { return reason + file }
        return "\(reason)\(file); until \(countsUntil)"
    }
}

extension ChecklistStanding {
    /// `contribux-morning in production: 4 of 6 green, 1 red, 1 unknown`.
    var verdict: String {
        let until = isComplete ? countsUntil.map { " until \($0)" } ?? "" : ""
        return "\(checklist) in \(environment): \(sentence)\(until)"
    }
}
