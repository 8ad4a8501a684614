import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let walOnDisk = Check(
        CheckSchema(
            name: "wal.on-disk", summary: "how much WAL lies on the disk, against what should",
            thresholds: .init(.percent, warning: 200, critical: 400, range: 0...100_000)),
        code: "HC076",
        title: "WAL on the disk",
        kind: .postgresql,
        explanation: """
            The server keeps about max_wal_size of WAL, or wal_keep_size where that is more. More means that something \
            keeps it from removing what is old: a slot that nobody reads, archiving that fails, or a checkpoint that does \
            not come through. The share is of that bound. The role needs pg_monitor to look.
            """,
        source: "https://www.postgresql.org/docs/current/wal-configuration.html"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select count(*)::bigint as files, coalesce(sum(size), 0)::bigint as bytes,
                greatest(pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')),
                    pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_keep_size')),
                    pg_catalog.pg_size_bytes(pg_catalog.current_setting('min_wal_size')))::bigint as bound
            from pg_catalog.pg_ls_waldir()
            """
        ).only
        let bytes = try row["bytes", as: Int64.self]
        let bound = try row["bound", as: Int64.self]
        let share = Double(bytes) / Double(max(1, bound)) * 100
        var reading = Reading(value: share)
        reading.summary =
            "\(ByteCount(bytes)) of WAL in \("file".counted(Int(try row["files", as: Int64.self]))), \(Percentage(share)) of "
            + "\(ByteCount(bound)) (\(context.limits.text))"
        reading.measurements = [Measurement("wal.bytes", context.target, unit: .bytes, value: Double(bytes))]
        return reading
    }
}
