import Maintenance
import PostgreSQL

/// The client sessions of a cluster as tables for people.
struct SessionListings: Sendable {
    private let clients: [ServerSession]
    private let most: Int

    init(_ clients: [ServerSession], most: Int) {
        self.clients = clients
        self.most = most
    }

    var all: [Listing] {
        [
            grouped("By state", "state") { $0.state ?? "unknown" },
            grouped("By user", "user", \.user),
            grouped("By database", "database", \.database),
            grouped("By application", "application", \.application),
            grouped("By client address", "client") { $0.client ?? "local socket" },
            listed("Oldest transactions", clients.filter { $0.transactionAge != nil }) { $0.transactionAge ?? .zero },
            listed("Idle in transaction", clients.filter(\.isIdleInTransaction)) { $0.stateAge ?? .zero },
            listed("Longest connected", clients, \.age),
        ]
    }

    /// The largest group first.
    private func grouped(_ title: String, _ column: String, _ key: (ServerSession) -> String) -> Listing {
        let groups = Dictionary(grouping: clients, by: key)
            .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        return Listing(
            title,
            [
                Listing.Column(column), Listing.Column("sessions", .count), Listing.Column("active", .count),
                Listing.Column("idle", .count), Listing.Column("idle in transaction", .count),
                Listing.Column("longest transaction", .seconds),
            ],
            groups.prefix(most).map { name, sessions in
                let longest = sessions.compactMap(\.transactionAge).max()
                return [
                    .text(name), Scalar(sessions.count), Scalar(sessions.count { $0.state == "active" }),
                    Scalar(sessions.count { $0.state == "idle" }), Scalar(sessions.count(where: \.isIdleInTransaction)),
                    longest.map { .number($0.inSeconds) } ?? .null,
                ]
            })
    }

    /// `idle in transaction, waits for Client: ClientRead, last UPDATE`, in words that can be folded.
    private static func doing(_ session: ServerSession) -> String {
        [
            session.state, session.wait.map { "waits for \($0)" },
            session.command.map { session.state == "active" ? $0 : "last \($0)" },
        ].compactMap(\.self).joined(separator: ", ")
    }

    /// The longest first.
    private func listed(
        _ title: String, _ sessions: [ServerSession], _ age: (ServerSession) -> Duration
    ) -> Listing {
        Listing(
            title,
            [
                Listing.Column("process"), Listing.Column("for", .seconds), Listing.Column("user"),
                Listing.Column("database"), Listing.Column("application"), Listing.Column("client"),
                Listing.Column("what it does"),
            ],
            sessions.sorted { (age($1), $0.pid) < (age($0), $1.pid) }.prefix(most).map { session in
                [
                    Scalar(Int(session.pid)), .number(age(session).inSeconds), .text(session.user),
                    .text(session.database), .text(session.application), .text(session.client ?? "local socket"),
                    .text(Self.doing(session)),
                ]
            })
    }
}
