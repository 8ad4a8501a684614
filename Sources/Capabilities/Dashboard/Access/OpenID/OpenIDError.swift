import Engine
import Maintenance

/// Why somebody cannot sign in by OpenID Connect. `problem` is for the log of the house; what strangers read is `said`,
/// which tells nothing of how the house is built.
enum OpenIDError: MaintenanceError {
    /// No login of this browser is under way that this would end.
    case noAttempt
    /// The provider said so; its word for it.
    case denied(String)
    /// It cannot be asked; one clause.
    case unreachable(String)
    /// It answers what does not do; one clause.
    case unusable(String)
    /// It refuses to change the code for a token; its word for it.
    case codeRefused(String)
    /// What it says of somebody cannot be believed; one clause.
    case unbelieved(String)
    case refused(ForeignEntry.Reason, subject: String)

    var code: String {
        switch self {
        case .noAttempt: "openid.no-attempt"
        case .denied: "openid.denied"
        case .unreachable: "openid.unreachable"
        case .unusable: "openid.unusable"
        case .codeRefused: "openid.code-refused"
        case .unbelieved: "openid.unbelieved"
        case .refused(let reason, _): "openid.\(reason.rawValue)"
        }
    }

    var problem: String {
        switch self {
        case .noAttempt: "no login of this browser is under way"
        case .denied(let word): "the provider let nobody in ('\(word.printable)')"
        case .unreachable(let reason): "the provider cannot be asked: \(reason)"
        case .unusable(let reason): "the provider's answer does not do: \(reason)"
        case .codeRefused(let word): "the provider refused the code it had given ('\(word.printable)')"
        case .unbelieved(let reason): "the provider's ID token cannot be believed: \(reason)"
        case .refused(let reason, let subject):
            "the subject '\(subject.printable)' was turned away (\(reason.rawValue))"
        }
    }

    var hint: String? {
        switch self {
        case .unreachable, .unusable: "Look at 'server.openid' in the configuration, and at the provider."
        case .codeRefused:
            "Look whether the provider knows 'client-id', 'client-secret' and the address to come back to."
        case .unbelieved: "Look at the clocks of both, and at 'issuer' and 'client-id'."
        default: nil
        }
    }

    var isRetryable: Bool { if case .unreachable = self { true } else { false } }

    var exitStatus: ExitStatus {
        switch self {
        case .unreachable: .unreachable
        case .unusable, .codeRefused: .configuration
        default: .failure
        }
    }

    /// What whoever wants to sign in reads: what happened, and what to do.
    var said: (status: Int, problem: String, hint: String) {
        switch self {
        case .noAttempt:
            (
                400, "this login was begun in another browser, took too long, or was ended already",
                "Begin again from the page where one signs in."
            )
        case .denied: (403, "the provider did not let you in", "Begin again, or ask whoever runs the provider.")
        case .unreachable:
            (502, "the provider cannot be asked at the moment", "Try again in a while; with a password you get in now.")
        case .unusable, .codeRefused:
            (502, "the provider's answer cannot be used", "An admin finds in the log of the server why.")
        case .unbelieved:
            (403, "what the provider says of you cannot be believed", "An admin finds in the log of the server why.")
        case .refused(.unknown, let subject):
            (
                403, "you have no account here",
                "Ask an admin: 'mainstay access link NAME --subject=\(subject.printable.shellQuoted)' gives you one that exists."
            )
        case .refused(.closed, let subject):
            (
                403, "your account here was closed",
                "Where an admin opens it again, 'mainstay access link NAME --subject=\(subject.printable.shellQuoted)' "
                    + "makes it yours."
            )
        case .refused(.taken, let subject):
            (
                403, "the account you would get belongs to somebody already",
                "Where it is yours, ask an admin: 'mainstay access link NAME --subject=\(subject.printable.shellQuoted)'."
            )
        case .refused(.nameless, let subject):
            (
                403, "what the provider calls you cannot be the name of an account",
                "Ask an admin: 'mainstay access link NAME --subject=\(subject.printable.shellQuoted)'."
            )
        case .refused(.noRole, _):
            (403, "you may do nothing here", "Ask whoever gives out groups at the provider, or an admin.")
        }
    }
}
