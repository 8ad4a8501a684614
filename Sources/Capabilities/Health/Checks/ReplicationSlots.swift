import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let replicationSlots = Check(
        CheckSchema(
            name: "replication.slots",
            summary: "how much WAL slots that nobody reads keep on the disk",
            thresholds: GuideThresholds.retainedWAL),
        code: "HC007",
        title: "WAL kept for unread slots",
        kind: .postgresql,
        explanation: """
            A replication slot keeps all WAL that its reader has not fetched yet, also when the reader is gone for good, \
            until the disk is full and the server stops. This is what inactive slots keep: physical ones of the cluster, \
            and logical ones of this database. Bring the reader back, or drop the slot with the statement the finding \
            shows. A slot whose WAL was removed (max_slot_wal_keep_size) is of no use to its reader any more: a warning.
            """,
        source: "https://www.postgresql.org/docs/current/view-pg-replication-slots.html"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select slot_name as name, slot_type as type, active, wal_status as status,
                coalesce(pg_catalog.pg_wal_lsn_diff(
                    case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                        else pg_catalog.pg_current_wal_lsn() end, restart_lsn), 0)::bigint as bytes
            from pg_catalog.pg_replication_slots
            where not temporary and (database is null or database = pg_catalog.current_database())
            order by bytes desc, slot_name
            """)
        let inactive = try rows.filter { !(try $0["active", as: Bool.self]) }
        let kept = try inactive.reduce(Int64(0)) { try $0 + max(0, $1["bytes", as: Int64.self]) }
        let lost = try rows.filter { try $0["status", as: String?.self] == "lost" }
        var reading = Reading(value: Double(kept))
        var clauses: [String] = []
        if rows.isEmpty { clauses.append("no replication slot") }
        if !rows.isEmpty, inactive.isEmpty { clauses.append("all \(rows.count) slots are read") }
        if let first = inactive.first {
            let name = try first["name", as: String.self].printable
            clauses.append(
                "\(inactive.count) of \(rows.count) slots are not read and keep \(ByteCount(kept)) of WAL, most of it "
                    + "'\(name)' (\(context.limits.text))")
        }
        if let first = lost.first {
            clauses.append("the WAL that '\(try first["name", as: String.self].printable)' needs is gone")
            reading.state = [context.limits.judge(Double(kept)), .warning].worst
        }
        for (index, row) in inactive.prefix(10).enumerated() {
            let name = try row["name", as: String.self]
            reading.evidence["to mend \(index + 1)"] = .text(
                "select pg_catalog.pg_drop_replication_slot(\(name.quotedLiteral));")
        }
        reading.evidence["slots"] = Scalar(rows.count)
        reading.summary = clauses.joined(separator: "; ")
        return reading
    }
}
