import ArgumentParser
import Command
import Engine
import Maintenance
import Settings

/// Which item of which checklist.
struct ItemName: ParsableArguments, Sendable {
    @Argument(help: "The checklist, or the beginning of its name.", completion: .known)
    var name: String
    @Argument(help: "The item, or the beginning of its name.")
    var item: String

    init() {}
}

/// What a word on an item brings along, and where it is said.
struct ItemWords: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("A file that shows it, at most 16 MiB; a copy is kept.", valueName: "file"),
        completion: .file())
    var attach: LocalPath?
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    init() {}

    /// Says it in each environment that is meant, and prints how the item stands there then.
    func say(
        on subject: ItemName, in application: Application,
        _ body: (ChecklistAnswers, Checklist, ChecklistItem, String) async throws -> Said
    ) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let answers = session.answers
        let list = try answers.book.list(subject.name)
        let item = try answers.book.item(subject.item, of: list)
        var standings: [ItemStanding] = []
        for environment in try session.places(environments, for: list) {
            let said = try await body(answers, list, item, environment)
            session.leave(said.entry, after: "\(said.kind) \(list.name)/\(item.name) in \(environment)")
            let standing = try await answers.standing(list, in: environment).items.first { $0.item == item.name }
            if let standing { standings.append(standing) }
            if output.format == .table { application.console.print("mainstay: \(said.line)") }
        }
        if output.format != .table { try session.print(standings.listing, document: standings, empty: "") }
        return .success
    }

    struct Said {
        var entry: AuditHead?
        /// For the system log: `signature of`.
        var kind: String
        /// For whoever said it.
        var line: String
    }
}

/// `mainstay checklist sign NAME ITEM --result done`
struct SignItem: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "sign", "Sign an item that only a person can answer.",
        """
        Who, when, the note and the SHA-256 of the attachment are an entry of the audit trail; nobody can change it, and \
        a newer one takes its place. What evidence answers nobody signs by hand.
        """)

    @OptionGroup(title: "What") var subject: ItemName
    @Option(help: ArgumentHelp("Whether it is done.", valueName: "answer"))
    var result: SignOff.Result
    @Option(help: ArgumentHelp("What was seen; needed where it is not done.", valueName: "text"))
    var note: String?
    @OptionGroup var words: ItemWords

    func run(in application: Application) async throws -> ExitStatus {
        try await words.say(on: subject, in: application) { answers, list, item, environment in
            let signOff = try await answers.sign(
                item, of: list, in: environment, result, note: note, attachment: words.attach?.path)
            let until = signOff.at + list.countsFor(item)
            return .init(
                entry: signOff.entry, kind: "signature of",
                line: "'\(item.text.printable)' is signed as \(result.words) in \(environment) by "
                    + "\(signOff.by.name.printable), until \(until)")
        }
    }
}

/// `mainstay checklist remark NAME ITEM --note TEXT`
struct RemarkOnItem: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "remark", "Add a word to an item; it answers nothing.",
        "It stands in the audit trail and beside the item until somebody signs, or remarks 50 times more.")

    @OptionGroup(title: "What") var subject: ItemName
    @Option(help: ArgumentHelp("What there is to say.", valueName: "text"))
    var note: String
    @OptionGroup var words: ItemWords

    func run(in application: Application) async throws -> ExitStatus {
        try await words.say(on: subject, in: application) { answers, list, item, environment in
            let remark = try await answers.remark(
                on: item, of: list, in: environment, note: note, attachment: words.attach?.path)
            return .init(
                entry: remark.entry, kind: "remark on", line: "noted on \(list.name)/\(item.name) in \(environment)")
        }
    }
}

extension SignOff.Result: ExpressibleByArgument {
    var words: String { self == .done ? "done" : "not done" }
}

extension [ItemStanding] {
    fileprivate var listing: Listing {
        Listing(
            "Items", ["item", "state", "why"], map { [.text($0.item), .text($0.state.rawValue), .text($0.reason)] })
    }
}
