import Maintenance

/// A person who may sign in to the server.
package struct Account: Hashable, Sendable, Identifiable {
    /// What the audit trail calls them; of the same form as other names, so that it needs no quotes anywhere.
    package var name: String
    package var grants: Grants
    /// How the password is proved, as whoever hashes it writes it; nil until the person has chosen one.
    package var secret: String?
    package var createdAt: Timestamp
    /// From when on they may not sign in; nil for those who may.
    package var closedAt: Timestamp?

    package var id: String { name }
    package var isOpen: Bool { closedAt == nil }

    /// Small letters, digits, `-`, `_`, `.`, at most 63, beginning with a letter or digit.
    package static func isValid(name: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63 else { return false }
        return isWord(first) && bytes.allSatisfy { isWord($0) || "-_.".utf8.contains($0) }
    }
}

/// Somebody signed in: a browser, until it ends.
package struct AccessSession: Hashable, Sendable {
    package var account: Account
    /// What a form of this session has to send along.
    package var formToken: String
    package var signedInAt: Timestamp
    package var seenAt: Timestamp
    package var endsAt: Timestamp
}

/// A key for programs, as far as it is kept: the key itself is shown once and never stored.
package struct AccessToken: Hashable, Sendable, Identifiable {
    package var id: String
    /// Whose it is; it never may more than they.
    package var account: String
    /// What it is for, as whoever made it calls it. Hostile text.
    package var purpose: String
    package var grants: Grants
    /// What it may be used for, whatever its roles allow.
    package var scopes: Set<TokenScope>
    package var createdAt: Timestamp
    package var endsAt: Timestamp
    package var revokedAt: Timestamp?
    package var usedAt: Timestamp?

    package init(
        id: String, account: String, purpose: String, grants: Grants, scopes: Set<TokenScope> = TokenScope.former,
        createdAt: Timestamp, endsAt: Timestamp,
        revokedAt: Timestamp? = nil, usedAt: Timestamp? = nil
    ) {
        self.scopes = scopes
        self.id = id
        self.account = account
        self.purpose = purpose
        self.grants = grants
        self.createdAt = createdAt
        self.endsAt = endsAt
        self.revokedAt = revokedAt
        self.usedAt = usedAt
    }

    package func isValid(at now: Timestamp) -> Bool { revokedAt == nil && now < endsAt }
}

/// What a token may be used for: whoever finds one that was made for a graph starts nothing with it.
package enum TokenScope: String, Codable, CaseIterable, Sendable {
    /// To look.
    case read
    /// To start runs that change nothing.
    case look = "dry-run"
    /// To start, cancel and go on with runs that change something.
    case run
    /// To answer what waits for people: approvals, alerts, checklists.
    case answer
    /// To bring alerts of other programs.
    case alerts

    /// What tokens could do before they had scopes.
    package static let former: Set<TokenScope> = [.read, .look, .answer]
}
