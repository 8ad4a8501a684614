import Maintenance

/// A provider of OpenID Connect (Core 1.0) whose people may sign in to the dashboard.
package struct OpenIDSettings: Sendable, Equatable {
    /// As the provider writes it in its tokens, to the letter.
    package var issuer: String
    /// What this installation is called at the provider.
    package var clientID: String
    /// Nil for a client that has none: PKCE alone then binds a code to whoever asked for it.
    package var clientSecret: ConfiguredText?
    /// What people call the provider.
    package var name = standardName
    /// What is asked for beside `openid`.
    package var scopes: [String] = standardScopes
    /// The claim that names new accounts.
    package var accountClaim = standardAccountClaim
    /// The claim with somebody's groups: a text or a list of texts.
    package var groupsClaim = standardGroupsClaim
    /// What groups may do; empty where accounts keep the roles that an admin gave them.
    package var roles: [GroupRole] = []
    /// Whether an account is made for whoever has a role and none yet.
    package var createsAccounts = false
    /// Accounts by name, and the verified e-mail address whose owner gets them when they first sign in.
    package var mails: [String: String] = [:]
    /// Whose signature on the provider's certificate counts, PEM; nil for the system's.
    package var authorities: String?

    package static let standardName = "OpenID Connect"
    package static let standardScopes = ["profile"]
    package static let standardAccountClaim = "preferred_username"
    package static let standardGroupsClaim = "groups"

    package init(issuer: String, clientID: String) {
        self.issuer = issuer
        self.clientID = clientID
    }

    /// What whoever is in a group may do.
    package struct GroupRole: Sendable, Hashable {
        package var group: String
        package var role: Role
        /// Empty for all environments, those to come too.
        package var environments: [String]

        package init(group: String, role: Role, environments: [String] = []) {
            self.group = group
            self.role = role
            self.environments = environments
        }
    }

    /// The roles of the dashboard, as a configuration writes them.
    package enum Role: String, Sendable, CaseIterable {
        case viewer
        case `operator`
        case approver
        case admin
    }
}

/// Where an address leads, as far as it matters whether others can listen on the way.
package enum WayThere {
    /// Whether what is sent there is read by nobody else: over TLS, or without leaving this machine.
    package static func isSafe(_ url: String) -> Bool {
        if url.lowercased().hasPrefix("https://") { return true }
        guard url.lowercased().hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return false }
        if authority.hasPrefix("[::1]") { return true }
        let host = authority.prefix { $0 != ":" }.lowercased()
        guard host != "localhost" else { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
