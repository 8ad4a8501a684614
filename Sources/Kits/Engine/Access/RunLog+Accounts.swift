import Maintenance
import Outside
import Store

extension RunLog {
    package func accounts() async throws -> [Account] {
        try await store.read { try $0.rows(AccessStatement.accounts).map(Account.init) }
    }

    package func account(_ name: String) async throws -> Account? {
        try await store.read { try $0.first(AccessStatement.account, ["name": name]).map(Account.init) }
    }

    /// Makes an account or gives one new roles, and lets whoever has the link choose its password.
    ///
    /// - Parameters:
    ///   - link: the digest of a link; an older one of the same account is over with it.
    ///   - until: when the link is over if nobody uses it.
    package func invite(_ name: String, _ grants: Grants, link: String, until: Timestamp) async throws {
        guard Account.isValid(name: name) else { throw AccessError.malformedName(name) }
        guard !grants.isEmpty else { throw AccessError.noRole }
        let now = clock.now()
        try await store.write { writer in
            let known = try writer.reader.first(AccessStatement.account, ["name": name]).map(Account.init)
            if let known, known.isOpen, grants.everywhere != .admin { try holdLastAdmin(known, writer.reader) }
            // One that is opened again may be for somebody else of that name.
            if let known, !known.isOpen {
                try writer.run(AccessStatement.endIdentitiesOf, ["account": name])
                // Of a login that came to its end while it was closed.
                try writer.run(AccessStatement.endSessionsOf, ["account": name])
            }
            try writer.run(AccessStatement.writeAccount, ["name": name, "grants": StoredJSON(grants), "at": now])
            try openLink(link, for: name, until: until, in: writer)
            try note(
                AuditDraft(
                    kind: .granted, subject: "account \(name)",
                    detail: ["roles": .text(grants.text), "state": known == nil ? "new" : "changed"]),
                at: now, in: writer)
        }
    }

    /// The link by which the first admin makes their account; only as long as there is none.
    ///
    /// - Returns: whether it was opened.
    package func inviteFirst(link: String, until: Timestamp) async throws -> Bool {
        try await store.write { writer in
            guard try writer.reader.rows(AccessStatement.accounts).isEmpty else { return false }
            try openLink(link, for: "", until: until, in: writer)
            return true
        }
    }

    private func openLink(_ digest: String, for account: String, until: Timestamp, in writer: StoreWriter) throws {
        try writer.run(AccessStatement.endLinks, ["account": account])
        try writer.run(AccessStatement.insertLink, ["digest": digest, "account": account, "ends_at": until])
    }

    /// Whose password an open link lets one choose: the account's name, empty for the first admin who names themselves;
    /// nil where the link is over.
    package func openLink(_ digest: String) async throws -> String? {
        let now = clock.now()
        return try await store.read {
            try $0.first(AccessStatement.openLink, ["digest": digest, "now": now])?.get("account")
        }
    }

    /// Uses a link up: the account has this password from now on, and every session it had is over.
    ///
    /// - Parameter name: of the first admin; for others that of the link.
    package func redeem(_ digest: String, name: String, secret: String) async throws -> Account {
        let now = clock.now()
        return try await store.write { writer in
            guard let row = try writer.reader.first(AccessStatement.openLink, ["digest": digest, "now": now]) else {
                throw AccessError.linkIsOver
            }
            let invited: String = try row.get("account")
            let chosen = invited.isEmpty ? name : invited
            guard Account.isValid(name: chosen) else { throw AccessError.malformedName(chosen) }
            if invited.isEmpty {
                guard try writer.reader.rows(AccessStatement.accounts).isEmpty else { throw AccessError.linkIsOver }
                try writer.run(
                    AccessStatement.writeAccount,
                    ["name": chosen, "grants": StoredJSON(Grants(everywhere: .admin)), "at": now])
            }
            try writer.run(AccessStatement.useLink, ["digest": digest, "now": now])
            try writer.run(AccessStatement.setSecret, ["name": chosen, "secret": secret])
            try writer.run(AccessStatement.endSessionsOf, ["account": chosen])
            guard let account = try writer.reader.first(AccessStatement.account, ["name": chosen]).map(Account.init),
                account.isOpen
            else { throw AccessError.linkIsOver }
            try note(
                AuditDraft(
                    kind: .granted, subject: "account \(chosen)",
                    detail: ["roles": .text(account.grants.text), "state": "password chosen"]),
                at: now, in: writer)
            return account
        }
    }

    /// Whoever has the account may sign in no more; sessions, links and tokens are over at once.
    package func close(account name: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            let accounts = try writer.reader.rows(AccessStatement.accounts).map(Account.init)
            guard let known = accounts.first(where: { $0.name == name }) else {
                throw AccessError.noSuchAccount(name, nearest: nearest(to: name, among: accounts.map(\.name)))
            }
            try holdLastAdmin(known, writer.reader)
            guard try writer.run(AccessStatement.closeAccount, ["name": name, "at": now]) > 0 else { return }
            try writer.run(AccessStatement.endLinks, ["account": name])
            try writer.run(AccessStatement.endSessionsOf, ["account": name])
            try writer.run(AccessStatement.revokeTokensOf, ["account": name, "now": now])
            try note(AuditDraft(kind: .revoked, subject: "account \(name)"), at: now, in: writer)
        }
    }

    /// Nobody locks everybody out.
    private func holdLastAdmin(_ account: Account, _ reader: StoreReader) throws {
        guard account.grants.everywhere == .admin, account.isOpen else { return }
        let others = try reader.rows(AccessStatement.accounts).map(Account.init).filter {
            $0.name != account.name && $0.isOpen && $0.grants.everywhere == .admin
        }
        guard !others.isEmpty else { throw AccessError.lastAdmin(account.name) }
    }
}

extension Account {
    init(_ row: StoreRow) throws {
        self.init(
            name: try row.get("name"), grants: try row.get("grants", as: StoredJSON<Grants>.self).value,
            secret: try row.get("secret"), createdAt: try row.get("created_at"), closedAt: try row.get("closed_at"))
    }
}
