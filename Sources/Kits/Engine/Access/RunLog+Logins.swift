import Maintenance
import Outside
import Store

/// Who somebody is at a provider of OpenID Connect: its subject, never a name or an address, which change hands
/// (OpenID Connect Core 1.0, 5.7).
package struct ForeignIdentity: Hashable, Sendable {
    package var issuer: String
    package var subject: String

    package init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }

    fileprivate var place: [String: any StoreConvertible] { ["issuer": issuer, "subject": subject] }

    fileprivate var facts: Facts { ["issuer": .text(issuer), "subject": .text(subject)] }
}

/// What is to come of somebody whom a provider has let in.
package struct ForeignLogin: Hashable, Sendable {
    package var identity: ForeignIdentity
    /// The account that the configuration promises them, where they have none yet.
    package var promised: String?
    /// The name of an account to be made, where they have none and none is promised; nil where none is made.
    package var wanted: String?
    /// What they may do from now on; nil where the account's own roles count.
    package var grants: Grants?
    /// The address they came from, for the trail.
    package var peer: String

    package init(
        _ identity: ForeignIdentity, promised: String? = nil, wanted: String? = nil, grants: Grants? = nil,
        peer: String
    ) {
        self.identity = identity
        self.promised = promised
        self.wanted = wanted
        self.grants = grants
        self.peer = peer
    }
}

/// What came of it.
package enum ForeignEntry: Hashable, Sendable {
    case admitted(Account)
    case refused(Reason)

    package enum Reason: String, Sendable {
        /// They have no account, and none is made.
        case unknown
        /// The account they had, or were promised, was closed.
        case closed
        /// The account that would be made is there already, and is somebody else's until an admin says otherwise.
        case taken
        /// What the provider calls them cannot name an account.
        case nameless
        /// They may do nothing here.
        case noRole = "no-role"
    }
}

extension RunLog {
    /// Finds or makes the account of somebody whom a provider has let in, and gives it the roles that count now: all in one
    /// transaction, with its entries in the trail.
    ///
    /// - Parameter isNoted: whether the trail tells of it where they are turned away: whoever has an account at a provider
    ///   can come as often as they like.
    package func enter(
        _ login: ForeignLogin, isNoted: @escaping @Sendable () -> Bool = { true }
    ) async throws -> ForeignEntry {
        let now = clock.now()
        return try await store.write { writer in
            let entry = try self.enter(login, at: now, in: writer)
            if case .refused(let reason) = entry, isNoted() {
                let detail: Facts = ["from": .text(login.peer), "reason": .text(reason.rawValue)]
                try note(
                    AuditDraft(
                        kind: .turnedAway, subject: "login",
                        detail: detail.merging(login.identity.facts) { $1 }), at: now, in: writer)
            }
            return entry
        }
    }

    private func enter(_ login: ForeignLogin, at now: Timestamp, in writer: StoreWriter) throws -> ForeignEntry {
        let place = login.identity.place
        let linked: String? = try writer.reader.first(AccessStatement.identity, place)?.get("account")
        let name: String
        if let linked {
            name = linked
        } else if let promised = login.promised {
            name = promised
        } else if let wanted = login.wanted {
            guard login.grants?.isEmpty == false else { return .refused(.noRole) }
            guard Account.isValid(name: wanted) else { return .refused(.nameless) }
            name = wanted
        } else {
            return .refused(.unknown)
        }
        let isNew = linked == nil && login.promised == nil
        var known = try writer.reader.first(AccessStatement.account, ["name": name]).map(Account.init)
        if isNew {
            guard known == nil, let grants = login.grants else { return .refused(.taken) }
            try writer.run(AccessStatement.writeAccount, ["name": name, "grants": StoredJSON(grants), "at": now])
            known = try writer.reader.first(AccessStatement.account, ["name": name]).map(Account.init)
        }
        guard var account = known else { return .refused(.unknown) }
        guard account.isOpen else { return .refused(.closed) }
        if linked == nil {
            // Promised to the first who comes: an address changes hands, and an account does not with it.
            guard try writer.reader.first(AccessStatement.identitiesOf, ["account": name]) == nil else {
                return .refused(.taken)
            }
            try link(login.identity, to: account, isNew: isNew, at: now, in: writer)
        }
        if let grants = login.grants, grants != account.grants {
            try writer.run(AccessStatement.setGrants, ["name": name, "grants": StoredJSON(grants)])
            account.grants = grants
            let detail: Facts = ["roles": .text(grants.text), "state": "changed"]
            try note(
                AuditDraft(
                    kind: grants.isEmpty ? .revoked : .granted, subject: "account \(name)",
                    detail: detail.merging(login.identity.facts) { $1 }), at: now, in: writer)
        }
        guard !account.grants.isEmpty else {
            try writer.run(AccessStatement.endSessionsOf, ["account": name])
            return .refused(.noRole)
        }
        return .admitted(account)
    }

    private func link(
        _ identity: ForeignIdentity, to account: Account, isNew: Bool, at now: Timestamp, in writer: StoreWriter
    ) throws {
        try writer.run(
            AccessStatement.insertIdentity, identity.place.merging(["account": account.name, "now": now]) { $1 })
        let detail: Facts = ["roles": .text(account.grants.text), "state": isNew ? "new" : "linked"]
        try note(
            AuditDraft(
                kind: .granted, subject: "account \(account.name)",
                detail: detail.merging(identity.facts) { $1 }), at: now, in: writer)
    }

    /// An account is whoever is that at the provider: an admin says so.
    package func link(_ name: String, to identity: ForeignIdentity) async throws {
        let now = clock.now()
        try await store.write { writer in
            let accounts = try writer.reader.rows(AccessStatement.accounts).map(Account.init)
            guard let account = accounts.first(where: { $0.name == name }) else {
                throw AccessError.noSuchAccount(name, nearest: nearest(to: name, among: accounts.map(\.name)))
            }
            let owner: String? = try writer.reader.first(AccessStatement.identity, identity.place)?.get("account")
            guard owner != name else { return }
            if let owner { throw AccessError.identityTaken(account: owner) }
            try link(identity, to: account, isNew: false, at: now, in: writer)
        }
    }

    /// An account is nobody's at a provider any more; its sessions are over.
    package func unlink(_ name: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            guard try writer.run(AccessStatement.endIdentitiesOf, ["account": name]) > 0 else {
                throw AccessError.notLinked(name)
            }
            try writer.run(AccessStatement.endSessionsOf, ["account": name])
            try note(
                AuditDraft(kind: .revoked, subject: "account \(name)", detail: ["state": "unlinked"]), at: now,
                in: writer)
        }
    }

    /// The accounts that belong to somebody at a provider.
    package func linkedAccounts() async throws -> Set<String> {
        try await store.read { reader in
            Set(try reader.rows(AccessStatement.identities).map { try $0.get("account", as: String.self) })
        }
    }

    /// A provider let somebody in with words that cannot be believed; one clause says why.
    package func noteUnbelieved(issuer: String, reason: String, peer: String) async throws {
        let now = clock.now()
        let draft = AuditDraft(
            kind: .turnedAway, subject: "login",
            detail: ["from": .text(peer), "issuer": .text(issuer), "reason": .text(reason)])
        try await store.write { try note(draft, at: now, in: $0) }
    }
}
