import Maintenance
import Outside
import Store

/// What a program that says when it is at work has said last.
package struct Heartbeat: Codable, Hashable, Sendable {
    /// What one ping says, as Healthchecks calls them ("Pinging API").
    package enum Signal: String, Codable, CaseIterable, Sendable {
        /// It is done, and well.
        case success
        /// It begins.
        case start
        /// It is done, and not well.
        case fail
        /// Only to be written down.
        case log
    }

    /// The last success or failure; nil before the first.
    package var endedAt: Timestamp?
    /// Whether that was a failure.
    package var hasFailed: Bool
    /// When it began, where it has not ended since.
    package var startedAt: Timestamp?
    /// How long it took the last time that both was said.
    package var took: Double?
    /// What it said last about itself, cut. Hostile text.
    package var message: String
    /// Of the last ping of any kind.
    package var heardAt: Timestamp
    package var pings: Int64
}

/// The table of heartbeats: one row for each, so that no program fills the store by talking.
enum HeartbeatSchema {
    static let migration = Migration(
        "engine.34",
        [
            """
            create table heartbeat (
                environment text not null, resource text not null, ended_at bigint, has_failed bigint not null,
                started_at bigint, took double precision, message text not null, heard_at bigint not null,
                pings bigint not null,
                primary key (environment, resource)) {clustered}
            """
        ])
}

enum HeartbeatStatement: String, StatementSet {
    case heartbeat = "select * from heartbeat where environment = :environment and resource = :resource"
    case put = """
        insert into heartbeat (environment, resource, ended_at, has_failed, started_at, took, message, heard_at, pings)
        values (:environment, :resource, :ended_at, :has_failed, :started_at, :took, :message, :heard_at, :pings)
        on conflict (environment, resource) do update set ended_at = excluded.ended_at,
            has_failed = excluded.has_failed, started_at = excluded.started_at, took = excluded.took,
            message = excluded.message, heard_at = excluded.heard_at, pings = excluded.pings
        """
}

extension RunLog {
    /// Of a message so much is kept.
    package static let longestPing = 10_000

    /// Nil where nothing was ever heard.
    package func heartbeat(of target: Target) async throws -> Heartbeat? {
        try await store.read { try Self.heartbeat(of: target, $0) }
    }

    /// Writes down that a program has said something.
    ///
    /// - Parameter message: hostile text; what is longer than `longestPing` bytes is cut.
    @discardableResult
    package func hear(_ signal: Heartbeat.Signal, _ message: String, from target: Target) async throws -> Heartbeat {
        let now = clock.now()
        let kept = String(decoding: Array(message.utf8.prefix(Self.longestPing)), as: UTF8.self)
        return try await store.write { writer in
            var heartbeat =
                try Self.heartbeat(of: target, writer.reader)
                ?? Heartbeat(hasFailed: false, message: "", heardAt: now, pings: 0)
            heartbeat.take(signal, at: now)
            heartbeat.message = kept
            try writer.run(
                HeartbeatStatement.put,
                [
                    "environment": target.environment, "resource": target.resource, "ended_at": heartbeat.endedAt,
                    "has_failed": heartbeat.hasFailed, "started_at": heartbeat.startedAt, "took": heartbeat.took,
                    "message": heartbeat.message, "heard_at": now, "pings": heartbeat.pings,
                ])
            return heartbeat
        }
    }

    private static func heartbeat(of target: Target, _ reader: StoreReader) throws -> Heartbeat? {
        try reader.first(
            HeartbeatStatement.heartbeat, ["environment": target.environment, "resource": target.resource]
        ).map { row in
            Heartbeat(
                endedAt: try row.get("ended_at"), hasFailed: try row.get("has_failed"),
                startedAt: try row.get("started_at"), took: try row.get("took"), message: try row.get("message"),
                heardAt: try row.get("heard_at"), pings: try row.get("pings"))
        }
    }
}

extension Heartbeat {
    mutating func take(_ signal: Signal, at now: Timestamp) {
        pings += 1
        heardAt = now
        switch signal {
        case .start: startedAt = now
        case .success, .fail:
            took = startedAt.map { max(0, (now - $0).inSeconds) }
            startedAt = nil
            endedAt = now
            hasFailed = signal == .fail
        case .log: break
        }
    }
}
