import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let locksHeld = Check(
        CheckSchema(
            name: "locks.held", summary: "how much of the server's table of locks is in use",
            thresholds: .init(.percent, warning: 50, critical: 80)),
        code: "HC080",
        title: "Locks held",
        kind: .postgresql,
        explanation: """
            Counts the locks of all databases that stand in the shared table of locks, against the room it was made with: \
            max_locks_per_transaction for each connection and prepared transaction. Where it is full the next lock fails \
            with 'out of shared memory' and the hint to raise that setting, in whatever session asks for it. Queries over \
            thousands of partitions, and dumps of as many tables, fill it.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-locks.html#GUC-MAX-LOCKS-PER-TRANSACTION"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select count(*) filter (where not fastpath and locktype <> 'virtualxid') as held,
                pg_catalog.current_setting('max_locks_per_transaction')::bigint
                    * (pg_catalog.current_setting('max_connections')::bigint
                        + pg_catalog.current_setting('max_prepared_transactions')::bigint) as room
            from pg_catalog.pg_locks
            """
        ).only
        let (held, room) = (try row["held", as: Int64.self], try row["room", as: Int64.self])
        let share = Percentage(Double(held), of: Double(room))
        var reading = Reading(value: share.value)
        reading.summary = "\(held.grouped) of \(room.grouped) locks are held, \(share) (\(context.limits.text))"
        reading.evidence = ["held": .integer(held), "room": .integer(room)]
        return reading
    }
}
