import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let checkpointAge = Check(
        CheckSchema(
            name: "checkpoints.age", summary: "how long ago the last checkpoint was",
            thresholds: .init(.seconds, warning: 7_200, critical: 28_800),
            options: [
                .init(
                    "wal", .size(ByteCount(0)...ByteCount(1 << 40)), standard: 16_777_216,
                    summary: "how much WAL there has to be since then; a server at rest makes no checkpoint")
            ]),
        code: "HC081",
        title: "Age of the last checkpoint",
        kind: .postgresql,
        explanation: """
            After a crash the server replays what was written since its last checkpoint before it answers anybody, and a \
            standby since its last restartpoint. The server makes one every checkpoint_timeout, at most a day; where there \
            was none for much longer and something was written, the disks do not follow, or a file cannot be written: the \
            server's log says which. While little was written since ('wal'), nothing has to be replayed and it passes.
            """,
        source: "https://www.postgresql.org/docs/current/wal-configuration.html"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select pg_catalog.date_part('epoch', pg_catalog.now() - checkpoint_time)::float8 as age,
                pg_catalog.pg_wal_lsn_diff(
                    case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                        else pg_catalog.pg_current_wal_lsn() end, redo_lsn)::bigint as wal
            from pg_catalog.pg_control_checkpoint()
            """
        ).only
        let age = try max(0, row["age", as: Double.self])
        // A standby that has replayed nothing yet has no place to tell.
        let wal = ByteCount(try max(0, row["wal", as: Int64?.self] ?? 0))
        let summary = "\(Duration.seconds(age).short) ago, \(wal) of WAL since then"
        guard wal.bytes >= context.limits.integer("wal") else {
            return Reading(summary: "\(summary): nothing worth a checkpoint", state: .passed)
        }
        var reading = Reading(value: age, summary: "\(summary) (\(context.limits.text))")
        reading.evidence = ["wal": .integer(wal.bytes)]
        return reading
    }
}
