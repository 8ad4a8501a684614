import Maintenance
import PostgreSQL

/// A table with rows of its own, as the dump has to contain it.
struct SourceTable: Hashable, Sendable {
    var name: QualifiedName
    var oid: UInt32
    /// Without the generated ones.
    var columns: [String]
    var size: ByteCount
    var isUnlogged: Bool
    /// Its rows come with CREATE EXTENSION, or by a condition of the extension's.
    var isOfExtension: Bool
    var isReadable: Bool
    /// Row security would hide rows from this role.
    var isFiltered: Bool

    /// All of the users' tables, by oid.
    ///
    /// - Parameter measuring: with their sizes, for which the server looks at every file.
    /// - Throws: `PostgreSQLError`.
    static func all(measuring: Bool = false, _ query: (SurveySQL) async throws -> Rows) async throws -> [SourceTable] {
        try await query(
            """
            select c.oid, n.nspname::text as schema, c.relname::text as name,
                array(
                    select a.attname::text from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                    order by a.attnum) as columns,
                case when \(measuring) then pg_catalog.pg_table_size(c.oid) else 0 end as size,
                c.relpersistence = 'u' as is_unlogged,
                exists (
                    select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as is_member,
                pg_catalog.has_schema_privilege(n.oid, 'usage')
                    and pg_catalog.has_table_privilege(c.oid, 'select') as is_readable,
                pg_catalog.row_security_active(c.oid) as is_filtered
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and c.relpersistence <> 't'
                and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            order by c.oid
            """
        ).map { row in
            SourceTable(
                name: QualifiedName(schema: try row["schema"], name: try row["name"]), oid: try row["oid"],
                columns: try row["columns"], size: ByteCount(try row["size", as: Int64?.self] ?? 0),
                isUnlogged: try row["is_unlogged"], isOfExtension: try row["is_member"],
                isReadable: try row["is_readable"],
                isFiltered: try row["is_filtered"])
        }
    }

    /// Those of the tenth (or whatever share) whose turn it is in the backup of this number: the tables lie on a line by
    /// oid, each as long as its bytes, and one belongs to the part that its middle lies in. So every table comes once a
    /// cycle, and a cycle costs one read of everything.
    static func turn(_ tables: [SourceTable], number: Int, percent: Int) -> [SourceTable] {
        guard percent > 0 else { return [] }
        let total = tables.reduce(0) { $0 + max(1, $1.size.bytes) }
        let parts = max(1, 100 / percent)
        var begin: Int64 = 0
        return tables.filter { table in
            let middle = Double(begin) + Double(max(1, table.size.bytes)) / 2
            begin += max(1, table.size.bytes)
            let part = min(parts - 1, Int(middle / Double(total) * Double(parts)))
            return part == number % parts
        }
    }

    /// A backup without some of the rows is none.
    static func refuseIncomplete(_ tables: [SourceTable]) throws(BackupError) {
        let own = tables.filter { !$0.isOfExtension }
        let unreadable = own.filter { !$0.isReadable }
        guard unreadable.isEmpty else { throw .notReadable(unreadable.map(\.name)) }
        let filtered = own.filter(\.isFiltered)
        guard filtered.isEmpty else { throw .filtered(filtered.map(\.name)) }
    }
}
