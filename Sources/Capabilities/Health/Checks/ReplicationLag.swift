import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let replicationLag = Check(
        CheckSchema(
            name: "replication.lag",
            summary: "how far the standbys are behind",
            thresholds: GuideThresholds.replicationLag,
            options: [
                .init(
                    "standbys", .count(0...1_000), standard: 0,
                    summary: "how many standbys have to be connected; fewer are critical"),
                .init(
                    "bytes-warning", .size(ByteCount(1)...ByteCount(.max)), standard: 134_217_728,
                    summary: "WAL a standby may be behind before it is a warning"),
                .init(
                    "bytes-critical", .size(ByteCount(1)...ByteCount(.max)), standard: 1_073_741_824,
                    summary: "WAL a standby may be behind before it is critical"),
            ]),
        code: "HC006",
        title: "Replication lag",
        kind: .postgresql,
        explanation: """
            On a primary: for each connected standby, how long ago it replayed what is being written now, and how many \
            bytes of WAL it has yet to replay. On a standby: how old what it replays is. A standby that is behind shows \
            old data and is no help when the primary fails; one that is not connected at all shows nowhere, so say how \
            many there have to be ('standbys'). Where synchronous_standby_names asks for one and none is there, every \
            commit of the primary waits, which is critical. A database without a standby passes and says so.
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW"
    ) { context in
        let session = try await context.look.database(context.resource)
        let standbys = try await Standby.all(session)
        let upstream = try await Upstream.read(session)
        let readable = standbys.filter { $0.state != nil }
        var states: [CheckOutcome.State] = []
        var clauses: [String] = []
        var reading = Reading()
        var seconds: [Double] = []

        for (index, standby) in readable.enumerated() {
            seconds.append(standby.lag.inSeconds)
            states.append(context.limits.judge(standby.lag.inSeconds))
            reading.evidence["standby \(index + 1)"] = .text(standby.description)
            guard let bytes = standby.bytes?.bytes else {
                states.append(.unknown)
                continue
            }
            if bytes >= context.limits.integer("bytes-critical") {
                states.append(.critical)
            } else if bytes >= context.limits.integer("bytes-warning") {
                states.append(.warning)
            }
            for (name, unit, value) in [
                ("replication.lag.seconds", Measurement.Unit.seconds, standby.lag.inSeconds),
                ("replication.lag.bytes", .bytes, Double(bytes)),
            ] {
                reading.measurements.append(
                    Measurement(name, context.target, object: standby.name, unit: unit, value: value))
            }
        }
        if let worst = readable.max(by: { ($0.lag, $0.bytes ?? ByteCount(0)) < ($1.lag, $1.bytes ?? ByteCount(0)) }) {
            let count = readable.count == 1 ? "one standby" : "\(readable.count) standbys, the last"
            clauses.append("\(count) \(worst.behind): \(worst.name.printable)")
        }
        if let upstream {
            clauses.append(upstream.description)
            reading.evidence["upstream"] = .text(upstream.description)
            seconds.append(upstream.delay?.inSeconds ?? 0)
            states.append(upstream.delay.map { context.limits.judge($0.inSeconds) } ?? .unknown)
        }
        let wanted = context.limits.count("standbys")
        if standbys.count < wanted {
            states.append(.critical)
            clauses.append("\(standbys.count) of \(wanted) standbys are connected")
        }
        if try await Standby.commitsWait(session, standbys) {
            states.append(.critical)
            clauses.append("no synchronous standby is connected: every commit waits")
        }
        if clauses.isEmpty, readable.count == standbys.count { clauses.append("no standby") }
        reading.value = seconds.max()
        let hidden = standbys.count - readable.count
        if hidden > 0 {
            let role = try await session.query("select current_user as role").only["role", as: String.self]
            let reason = HiddenSessions(count: hidden, role: role)
            reading.gaps = [Observation.Gap("standbys of \(context.target)", reason)]
            states.append(.unknown)
            clauses.append(reason.problem)
        }
        let limits = seconds.isEmpty ? "" : " (\(context.limits.text))"
        reading.summary = clauses.joined(separator: "; ") + limits
        reading.state = states.worst
        return reading
    }
}

extension [CheckOutcome.State] {
    /// What several answers to one question say together: known trouble first, then what is not known.
    var worst: CheckOutcome.State {
        [.critical, .warning, .unknown].first(where: contains) ?? .passed
    }
}

/// A WAL receiver that is connected to this server.
struct Standby: Sendable {
    /// What it calls itself, with its address. Hostile text.
    var name: String
    /// `streaming`, `catchup`, …; nil where the role may not look.
    var state: String?
    /// Since what is written now was replayed there; zero where it is up to date.
    var lag: Duration
    /// WAL that it has yet to replay, or to write where it replays nothing (pg_receivewal); nil where it has just
    /// connected and reported nothing yet.
    var bytes: ByteCount?
    /// `async`, `sync`, `quorum`, `potential`.
    var synchronous: String?

    var description: String {
        "\(name): \(state ?? "hidden"), \(synchronous ?? ""), \(behind)".printable
    }

    var behind: String {
        guard let bytes else { return "behind by what it has not reported yet" }
        return "\(lag.short) and \(bytes) behind"
    }

    /// A base backup that is being taken shows here too, and is no standby. The lag is empty where nothing is behind.
    static func all(_ session: SurveySession) async throws -> [Standby] {
        try await session.query(
            """
            select coalesce(application_name, '') as application, pg_catalog.host(client_addr) as client, state,
                sync_state, coalesce(extract(epoch from coalesce(replay_lag, flush_lag)), 0)::float8 as lag,
                pg_catalog.pg_wal_lsn_diff(
                    case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_receive_lsn()
                        else pg_catalog.pg_current_wal_lsn() end,
                    coalesce(replay_lsn, flush_lsn))::bigint as bytes
            from pg_catalog.pg_stat_replication where state is distinct from 'backup'
            order by application_name, client_addr, pid
            """
        ).map { row in
            let client = try row["client", as: String?.self].map { " at \($0)" } ?? ""
            return Standby(
                name: "'\(try row["application", as: String.self])'\(client)", state: try row["state"],
                lag: .seconds(max(0, try row["lag", as: Double.self])),
                bytes: try row["bytes", as: Int64?.self].map { ByteCount(max(0, $0)) },
                synchronous: try row["sync_state"])
        }
    }

    /// Whether a synchronous standby is asked for and none is connected (manual, "Synchronous Replication").
    static func commitsWait(_ session: SurveySession, _ standbys: [Standby]) async throws -> Bool {
        guard standbys.allSatisfy({ $0.state != nil }) else { return false }
        let row = try await session.query(
            """
            select pg_catalog.current_setting('synchronous_standby_names') <> ''
                and pg_catalog.current_setting('synchronous_commit') not in ('off', 'local')
                and not pg_catalog.pg_is_in_recovery() as asked
            """
        ).only
        let isThere = standbys.contains { $0.synchronous == "sync" || $0.synchronous == "quorum" }
        return try row["asked", as: Bool.self] && !isThere
    }
}

/// A standby's own view of what it follows.
struct Upstream: Sendable {
    var isStreaming: Bool
    /// Age of what it replays; zero where it has replayed all it received; nil where nothing was ever replayed.
    var delay: Duration?
    /// Received and not replayed yet.
    var bytes: ByteCount

    var description: String {
        let state = isStreaming ? "streaming" : "not connected to its primary"
        guard let delay else { return "this is a standby, \(state), which has replayed nothing yet" }
        return "this is a standby, \(state), \(delay.short) and \(bytes) behind"
    }

    /// Nil on a primary. While it streams and has replayed all, it is up to date even if the primary has been idle for
    /// hours; when it does not stream nobody knows what it lacks, and the age of its last transaction counts.
    static func read(_ session: SurveySession) async throws -> Upstream? {
        let row = try await session.query(
            """
            select pg_catalog.pg_is_in_recovery() as standby,
                exists (select from pg_catalog.pg_stat_wal_receiver) as streaming,
                extract(epoch from
                    pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8 as age,
                coalesce(pg_catalog.pg_wal_lsn_diff(
                    pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()), 0)::bigint as bytes
            """
        ).only
        guard try row["standby", as: Bool.self] else { return nil }
        let isStreaming = try row["streaming", as: Bool.self]
        let bytes = ByteCount(max(0, try row["bytes", as: Int64.self]))
        let age = try row["age", as: Double?.self].map { Duration.seconds(max(0, $0)) }
        let isCurrent = isStreaming && bytes.bytes == 0
        return Upstream(isStreaming: isStreaming, delay: isCurrent ? .zero : age, bytes: bytes)
    }
}
