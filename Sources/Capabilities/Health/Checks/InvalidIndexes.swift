import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let invalidIndexes = Check(
        CheckSchema(
            name: "indexes.invalid",
            summary: "how many indexes are kept up to date and never used",
            thresholds: .init(.count, warning: 1, critical: nil), every: .seconds(600)),
        code: "HC012",
        title: "Invalid indexes",
        kind: .postgresql,
        explanation: """
            Looks for indexes that a failed or cancelled CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY left behind. \
            Queries never use them, but every write pays for them, and a unique one does not enforce anything. Those that \
            are being built at this moment do not count, nor does a partitioned index that waits for a partition. Drop the \
            leftover, or build it again, with the statement the finding shows.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select n.nspname as schema, c.relname as name, t.relname as table_name,
                pg_catalog.pg_relation_size(c.oid) as bytes
            from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indexrelid
            join pg_catalog.pg_class t on t.oid = i.indrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where not i.indisvalid and c.relkind = 'i' and n.nspname !~ '^pg_temp'
                and not exists (
                    select from pg_catalog.pg_stat_progress_create_index p
                    where p.index_relid = c.oid or p.relid = i.indrelid)
            order by n.nspname, c.relname
            """)
        var reading = Reading(value: Double(rows.count))
        guard !rows.isEmpty else {
            reading.summary = "no invalid index"
            return reading
        }
        let names = try rows.map { QualifiedName(schema: try $0["schema"], name: try $0["name"]) }
        let bytes = try rows.reduce(Int64(0)) { try $0 + $1["bytes", as: Int64.self] }
        let first = names.prefix(3).map(\.description).joined(separator: ", ")
        reading.summary =
            "\(names.count) invalid index\(names.count == 1 ? "" : "es"), \(ByteCount(bytes)): \(first)"
            + (names.count > 3 ? " and \(names.count - 3) more" : "")
        for (index, name) in names.prefix(20).enumerated() {
            reading.evidence["to mend \(index + 1)"] = .text("drop index concurrently \(name.quoted);")
        }
        return reading
    }
}
