import ArgumentParser
import Command
import Engine
import Maintenance
import Settings

/// `mainstay access link NAME`
struct LinkAccount: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "link", "Say who an account belongs to at the provider of OpenID Connect.",
        """
        Whoever signs in there and has that subject is that account from then on. The page that turns somebody away says \
        their subject, and so does the audit trail. An account may belong to several.
        """)

    @Argument(help: "The account's name.")
    var name: String
    @Option(help: ArgumentHelp("Who they are at the provider: its subject, to the letter.", valueName: "text"))
    var subject: String
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard (1...255).contains(subject.utf8.count) else {
            throw ValidationError("'--subject' has 1 to 255 characters")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        guard let provider = session.inventory.server?.openid else { throw AccessError.noProvider }
        try await session.log.link(name, to: ForeignIdentity(issuer: provider.issuer, subject: subject))
        session.leave(try await session.log.auditHead(), after: "linking of account \(name)")
        application.console.print(
            "mainstay: \(name.printable) is whoever has the subject '\(subject.printable)' at \(provider.issuer)")
        return .success
    }
}

/// `mainstay access unlink NAME`
struct UnlinkAccount: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "unlink", "Take an account from whoever it belongs to at a provider; its sessions are over at once.",
        "Its password counts as before. To keep somebody out, close the account instead: 'access close'.")

    @Argument(help: "The account's name.")
    var name: String
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        try await session.log.unlink(name)
        session.leave(try await session.log.auditHead(), after: "unlinking of account \(name)")
        application.console.print("mainstay: \(name.printable) belongs to nobody at a provider any more")
        return .success
    }
}
