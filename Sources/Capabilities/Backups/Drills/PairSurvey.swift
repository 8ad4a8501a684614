import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Looks at a live primary and its standby for what would hinder a failover; promotes nothing and changes nothing.
struct PairSurvey: Sendable {
    let primary: Resource
    let secondary: Resource
    /// As people name them: `production/main`.
    let names: (primary: String, secondary: String)
    let programs: Programs
    let applicationName: String

    /// A standby further behind than this loses more than a moment.
    private static let tolerableLag = ByteCount(16 * 1_048_576)

    struct Found: Sendable {
        var hindrances: [Hindrance] = []
        var isSynchronous = false
        var facts: [(what: String, value: String)] = []
    }

    /// Something that would be in the way on the day.
    struct Hindrance: Sendable, Hashable {
        /// What it is about, the same at every look: a setting, a slot.
        var subject: String
        /// One clause. Hostile text.
        var text: String

        init(_ subject: String, _ text: String) {
            self.subject = subject
            self.text = text
        }
    }

    /// - Throws: `PostgreSQLError` where one of them cannot be asked.
    func run() async throws -> Found {
        let first = try await with(primary) { try await Server.read($0) }
        let second = try await with(secondary) { try await Server.read($0) }
        var found = Found()
        found.facts = [
            ("the live primary", first.text), ("the live standby", second.text),
        ]
        if first.isInRecovery { found.hindrances.append(.init("recovery", "'\(names.primary)' is itself a standby")) }
        guard second.isInRecovery, let identifier = second.systemIdentifier, identifier == first.systemIdentifier
        else {
            found.hindrances.append(
                .init(
                    "standby",
                    second.isInRecovery && (first.systemIdentifier == nil || second.systemIdentifier == nil)
                        ? "whether '\(names.secondary)' follows '\(names.primary)' cannot be asked: the role may not execute "
                            + "pg_control_system()"
                        : "'\(names.secondary)' is no standby of '\(names.primary)': there is nothing to fail over to"))
            return found
        }
        judge(first, second, &found)
        let receiver = try await with(secondary) { try await Self.receiver($0) }
        if receiver != "streaming" {
            found.hindrances.append(
                .init("receiver", "the standby does not stream: its receiver is \(receiver ?? "not running")"))
        }
        try await with(primary) { try await replication($0, first, &found) }
        return found
    }

    private func with<Value: Sendable>(
        _ resource: Resource, _ body: (SurveySession) async throws -> Value
    ) async throws -> Value {
        guard case .postgresql(let access) = resource.access else {
            preconditionFailure("a failover is between databases")
        }
        let settings = resource.connectionSettings(applicationName: applicationName)
        return try await Connection.with(try await access.address(with: programs), settings) { connection in
            try await body(SurveySession(connection))
        }
    }

    private struct Server: Sendable {
        var version: Int
        var isInRecovery: Bool
        var systemIdentifier: String?
        var canRewind: Bool
        var fullPageWrites: Bool
        var hotStandby: Bool
        var applyDelay: Int64
        var synchronousNames: String
        var archives: Bool
        /// Those a standby has to have at least as large.
        var limits: [String: Int64]

        var text: String {
            "PostgreSQL \(PostgreSQLVersion(number: version)), \(isInRecovery ? "in recovery" : "takes writes")"
        }

        static func read(_ session: SurveySession) async throws -> Server {
            let row = try await session.query(
                """
                select current_setting('server_version_num')::int as version, pg_is_in_recovery() as in_recovery,
                    current_setting('wal_log_hints') = 'on' or current_setting('data_checksums') = 'on' as can_rewind,
                    current_setting('full_page_writes') = 'on' as full_page_writes,
                    current_setting('hot_standby') = 'on' as hot_standby,
                    (select setting::bigint from pg_catalog.pg_settings where name = 'recovery_min_apply_delay') as delay,
                    current_setting('synchronous_standby_names') as names,
                    current_setting('archive_mode') <> 'off' as archives,
                    has_function_privilege('pg_control_system()', 'execute') as can_identify
                """
            ).only
            let limits = try await session.query(
                """
                select name::text as name, setting::bigint as value from pg_catalog.pg_settings
                where name in ('max_connections', 'max_worker_processes', 'max_wal_senders',
                    'max_prepared_transactions', 'max_locks_per_transaction')
                """
            ).map { (try $0["name", as: String.self], try $0["value", as: Int64.self]) }
            var identifier: String?
            if try row["can_identify", as: Bool.self] {
                identifier = try await session.query(
                    "select system_identifier::text as id from pg_catalog.pg_control_system()"
                ).only["id", as: String.self]
            }
            return Server(
                version: try row["version"], isInRecovery: try row["in_recovery"], systemIdentifier: identifier,
                canRewind: try row["can_rewind"], fullPageWrites: try row["full_page_writes"],
                hotStandby: try row["hot_standby"], applyDelay: try row["delay"], synchronousNames: try row["names"],
                archives: try row["archives"], limits: Dictionary(limits) { first, _ in first })
        }
    }

