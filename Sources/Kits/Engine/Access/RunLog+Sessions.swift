import Maintenance
import Outside
import Store

extension RunLog {
    /// Somebody has proved who they are: their browser is known from now on.
    ///
    /// - Parameters:
    ///   - digest: of what the browser keeps.
    ///   - peer: the address it came from, for the trail.
    ///   - issuer: who proved it; nil where a password did.
    package func signIn(
        _ account: String, digest: String, formToken: String, until: Timestamp, idle: Duration, peer: String,
        issuer: String? = nil
    ) async throws {
        let now = clock.now()
        var detail: Facts = ["from": .text(peer)]
        if let issuer { detail["issuer"] = .text(issuer) }
        let draft = AuditDraft(kind: .admitted, subject: "account \(account)", detail: detail)
        try await store.write { writer in
            try writer.run(AccessStatement.forgetSessions, ["now": now, "seen_after": now - idle])
            try writer.run(
                AccessStatement.insertSession,
                ["digest": digest, "account": account, "form_token": formToken, "now": now, "ends_at": until])
            try note(draft, at: now, in: writer)
        }
    }

    /// The session of a browser; nil where there is none, it is over, was idle for too long, or its account was closed.
    ///
    /// - Parameter isActivity: whether a person did something; what a page does by itself keeps nobody signed in.
    package func session(_ digest: String, idle: Duration, isActivity: Bool = true) async throws -> AccessSession? {
        let now = clock.now()
        let found: AccessSession? = try await store.read { reader in
            try reader.first(AccessStatement.session, ["digest": digest, "now": now, "seen_after": now - idle]).map {
                AccessSession(
                    account: try Account($0), formToken: try $0.get("form_token"),
                    signedInAt: try $0.get("signed_in_at"), seenAt: try $0.get("seen_at"),
                    endsAt: try $0.get("ends_at"))
            }
        }
        // Not at every look: what is shown has its own version, and this is a write.
        if isActivity, let found, now - found.seenAt > idle / 8 {
            try await store.write { try $0.run(AccessStatement.touchSession, ["digest": digest, "now": now]) }
        }
        return found
    }

    /// Ends a session; one that is over already leaves no trace.
    package func signOut(_ digest: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            let row = try writer.reader.first(AccessStatement.ownerOfSession, ["digest": digest])
            guard let account: String = try row?.get("account") else { return }
            try writer.run(AccessStatement.endSession, ["digest": digest])
            try note(AuditDraft(kind: .signedOut, subject: "account \(account)"), at: now, in: writer)
        }
    }

    /// Somebody tried too often to be somebody they may not be.
    package func noteTurnedAway(_ account: String, peer: String, attempts: Int) async throws {
        let now = clock.now()
        try await store.write { writer in
            try note(
                AuditDraft(
                    kind: .turnedAway, subject: "account \(account)",
                    detail: ["from": .text(peer), "attempts": Scalar(attempts)]),
                at: now, in: writer)
        }
    }
}

extension RunLog {
    package func make(_ token: AccessToken, digest: String) async throws {
        try await store.write { writer in
            guard try writer.reader.first(AccessStatement.account, ["name": token.account]) != nil else {
                let names = try writer.reader.rows(AccessStatement.accounts).map { try Account($0).name }
                throw AccessError.noSuchAccount(
                    token.account, nearest: nearest(to: token.account, among: names))
            }
            guard !token.grants.isEmpty else { throw AccessError.noRole }
            try writer.run(
                AccessStatement.insertToken,
                [
                    "id": token.id, "digest": digest, "account": token.account, "purpose": token.purpose,
                    "grants": StoredJSON(token.grants), "now": token.createdAt, "ends_at": token.endsAt,
                    "scopes": StoredJSON(token.scopes.sorted { $0.rawValue < $1.rawValue }),
                ])
            try note(
                AuditDraft(
                    kind: .granted, subject: "token \(token.id)",
                    detail: [
                        "account": .text(token.account), "roles": .text(token.grants.text),
                        "purpose": .text(token.purpose), "until": .text(token.endsAt.iso8601),
                        "scopes": .text(token.scopes.map(\.rawValue).sorted().joined(separator: ", ")),
                    ]),
                at: token.createdAt, in: writer)
        }
    }

    package func tokens() async throws -> [AccessToken] {
        try await store.read { try $0.rows(AccessStatement.tokens).map(AccessToken.init) }
    }

    /// Whose key it is, and what it may do now; nil where it is over or its account was closed.
    package func bearer(_ digest: String) async throws -> (account: Account, token: AccessToken)? {
        let now = clock.now()
        let found: (Account, AccessToken)? = try await store.read { reader in
            guard let token = try reader.first(AccessStatement.token, ["digest": digest]).map(AccessToken.init),
                token.isValid(at: now),
                var account = try reader.first(AccessStatement.account, ["name": token.account]).map(Account.init),
                account.isOpen
            else { return nil }
            account.grants = account.grants.intersection(token.grants)
            return (account, token)
        }
        guard let (account, token) = found else { return nil }
        if token.usedAt.map({ now - $0 > .seconds(60) }) ?? true {
            try await store.write { try $0.run(AccessStatement.touchToken, ["id": token.id, "now": now]) }
        }
        return (account, token)
    }

    package func revoke(token id: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            guard try writer.run(AccessStatement.revokeToken, ["id": id, "now": now]) > 0 else {
                throw AccessError.noSuchToken(id)
            }
            try note(AuditDraft(kind: .revoked, subject: "token \(id)"), at: now, in: writer)
        }
    }
}

extension AccessToken {
    init(_ row: StoreRow) throws {
        self.init(
            id: try row.get("id"), account: try row.get("account"), purpose: try row.get("purpose"),
            grants: try row.get("grants", as: StoredJSON<Grants>.self).value,
            scopes: Set(try row.get("scopes", as: StoredJSON<[TokenScope]>?.self)?.value ?? Array(TokenScope.former)),
            createdAt: try row.get("created_at"), endsAt: try row.get("ends_at"), revokedAt: try row.get("revoked_at"),
            usedAt: try row.get("used_at"))
    }
}
