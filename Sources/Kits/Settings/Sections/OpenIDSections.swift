import Maintenance

/// The mapping `server.openid`.
enum OpenIDSections {
    static var format: Format<OpenIDSettings> {
        Section<Draft>(
            prototype: { _ in Draft() },
            keys: [
                Key(
                    "issuer", \.issuer, issuer, isRequired: true,
                    "The provider, as it names itself in its tokens; its settings are read from there."),
                Key("client-id", \.clientID, .text, isRequired: true, "What Mainstay is called at the provider."),
                Key(
                    "client-secret", \.settings.clientSecret, .configured("a client's secret", .whole),
                    "What Mainstay proves itself with at the provider; without it by PKCE alone."),
                Key(
                    "name", \.settings.name, .text, standard: OpenIDSettings.standardName,
                    "What people call the provider, on the page where they sign in."),
                Key(
                    "scopes", \.settings.scopes, .oneOrMore(token), standard: OpenIDSettings.standardScopes,
                    "What is asked for beside 'openid'."),
                Key(
                    "account-claim", \.settings.accountClaim, .text, standard: OpenIDSettings.standardAccountClaim,
                    "The claim of the ID token that names new accounts, up to an '@'."),
                Key(
                    "groups-claim", \.settings.groupsClaim, .text, standard: OpenIDSettings.standardGroupsClaim,
                    "The claim of the ID token with somebody's groups."),
                Key(
                    "roles", \.settings.roles, .list(of: role),
                    "What groups may do; without it accounts keep the roles that an admin gave them."),
                Key(
                    "create", \.settings.createsAccounts, .boolean, standard: false,
                    "Whether whoever has a role and no account gets one when they sign in. Needs 'roles'."),
                Key(
                    "mails", \.settings.mails, .dictionary("account", mail),
                    "Accounts that belong to whoever signs in first with this e-mail address, verified by the provider."
                ),
                Key(
                    "ca-file", \.settings.authorities, .path,
                    "The certificate authorities that count for the provider, PEM, in place of the system's."),
            ],
            later: ["userinfo", "logout", "prompt", "acr-values", "max-age", "algorithms", "proxy", "timeout"],
            rules: [.needs("create", "roles")]
        ).format.map(
            { draft, tree, keyPath, reading in
                guard let issuer = draft.issuer, let clientID = draft.clientID,
                    judge(draft.settings.mails, tree, keyPath.appending(key: "mails"), reading)
                else { return nil }
                var settings = draft.settings
                settings.issuer = issuer
                settings.clientID = clientID
                return settings
            }, writing: { Draft(issuer: $0.issuer, clientID: $0.clientID, settings: $0) })
    }

    /// An address is one account's, and an account has a name as accounts have.
    private static func judge(
        _ mails: [String: String], _ tree: Tree, _ keyPath: String, _ reading: Reading
    ) -> Bool {
        let place = reading.locations[keyPath] ?? tree.location
        var owners: [String: String] = [:]
        var isRight = true
        for (name, mail) in mails.sorted(by: { $0.key < $1.key }) {
            if name != name.lowercased() {
                reading.report(
                    "'\(name)' is no name for an account", at: place, keyPath,
                    allowed: "small letters, digits, '-', '_', '.'")
                isRight = false
            }
            if let other = owners.updateValue(name, forKey: mail.lowercased()) {
                reading.report(
                    "'\(mail.lowercased().printable)' stands there for '\(other)' and '\(name)'", at: place, keyPath)
                isRight = false
            }
        }
        return isRight
    }

    private struct Draft: Sendable {
        var issuer: String?
        var clientID: String?
        var settings = OpenIDSettings(issuer: "", clientID: "")
    }

    /// OpenID Connect Discovery 1.0, section 4.3: without a query and a fragment.
    private static var issuer: Format<String> {
        .scalar(
            "an address such as https://login.example, by http only on this machine",
            schema: ["type": "string", "pattern": "^https?://[^ ?#@]+$"]
        ) { text in
            let isClean = text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "@")
            }
            let rest = text.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
            let hasHost = rest.first.map { $0 != UInt8(ascii: "/") } ?? false
            return isClean && hasHost && WayThere.isSafe(text) ? text : nil
        } write: {
            .text($0)
        }
    }

    /// RFC 6749, 3.3.
    private static var token: Format<String> {
        .scalar("a scope, such as profile", schema: ["type": "string", "pattern": "^[!-~]+$"]) { text in
            let isToken = text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
            return isToken && !text.isEmpty ? text : nil
        } write: {
            .text($0)
        }
    }

    private static var mail: Format<String> {
        .scalar("an e-mail address", schema: ["type": "string", "pattern": "^[^@ ]+@[^@ ]+$"]) { text in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let isClean = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
            return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && isClean ? text : nil
        } write: {
            .text($0)
        }
    }

    private struct RoleDraft: Sendable {
        var group: String?
        var role: OpenIDSettings.Role?
        var environments: [String] = []
    }

    private static var role: Format<OpenIDSettings.GroupRole> {
        Section<RoleDraft>(
            prototype: { _ in RoleDraft() },
            keys: [
                Key("group", \.group, .text, isRequired: true, "The group, as the provider writes it."),
                Key("role", \.role, .choice(), isRequired: true, "What whoever is in it may do."),
                Key(
                    "environments", \.environments, .oneOrMore(.name),
                    "Where; without it everywhere, in environments to come too."),
            ]
        ).format.map(
            { draft, tree, keyPath, reading in
                guard let group = draft.group, let role = draft.role else { return nil }
                guard role != .admin || draft.environments.isEmpty else {
                    reading.report(
                        "an admin is admin of everything, not of environments", at: tree.location, keyPath,
                        allowed: "'admin' without 'environments', or 'approver'")
                    return nil
                }
                return OpenIDSettings.GroupRole(group: group, role: role, environments: draft.environments)
            },
            writing: { RoleDraft(group: $0.group, role: $0.role, environments: $0.environments) })
    }
}

extension OpenIDSections {
    /// What only shows together with the rest of the server: codes come back to its address.
    static func judge(_ server: DashboardSettings, _ tree: Tree, _ keyPath: String, _ reading: Reading) -> Bool {
        guard server.openid != nil, let url = server.url, !WayThere.isSafe(url) else { return true }
        let place = keyPath.appending(key: "url")
        reading.report(
            "'\(url.printable)' would show codes of 'openid' to whoever listens on the way",
            at: reading.locations[place] ?? tree.location, place, allowed: "an address that begins with https://")
        return false
    }

    /// What only shows when everything is put together.
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        guard let settings = inventory.server?.openid else { return }
        let known = inventory.environments.map(\.name)
        let path = "server.openid.roles"
        for (index, role) in settings.roles.enumerated() {
            for environment in role.environments where !known.contains(environment) {
                let place = path.appending(index: index).appending(key: "environments")
                reading.report(
                    "there is no environment '\(environment.printable)'",
                    at: reading.locations[place] ?? reading.locations[path]
                        ?? SourceLocation(file: "", line: 1, column: 1), place,
                    allowed: known.joined(separator: ", "), nearest: nearest(to: environment, among: known))
            }
        }
    }
}
