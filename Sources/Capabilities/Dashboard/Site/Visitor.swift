import Outside
import Engine
import Maintenance
import Web

/// Whoever is behind a request, as far as they have proved it.
struct Visitor: Sendable {
    var account: Account
    /// What forms have to send along; nil for a program with a token.
    var formToken: String?
    var peer: String
    /// Of a token; nil for somebody who has signed in.
    var scopes: Set<TokenScope>?
    /// The token's id; nil for somebody who has signed in.
    var token: String?

    var grants: Grants { account.grants }

    /// What the audit trail and approvals know them as.
    func requester(process: Int32) -> Requester {
        Requester(user: account.name, host: peer, processID: process)
    }
}

/// One request with all that answers it: who asks, what for, and what is known now.
struct Visit: Sendable {
    var site: Site
    var request: WebRequest
    /// What stands in the place of the route's variables.
    var values: [String]
    /// Nil only on routes that are for everybody.
    var visitor: Visitor?

    var grants: Grants { visitor?.grants ?? Grants() }
    var now: Timestamp { site.clock.now() }

    func value(_ place: Int) -> String { values.indices.contains(place) ? values[place] : "" }

    /// Throws where the visitor may not do that there. To somebody who may see nothing of an environment, what is in it
    /// does not exist.
    func hold(_ role: Role, in environment: String) throws(Refusal) {
        guard grants.may(.viewer, in: environment) else { throw .notFound }
        guard grants.may(role, in: environment) else { throw .forbidden(role, environment) }
    }

    func sees(_ environment: String) -> Bool { grants.may(.viewer, in: environment) }
}

/// Why a request is not answered with what it asks for.
enum Refusal: Error {
    case notFound
    case forbidden(Role, String)
    /// A form that was not ours, or whose session is another by now.
    case forged
    /// What was filled in does not do; one clause.
    case unusable(String)
    case tooOften(Duration)
    /// It does not go with how things stand; one clause.
    case conflict(String)
    /// Too much is asked at once; one clause.
    case busy(String)
    /// The token was made for something else.
    case outOfScope(TokenScope)
    /// The body is no JSON, or not of the kind that is needed; one clause.
    case malformed(String)
    /// Nothing that was looked at answers it; one clause, and what to do.
    case unanswered(String, hint: String)
    /// Members of the body that do not do.
    case members([Member])

    struct Member: Sendable, Encodable {
        /// RFC 6901, as a fragment is written: `/options/changed`.
        var pointer: String
        var detail: String
        var hint: String?
    }
}
