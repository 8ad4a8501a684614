import Maintenance
import Outside
import PostgreSQL

/// One row in a schema of ours that is overwritten at a steady pace, so that a recovery to a moment between two of its
/// commits can be told from one to any other moment.
///
/// Moments are compared by the order of commits, their place in the write-ahead log, and never by clocks.
package struct Canary: Sendable {
    package let connection: Connection
    package let clock: WallClock
    /// Which drill it belongs to.
    package let runID: String

    package init(_ connection: Connection, clock: WallClock, runID: String) {
        self.connection = connection
        self.clock = clock
        self.runID = runID
    }

    /// One commit of it.
    package struct Beat: Sendable, Hashable {
        package var number: Int64
        package var transaction: UInt64
        /// A place in the log behind its commit and before that of the next one.
        package var end: LogPosition
        /// By the server's clock, for people.
        package var at: Timestamp
    }

    /// What it needs, made where it is missing.
    package static let preparation: [SQL] = [
        "create schema if not exists mainstay",
        """
        create table if not exists mainstay.canary (
            slot integer primary key, run text not null, number bigint not null, written timestamptz not null)
        """,
    ]

    /// As a plan shows it.
    package static let beating: SQL = """
        insert into mainstay.canary (slot, run, number, written) values (1, RUN, NUMBER, clock_timestamp())
        on conflict (slot) do update set run = excluded.run, number = excluded.number, written = excluded.written
        """

    /// Whether a logical replica would be sent it: a subscriber that has no such table stops at it, and the slot it
    /// leaves behind fills the disk.
    package static let publication: SurveySQL = """
        select exists (select from pg_catalog.pg_publication where puballtables) as yes
        """

    /// - Throws: `PhysicalError.canaryPublished`.
    package func prepare() async throws {
        let isPublished = try await connection.query(Self.publication.sql).only["yes", as: Bool.self]
        guard !isPublished else { throw PhysicalError.canaryPublished }
        // Who may only write to it may not make it, where it is there already.
        let isThere = try await connection.query("select pg_catalog.to_regclass('mainstay.canary') is not null as yes")
            .only["yes", as: Bool.self]
        guard !isThere else { return }
        for statement in Self.preparation { try await connection.execute(statement) }
    }

    /// - Throws: `PostgreSQLError`.
    package func beat(_ number: Int64) async throws -> Beat {
        let transaction = try await connection.query(
            """
            insert into mainstay.canary (slot, run, number, written) values (1, \(runID), \(number), clock_timestamp())
            on conflict (slot) do update set run = excluded.run, number = excluded.number, written = excluded.written
            returning pg_catalog.pg_current_xact_id()::xid::text as transaction
            """
        ).only["transaction", as: String.self]
        // Behind its commit: this is another transaction, and the next beat has not begun.
        let row = try await connection.query(
            "select pg_catalog.pg_current_wal_insert_lsn()::text as end, pg_catalog.clock_timestamp() as at"
        ).only
        guard let position = LogPosition(try row["end"]), let number32 = UInt64(transaction) else {
            throw PhysicalError.notArchiving(reason: "the server does not say where its log ends")
        }
        return Beat(number: number, transaction: number32, end: position, at: try row["at"])
    }

    /// - Returns: at least four beats.
    package func beats(every pace: Duration, for span: Duration) async throws -> [Beat] {
        let began = clock.monotonic()
        var beats: [Beat] = []
        repeat {
            beats.append(try await beat(Int64(beats.count + 1)))
            try await clock.sleep(for: pace)
        } while beats.count < 4 || clock.monotonic() - began < span
        return beats
    }

    /// What a restored database holds of it: the number of the last commit; nil for nothing of this run.
    static func held(_ address: DatabaseAddress, runID: String) async throws -> Int64? {
        try await Connection.with(address, .unlimited()) { connection in
            try await connection.query("select number from mainstay.canary where slot = 1 and run = \(runID)")
                .atMostOne?["number", as: Int64.self]
        }
    }
}
