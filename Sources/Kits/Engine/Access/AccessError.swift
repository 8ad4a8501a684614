import Maintenance

/// Why somebody does not get in, or an account cannot be made.
package enum AccessError: MaintenanceError {
    case malformedName(String)
    case noSuchAccount(String, nearest: String?)
    case nameTaken(String)
    case noSuchToken(String)
    case linkIsOver
    case lastAdmin(String)
    case noRole
    /// Whoever that is at the provider has that account.
    case identityTaken(account: String)
    case notLinked(String)
    case noProvider

    package var code: String {
        switch self {
        case .malformedName: "access.malformed-name"
        case .noSuchAccount: "access.no-such-account"
        case .nameTaken: "access.name-taken"
        case .noSuchToken: "access.no-such-token"
        case .linkIsOver: "access.link-is-over"
        case .lastAdmin: "access.last-admin"
        case .noRole: "access.no-role"
        case .identityTaken: "access.identity-taken"
        case .notLinked: "access.not-linked"
        case .noProvider: "access.no-provider"
        }
    }

    package var problem: String {
        switch self {
        case .malformedName(let name): "'\(name.printable)' is no name for an account"
        case .noSuchAccount(let name, _): "there is no account '\(name.printable)'"
        case .nameTaken(let name): "there is an account '\(name.printable)' already"
        case .noSuchToken(let id): "there is no token '\(id.printable)'"
        case .linkIsOver: "the link was used, has expired, or was never given out"
        case .lastAdmin(let name): "'\(name.printable)' is the only open account that is admin"
        case .noRole: "no role is named, and an account without one sees nothing"
        case .identityTaken(let account): "that subject belongs to the account '\(account.printable)' already"
        case .notLinked(let name): "the account '\(name.printable)' belongs to nobody at a provider"
        case .noProvider: "no provider of OpenID Connect is configured"
        }
    }

    package var hint: String? {
        switch self {
        case .malformedName: "Use small letters, digits, '-', '_', '.', at most 63, beginning with a letter or digit."
        case .noSuchAccount(_, let nearest):
            nearest.map { "Did you mean '\($0)'?" } ?? "'mainstay access list' shows the accounts."
        case .nameTaken: "'mainstay access invite NAME' with that name gives it a new link and new roles."
        case .noSuchToken: "'mainstay access list' shows the tokens."
        case .linkIsOver: "Ask for a new one: 'mainstay access invite NAME'."
        case .lastAdmin: "Make another admin first: 'mainstay access invite NAME --role admin'."
        case .noRole: "Write '--role viewer', or '--role production=approver' for one environment."
        case .identityTaken(let account): "Take it from there first: 'mainstay access unlink \(account)'."
        case .notLinked: "'mainstay access list' shows the accounts."
        case .noProvider: "Write 'openid' under 'server' in the configuration."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .malformedName, .noSuchAccount, .nameTaken, .noSuchToken, .noRole, .identityTaken, .notLinked: .usage
        case .linkIsOver, .lastAdmin: .failure
        case .noProvider: .configuration
        }
    }
}
