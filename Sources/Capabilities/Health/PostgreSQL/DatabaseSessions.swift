import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let databaseSessions = Check(
        CheckSchema(
            name: "database.sessions", summary: "how many sessions this one database has",
            thresholds: .init(.count, warning: nil, critical: nil)),
        code: "HC084",
        title: "Sessions of the database",
        kind: .postgresql,
        explanation: """
            'connections.used' counts the connections of the whole server. This counts those of one database, ours too, so \
            that it can be seen which of several takes them. How many are too many depends on the database, so there is no \
            threshold until a configuration names one; where the database has a limit of its own (ALTER DATABASE … \
            CONNECTION LIMIT), nine tenths of it are a warning and the limit itself is critical.
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select s.numbackends::bigint as sessions, d.datconnlimit::bigint as most
            from pg_catalog.pg_stat_database s join pg_catalog.pg_database d on d.oid = s.datid
            where d.datname = pg_catalog.current_database()
            """
        ).only
        let (sessions, most) = (try row["sessions", as: Int64.self], try row["most", as: Int64.self])
        var reading = Reading(value: Double(sessions))
        let isConfigured = context.limits.warning != nil || context.limits.critical != nil
        let against = isConfigured ? " (\(context.limits.text))" : ""
        reading.summary = "session".counted(Int(sessions)) + against
        if !isConfigured, most >= 0 {
            reading.summary = "\("session".counted(Int(sessions))) of at most \(most.grouped)"
            reading.state = sessions >= most ? .critical : sessions * 10 >= most * 9 ? .warning : .passed
        }
        return reading
    }

    static let serverVersion = Check(
        CheckSchema(
            name: "server.version", summary: "whether the server is of the version that is wanted",
            every: .seconds(3_600),
            options: [
                .init("wanted", .text, summary: "how the version begins, such as 16 or 16.4; without it none is wanted")
            ]),
        code: "HC085",
        title: "Server version",
        kind: .postgresql,
        explanation: """
            Compares what the server says of its version with the one that is wanted ('wanted'), by whole numbers: 16 wants \
            any 16, and 16.1 is not 16.10. Another one is a warning: somebody upgraded one server of several, or a fail-over \
            led to one that was forgotten.
            """,
        source: "https://www.postgresql.org/support/versioning/"
    ) { context in
        let text = try await context.look.database(context.resource).query(
            "select pg_catalog.current_setting('server_version') as version"
        ).only["version", as: String.self]
        // Behind the number a distribution writes its own.
        let version = text.prefix { $0 != " " }
        guard case .text(let wanted)? = context.limits.options["wanted"], !wanted.isEmpty else {
            return Reading(summary: "PostgreSQL \(version.description.printable)", state: .passed)
        }
        let parts = wanted.split(separator: ".")
        let isWanted = version.split(separator: ".").prefix(parts.count).elementsEqual(parts)
        return Reading(
            summary: "PostgreSQL \(version.description.printable), wanted is \(wanted.printable)",
            state: isWanted ? .passed : .warning)
    }
}