    private func judge(_ first: Server, _ second: Server, _ found: inout Found) {
        found.isSynchronous = !first.synchronousNames.isEmpty
        if !first.canRewind {
            found.hindrances.append(
                .init(
                    "wal_log_hints",
                    "the primary has neither data checksums nor 'wal_log_hints': it could not be rewound, only copied anew"
                ))
        }
        if !first.fullPageWrites {
            found.hindrances.append(
                .init("full_page_writes", "'full_page_writes' is off on the primary: pg_rewind refuses such a server"))
        }
        if !second.hotStandby {
            found.hindrances.append(
                .init("hot_standby", "'hot_standby' is off on the standby: nobody can look into it"))
        }
        if second.applyDelay > 0 {
            found.hindrances.append(
                .init(
                    "recovery_min_apply_delay",
                    "the standby replays with a delay of \(Duration.milliseconds(second.applyDelay).short): a promotion waits "
                        + "for nothing of it"))
        }
        for (name, value) in first.limits.sorted(by: { $0.key < $1.key }) {
            guard let there = second.limits[name], there < value else { continue }
            found.hindrances.append(
                .init("\(name)", "'\(name)' is \(there) on the standby and \(value) on the primary"))
        }
        if first.archives, !second.archives {
            found.hindrances.append(
                .init(
                    "archive_mode",
                    "the primary archives its log and the standby would not: 'archive_mode' is off there"))
        }
        if first.version / 10_000 != second.version / 10_000 {
            found.hindrances.append(.init("version", "the two are of different major versions"))
        }
        if !second.synchronousNames.isEmpty {
            found.hindrances.append(
                .init(
                    "synchronous_standby_names there",
                    "'synchronous_standby_names' is set on the standby: promoted, it would wait for servers that are gone"
                ))
        }
    }

    private static func receiver(_ session: SurveySession) async throws -> String? {
        try await session.query("select status::text as status from pg_catalog.pg_stat_wal_receiver").first?[
            "status", as: String?.self]
    }

    private func replication(_ session: SurveySession, _ first: Server, _ found: inout Found) async throws {
        let rows = try await session.query(
            """
            select coalesce(application_name, '')::text as name, state::text as state, sync_state::text as sync,
                (pg_current_wal_lsn() - replay_lsn)::bigint as lag,
                extract(epoch from replay_lag)::float8 as seconds
            from pg_catalog.pg_stat_replication where application_name <> 'pg_basebackup'
            """)
        if rows.isEmpty { found.hindrances.append(.init("replication", "nobody streams from the primary")) }
        for row in rows {
            let name = try row["name", as: String.self].printable
            guard let state = try row["state", as: String?.self] else {
                found.hindrances.append(
                    .init("pg_monitor", "the state of replication cannot be seen: the role needs pg_monitor"))
                return
            }
            let sync = try row["sync", as: String?.self] ?? "unknown"
            let lag = ByteCount(try row["lag", as: Int64?.self] ?? 0)
            found.facts.append(("replication to '\(name)'", "\(state), \(sync), \(lag) behind"))
            if state != "streaming" {
                found.hindrances.append(.init("state of \(name)", "the standby '\(name)' is in the state '\(state)'"))
            }
            if lag > Self.tolerableLag {
                found.hindrances.append(.init("lag of \(name)", "the standby '\(name)' is \(lag) behind"))
            }
        }
        if found.isSynchronous, try rows.allSatisfy({ try $0["sync", as: String?.self] == "async" }) {
            found.hindrances.append(
                .init(
                    "synchronous_standby_names",
                    "'synchronous_standby_names' names nobody who streams: commits wait, or nothing is synchronous"))
        }
        let slots = try await session.query(
            """
            select slot_name::text as name, active, coalesce(wal_status, '')::text as status
            from pg_catalog.pg_replication_slots where slot_type = 'physical'
            """)
        if slots.isEmpty {
            found.hindrances.append(
                .init(
                    "no slot",
                    "the standby has no slot on the primary: log that it still needs may be removed ('wal_keep_size' apart)"
                ))
        }
        for slot in slots {
            let name = try slot["name", as: String.self].printable
            if try !slot["active", as: Bool.self] {
                found.hindrances.append(
                    .init("unused slot \(name)", "nobody uses the slot '\(name)': it keeps log until the disk is full"))
            }
            let status = try slot["status", as: String.self]
            if ["unreserved", "lost"].contains(status) {
                found.hindrances.append(
                    .init("slot \(name)", "the slot '\(name)' is '\(status)': the standby has to be made anew"))
            }
        }
    }
}
