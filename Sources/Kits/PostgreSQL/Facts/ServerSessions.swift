import Maintenance

/// The sessions of a server, as far as the role may look at them.
///
/// `pg_stat_activity` shows to a role without `pg_read_all_stats` that other roles' sessions exist, but neither their state
/// nor their times (PostgreSQL manual, "Predefined Roles", "pg_stat_activity"). Those are counted and never left out
/// silently.
package struct ServerSessions: Sendable {
    /// Those the role may look at, Mainstay's own among them.
    package var visible: [ServerSession]
    /// Why the others cannot be looked at; nil where there are none.
    package var hidden: HiddenSessions?

    /// Everybody's but Mainstay's.
    package var others: [ServerSession] { visible.filter { !$0.isOurs } }

    package enum Scope: Sendable {
        /// Connected to the session's own database.
        case database
        /// Of the whole cluster, its background processes too.
        case cluster
    }

    /// - Throws: `PostgreSQLError`.
    package static func read(_ session: SurveySession, _ scope: Scope) async throws -> ServerSessions {
        let filter: SQL = scope == .cluster ? "true" : "datname = pg_catalog.current_database()"
        let rows = try await session.query(
            """
            select pid, current_user as role, coalesce(usename, '') as usename, coalesce(datname, '') as datname,
                coalesce(application_name, '') as application, pg_catalog.host(client_addr) as client, backend_type,
                state, wait_event_type, wait_event,
                extract(epoch from pg_catalog.clock_timestamp() - backend_start)::float8 as session_age,
                extract(epoch from pg_catalog.clock_timestamp() - xact_start)::float8 as transaction_age,
                extract(epoch from pg_catalog.clock_timestamp() - state_change)::float8 as state_age,
                upper(substring(query, '^[[:space:]]*([A-Za-z]+)')) as command
            from pg_catalog.pg_stat_activity
            where \(filter)
            order by transaction_age desc nulls last, pid
            """)
        var visible: [ServerSession] = []
        var hidden = 0
        for row in rows {
            if let session = try ServerSession(row) { visible.append(session) } else { hidden += 1 }
        }
        let role = try rows.first?["role", as: String.self] ?? ""
        return ServerSessions(
            visible: visible, hidden: hidden == 0 ? nil : HiddenSessions(count: hidden, role: role))
    }
}

/// One session, or one background process, of a server. All names are hostile text.
package struct ServerSession: Sendable, Hashable {
    package var pid: Int32
    package var user: String
    package var database: String
    package var application: String
    /// The client's address; nil over a local socket and for background processes.
    package var client: String?
    /// `client backend`, `walsender`, `autovacuum worker`, …
    package var kind: String
    /// `active`, `idle`, `idle in transaction`, …; nil for background processes.
    package var state: String?
    /// What it waits for, as `Lock: transactionid`; nil while it works.
    package var wait: String?
    /// Since it connected.
    package var age: Duration
    /// Since its transaction began; nil where none is open.
    package var transactionAge: Duration?
    /// Since it has been in its state.
    package var stateAge: Duration?
    /// The first word of its last statement, in capitals. The text itself is not read: it may hold what nobody else is to
    /// know.
    package var command: String?

    /// Nil where the role may not look at it.
    init?(_ row: Row) throws {
        guard let kind = try row["backend_type", as: String?.self] else { return nil }
        self.kind = kind
        pid = try row["pid"]
        user = try row["usename"]
        database = try row["datname"]
        application = try row["application"]
        client = try row["client"]
        state = try row["state"]
        let event = try row["wait_event", as: String?.self]
        wait = try row["wait_event_type", as: String?.self].map { "\($0): \(event ?? "?")" }
        age = try Self.duration(row["session_age"]) ?? .zero
        transactionAge = try Self.duration(row["transaction_age"])
        stateAge = try Self.duration(row["state_age"])
        command = try row["command"]
    }

    private static func duration(_ seconds: Double?) -> Duration? {
        seconds.map { .microseconds(Int64(max(0, $0) * 1_000_000)) }
    }

    package var isClient: Bool { kind == "client backend" }
    package var isIdleInTransaction: Bool { state?.hasPrefix("idle in transaction") == true }

    /// Whether it is Mainstay's, by the name every session of ours bears.
    package var isOurs: Bool { application == "mainstay" || application.hasPrefix("mainstay ") }

    /// `process 4711 (app from 10.0.0.3, 'web', idle in transaction, last UPDATE)`; safe to print.
    package var description: String {
        let origin = client.map { " from \($0)" } ?? ""
        var parts = [user.isEmpty ? kind : user + origin]
        if !application.isEmpty { parts.append("'\(application)'") }
        if let state { parts.append(state) }
        if let command { parts.append(state == "active" ? command : "last \(command)") }
        return "process \(pid) (\(parts.joined(separator: ", ")))".printable
    }
}

/// Sessions of other roles that the server keeps from this one.
package struct HiddenSessions: MaintenanceError, Hashable {
    package var count: Int
    /// The role that looked.
    package var role: String

    package init(count: Int, role: String) {
        self.count = count
        self.role = role
    }

    package var code: String { "postgresql.hidden-sessions" }
    package var problem: String {
        count == 1
            ? "one session of another role shows '\(role.printable)' neither its state nor its times"
            : "\(count) sessions of other roles show '\(role.printable)' neither their state nor their times"
    }
    package var hint: String? { "Let it look: grant pg_monitor to \(role.quotedIdentifier.printable);" }
    package var exitStatus: ExitStatus { .configuration }
}

/// How many of a cluster's connections are taken.
package struct ConnectionUsage: Sendable {
    package var used: Int
    /// What ordinary roles may open.
    package var usable: Int
    /// Those that cannot be told from background processes; `used` leaves them out.
    package var hidden: HiddenSessions?

    package var share: Percentage { Percentage(Double(used), of: Double(usable)) }

    /// - Throws: `PostgreSQLError`.
    package static func read(_ session: SurveySession) async throws -> ConnectionUsage {
        // `reserved_connections` came with version 16. Background processes have no user, or no database and no client.
        let row = try await session.query(
            """
            select count(*) filter (where backend_type = 'client backend') as used,
                count(*) filter (where backend_type is null and usesysid is not null) as hidden, current_user as role,
                pg_catalog.current_setting('max_connections')::bigint
                    - pg_catalog.current_setting('superuser_reserved_connections')::bigint
                    - coalesce(pg_catalog.current_setting('reserved_connections', true)::bigint, 0) as usable
            from pg_catalog.pg_stat_activity
            """
        ).only
        let hidden = try row["hidden", as: Int.self]
        return ConnectionUsage(
            used: try row["used"], usable: try row["usable"],
            hidden: hidden == 0 ? nil : HiddenSessions(count: hidden, role: try row["role"]))
    }
}
