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
    @Option(
        help: ArgumentHelp("A file that shows it, at most 16 MiB; a copy is kept.", valueName: "file"),
        completion: .file())
    var attach: LocalPath?
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let answers = session.answers
        let list = try answers.book.list(subject.name)
        let item = try answers.book.item(subject.item, of: list)
        var signed: [ItemStanding] = []
        for environment in try session.places(environments, for: list) {
            let signOff = try await answers.sign(
                item, of: list, in: environment, result, note: note, attachment: attach?.path)
            session.leave(signOff.entry, after: "signature of \(list.name)/\(item.name) in \(environment)")
            let standing = try await answers.standing(list, in: environment).items.first { $0.item == item.name }
            if let standing { signed.append(standing) }
            guard output.format == .table else { continue }
            let until = signOff.at + list.countsFor(item)
            application.console.print(
                "mainstay: '\(item.text.printable)' is signed as \(result.words) in \(environment) by "
                    + "\(signOff.by.name.printable), until \(until)")
        }
        if output.format != .table {
            try session.print(signed.listing, document: signed, empty: "")
        }
        return .success
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
    @Option(
        help: ArgumentHelp("A file that shows it, at most 16 MiB; a copy is kept.", valueName: "file"),
        completion: .file())
    var attach: LocalPath?
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let answers = session.answers
        let list = try answers.book.list(subject.name)
        let item = try answers.book.item(subject.item, of: list)
        var standings: [ItemStanding] = []
        for environment in try session.places(environments, for: list) {
            let remark = try await answers.remark(
                on: item, of: list, in: environment, note: note, attachment: attach?.path)
            session.leave(remark.entry, after: "remark on \(list.name)/\(item.name) in \(environment)")
            let standing = try await answers.standing(list, in: environment).items.first { $0.item == item.name }
            if let standing { standings.append(standing) }
            guard output.format == .table else { continue }
            application.console.print("mainstay: noted on \(list.name)/\(item.name) in \(environment)")
        }
        if output.format != .table { try session.print(standings.listing, document: standings, empty: "") }
        return .success
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
