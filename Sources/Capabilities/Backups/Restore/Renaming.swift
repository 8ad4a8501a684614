import Backup
import Maintenance
import Outside
import PostgreSQL

/// Gives a restored database its name, and the one that had it another: one transaction, so that there is no moment at
/// which nothing is called so.
struct Renaming: Sendable {
    let temporary: String
    let final: String
    /// What the present one is called from then on; nil where there is none.
    let replaced: String?

    /// How long others may take to leave the database.
    static let patience: Duration = .seconds(10)

    init(_ names: RestoreNames, replaces: Bool) {
        temporary = names.temporary
        final = names.final
        replaced = replaces ? names.replaced : nil
    }

    var statements: [SQL] {
        let away = replaced.map { "alter database \(identifier: final) rename to \(identifier: $0)" as SQL }
        return [away, "alter database \(identifier: temporary) rename to \(identifier: final)"].compactMap(\.self)
    }

    /// The same for whoever looks: which numbers have to be where before.
    struct Expected: Sendable {
        var restored: UInt32
        /// Nil where nothing is to be called so.
        var present: UInt32?
    }

    /// - Parameters:
    ///   - connection: into a third database of the server.
    ///   - terminates: ends the sessions of others instead of waiting for them.
    /// - Throws: `RestoreRefusal.inUse`, `.moved`, `.nameTaken`, `PostgreSQLError`.
    func run(
        on connection: Connection, _ expected: Expected, terminates: Bool, clock: WallClock,
        tell: @Sendable (String) -> Void
    ) async throws {
        let began = clock.monotonic()
        while true {
            let others = try await sessions(connection)
            if others.isEmpty || terminates {
                do {
                    if terminates, !others.isEmpty { try await terminate(connection, others, tell) }
                    return try await rename(connection, expected)
                } catch PostgreSQLError.objectInUse(let error) {
                    // Somebody came back in between, or a prepared transaction holds it.
                    guard clock.monotonic() - began < Self.patience else { throw PostgreSQLError.objectInUse(error) }
                }
            } else {
                guard clock.monotonic() - began < Self.patience else {
                    throw RestoreRefusal.inUse(final, sessions: others, kept: temporary)
                }
                tell("waiting for \(others.prefix(3).joined(separator: ", ")) to leave \(final.displayedIdentifier)")
            }
            try await clock.sleep(for: .milliseconds(500))
        }
    }

    private func rename(_ connection: Connection, _ expected: Expected) async throws {
        try await connection.transaction(.readWrite) {
            guard try await connection.oid(of: temporary) == expected.restored else {
                throw RestoreRefusal.notRestored(final)
            }
            guard try await connection.oid(of: final) == expected.present else {
                throw expected.present == nil ? RestoreRefusal.nameTaken(final) : RestoreRefusal.moved(final)
            }
            for statement in statements { try await connection.execute(statement) }
        }
    }

    /// Those of others, as one reads them: `app as web (process 4711)`. Background workers leave by themselves.
    private func sessions(_ connection: Connection) async throws -> [String] {
        guard replaced != nil else { return [] }
        return try await connection.query(
            """
            select coalesce(nullif(application_name, ''), 'a session') || ' as ' || coalesce(usename::text, '?')
                || ' (process ' || pid || ')' as who
            from pg_catalog.pg_stat_activity
            where datname = \(final) and backend_type in ('client backend', 'walsender', 'background worker')
            order by pid
            """
        ).map { try $0["who", as: String.self].printable }
    }

    private func terminate(
        _ connection: Connection, _ others: [String], _ tell: @Sendable (String) -> Void
    ) async throws {
        tell("ending \(others.prefix(5).joined(separator: ", "))")
        _ = try await connection.query(
            """
            select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
            where datname = \(final) and pid <> pg_catalog.pg_backend_pid()
            """)
    }
}

extension Connection {
    /// Of the database of this name; nil where there is none.
    func oid(of database: String) async throws -> UInt32? {
        try await query("select oid from pg_catalog.pg_database where datname = \(database)").first?["oid"]
    }
}

extension SurveySession {
    /// Of the database of this name; nil where there is none.
    func oid(of database: String) async throws -> UInt32? {
        try await query("select oid from pg_catalog.pg_database where datname = \(database)").first?["oid"]
    }

    /// What the database of this number is called; nil where there is none.
    func name(ofDatabase oid: UInt32) async throws -> String? {
        try await query("select datname::text as name from pg_catalog.pg_database where oid = \(oid)").first?["name"]
    }
}
