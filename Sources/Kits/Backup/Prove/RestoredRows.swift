import Maintenance
import PostgreSQL

extension RestoredDatabase {
    /// Every row of every table, by digest over the columns that were dumped.
    func rows() async throws -> Comparison {
        try await DatabaseSnapshot.with(address, connections: connections) { snapshot in
            let present = try await RestoredTable.all(snapshot)
            let byName = Dictionary(present.map { ($0.name, $0) }) { first, _ in first }
            var result = Comparison()
            var readable: [BackupManifest.Table] = []
            var digested: [DigestTable] = []
            for table in manifest.tables {
                guard let found = byName[table.name] else {
                    result.differences.append(
                        .init(kind: "table", name: table.name.description, problem: "it was not restored"))
                    continue
                }
                let lacking = table.columns.filter { name in !found.columns.contains { $0.hasSameBytes(as: name) } }
                guard lacking.isEmpty else {
                    let names = lacking.map { "'\($0.printable)'" }.joined(separator: ", ")
                    result.differences.append(
                        .init(kind: "table", name: table.name.description, problem: "it has no column \(names)"))
                    continue
                }
                guard part?.holds(table.name) ?? true else { continue }
                readable.append(table)
                digested.append(DigestTable(table.name, columns: table.columns, blocks: found.blocks))
            }
            let digests = try await snapshot.digest(digested, with: .xxh3)
            for (table, digest) in zip(readable, digests) where table.digest != digest {
                result.differences.append(Self.difference(table, digest))
            }
            result.differences += extra(present)
            result.parts = [
                .init(
                    kind: "rows", count: Int(clamping: digests.reduce(0) { $0 + $1.rows }),
                    method:
                        "every row of \(part.map { "every table of \($0)" } ?? "every table") by a 128-bit digest of its text; stored generated columns are "
                        + "computed again by a restore and not among them", seconds: 0),
                .init(
                    kind: "tables", count: manifest.tables.count,
                    method: "that all are there and no other, leaves of partitioned tables each by itself", seconds: 0),
            ]
            return result
        }
    }

    private static func difference(_ table: BackupManifest.Table, _ found: RowDigest) -> Comparison.Difference {
        let name = table.name.description
        let expected = table.digest
        if found.rows != expected.rows {
            return .init(
                kind: "rows", name: name,
                problem: "\(Int64(clamping: found.rows).grouped) rows were restored, and "
                    + "\(Int64(clamping: expected.rows).grouped) were dumped")
        }
        let bytes =
            found.bytes == expected.bytes
            ? ""
            : " (\(Int64(clamping: found.bytes).grouped) bytes of text instead of "
                + "\(Int64(clamping: expected.bytes).grouped))"
        return .init(
            kind: "rows", name: name,
            problem: "all \(Int64(clamping: found.rows).grouped) rows are there, and their content differs\(bytes)")
    }

    /// Tables nobody dumped. Those of extensions come with them; a standby has no rows of unlogged ones.
    private func extra(_ present: [RestoredTable]) -> [Comparison.Difference] {
        let known = Set(manifest.tables.map(\.name))
        return present.filter { table in
            !known.contains(table.name) && !table.isOfExtension && !(table.isUnlogged && manifest.source.isStandby)
        }.map { .init(kind: "table", name: $0.name.description, problem: "it was restored and is in no backup") }
    }
}

/// A table with rows of its own in the restored database.
struct RestoredTable: Sendable {
    var name: QualifiedName
    var columns: [String]
    /// Zero where rows cannot be addressed by block.
    var blocks: Int64
    var isOfExtension: Bool
    var isUnlogged: Bool

    static func all(_ snapshot: DatabaseSnapshot) async throws -> [RestoredTable] {
        try await snapshot.query(
            """
            select n.nspname::text as schema, c.relname::text as name, c.relpersistence = 'u' as is_unlogged,
                array(
                    select a.attname::text from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
                case when am.amname = 'heap' then
                    pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int else 0
                end as blocks,
                exists (
                    select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as is_member
            from pg_catalog.pg_class c
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                left join pg_catalog.pg_am am on am.oid = c.relam
            where c.relkind = 'r' and c.relpersistence <> 't'
                and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            """
        ).map { row in
            RestoredTable(
                name: QualifiedName(schema: try row["schema"], name: try row["name"]), columns: try row["columns"],
                blocks: try row["blocks"], isOfExtension: try row["is_member"], isUnlogged: try row["is_unlogged"])
        }
    }
}
