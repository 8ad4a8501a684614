import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay access invite NAME`
struct InviteAccount: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "invite", "Give somebody an account of the dashboard, or new roles, and a link to choose its password.",
        """
        The link works once and for a day; an older one of the same account is over. Roles are viewer, operator \
        (starts dry runs, answers alerts, signs checklists), approver and admin, each with all before it; '--role \
        production=approver' is for one environment, '--role viewer' for all, and both may be given.
        """)

    @Argument(help: "The account's name, as the audit trail calls it.")
    var name: String
    @Option(
        name: .customLong("role"),
        help: ArgumentHelp("What they may do; may be given several times.", valueName: "environment=role"))
    var roles: [String] = []
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let grants = try GrantWords.read(roles, session.inventory)
        let key = Keys.make()
        let until = application.clock.now() + Gatekeeper.linkTime
        try await session.log.invite(name, grants, link: Keys.digest(key), until: until)
        session.leave(try await session.log.auditHead(), after: "invitation of \(name)")
        let address = (session.inventory.server ?? DashboardSettings()).address
        let invitation = Invitation(account: name, roles: grants.text, link: "\(address)/set-up/\(key)", until: until)
        if output.format == .json {
            application.console.print(try JSONText.make(invitation))
        } else {
            application.console.print("mainstay: \(name) is \(grants.text); the link works once, until \(until):")
            application.console.print(invitation.link)
        }
        return .success
    }

    private struct Invitation: Encodable {
        var account, roles, link: String
        var until: Timestamp
    }
}

/// `mainstay access list`
struct ListAccess: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "list", "List who may use the dashboard, and the tokens of programs.")

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let now = application.clock.now()
        let linked = try await session.log.linkedAccounts()
        let accounts = try await session.log.accounts().map { account in
            let isUsable = account.secret != nil || linked.contains(account.name)
            return Line(
                name: account.name, kind: linked.contains(account.name) ? "account, linked" : "account",
                roles: account.grants.text, state: !account.isOpen ? "closed" : isUsable ? "open" : "invited",
                since: account.createdAt, until: nil, purpose: nil)
        }
        let tokens = try await session.log.tokens().map { token in
            Line(
                name: token.id, kind: "token of \(token.account)", roles: "\(token.grants.text) (\(token.scopeText))",
                state: token.revokedAt != nil ? "revoked" : token.isValid(at: now) ? "open" : "over",
                since: token.createdAt, until: token.endsAt, purpose: token.purpose)
        }
        let lines = accounts + tokens
        let listing = Listing(
            "Access", ["name", "kind", "roles", "state", "until", "for"],
            lines.map { line in
                [
                    .text(line.name), .text(line.kind), .text(line.roles), .text(line.state),
                    line.until.map { .text($0.description) } ?? .null, line.purpose.map(Scalar.text) ?? .null,
                ]
            })
        try session.print(
            listing, document: lines,
            empty: "Nobody may use the dashboard yet: 'mainstay access invite NAME --role admin'.")
        return .success
    }

    private struct Line: Encodable {
        var name, kind, roles, state: String
        var since: Timestamp
        var until: Timestamp?
        var purpose: String?
    }
}

/// `mainstay access close NAME`
struct CloseAccount: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "close", "Close an account: its sessions, its link and its tokens are over at once.",
        "What it did stays in the audit trail. 'access invite' opens it again.")

    @Argument(help: "The account's name.")
    var name: String
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        try await session.log.close(account: name)
        session.leave(try await session.log.auditHead(), after: "closing of account \(name)")
        application.console.print("mainstay: \(name.printable) may not use the dashboard any more")
        return .success
    }
}

/// `mainstay access token ACCOUNT`
struct MakeToken: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "token", "Make a token with which a program asks for an account; it is shown once.",
        """
        A program sends it as 'Authorization: Bearer TOKEN', and never may more than the account and '--role' both \
        allow, and never anything that no '--scope' names: read; dry-run, which looks and changes nothing; run, which \
        changes something; answer, which approves, signs and silences; alerts, which brings alerts of other programs. \
        Only its digest is stored.
        """)

    @Argument(help: "Whose token it is.")
    var account: String
    @Option(
        name: .customLong("role"),
        help: ArgumentHelp("What it may do; may be given several times.", valueName: "environment=role"))
    var roles: [String] = ["viewer"]
    @Option(
        name: .customLong("scope"),
        help: ArgumentHelp("What it may be used for; may be given several times.", valueName: "use"))
    var scopes: [TokenScope] = [.read]
    @Option(help: ArgumentHelp("What it is for.", valueName: "text"))
    var purpose: String
    @Option(name: .customLong("for"), help: ArgumentHelp("How long it counts, at most 366d.", valueName: "duration"))
    var length: Duration = .seconds(90 * 86_400)
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard length > .zero, length <= .seconds(366 * 86_400) else {
            throw ValidationError("'--for' is longer than nothing and at most 366d")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let grants = try GrantWords.read(roles, session.inventory)
        let key = Keys.make()
        let now = application.clock.now()
        let token = AccessToken(
            id: Identifiers(clock: application.clock).next(), account: account, purpose: purpose, grants: grants,
            scopes: Set(scopes), createdAt: now, endsAt: now + length)
        try await session.log.make(token, digest: Keys.digest(key))
        session.leave(try await session.log.auditHead(), after: "token \(token.id)")
        let made = Made(
            token: key, id: token.id, account: account, roles: grants.text, scopes: token.scopeText, until: token.endsAt
        )
        if output.format == .json {
            application.console.print(try JSONText.make(made))
        } else {
            application.console.note(
                "mainstay: token \(token.id) of \(account.printable), \(grants.text), for \(token.scopeText), until \(token.endsAt); shown this once:"
            )
            application.console.print(key)
        }
        return .success
    }

    private struct Made: Encodable {
        var token, id, account, roles, scopes: String
        var until: Timestamp
    }
}

/// `mainstay access revoke TOKEN`
struct RevokeToken: HouseCommand {
    static let configuration = CommandConfiguration.house("revoke", "Take a token back; it counts no more at once.")

    @Argument(help: "The token's id, as 'access list' shows it.")
    var id: String
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        try await session.log.revoke(token: id)
        session.leave(try await session.log.auditHead(), after: "revocation of token \(id)")
        application.console.print("mainstay: token \(id.printable) counts no more")
        return .success
    }
}

extension TokenScope: ExpressibleByArgument {}

extension AccessToken {
    /// `answer, read`.
    fileprivate var scopeText: String { scopes.map(\.rawValue).sorted().joined(separator: ", ") }
}
