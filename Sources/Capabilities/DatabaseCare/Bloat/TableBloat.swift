import Maintenance
import PostgreSQL

/// Estimates a table's bloat from whole pages that it reads, at most a thousand (8 MB).
///
/// Formulas over `pg_stats.avg_width` are off by whole paddings for every row, and know nothing of how rows lie. Here the
/// rows of sampled pages are weighed as they are, so that the only error is the sample's, and that is known: it follows
/// from how much the pages differ.
struct TableBloat: Sendable {
    var pages = 1_000.0

    /// - Parameter table: a table or materialised view.
    func estimate(_ table: QualifiedName, _ session: SurveySession) async throws -> Bloat {
        let plain = session.with(settings: ["search_path": "", "jit": "off"])
        guard let facts = try await Facts.read(table, plain) else { return .unknown("the table is gone") }
        guard facts.isTable else { return .unknown("it is no heap table") }
        guard facts.mayRead else { return .unknown("this role may not read the table") }
        guard facts.pages >= Bloat.leastPages else {
            return .unknown("it has fewer than \(Int(Bloat.leastPages)) pages")
        }
        let sample = PageSample(table, all: facts.pages, most: pages)
        do {
            return Self.judge(try await weigh(sample, facts, plain.unfiltered), sample)
        } catch let error as PostgreSQLError {
            guard case .other = error else { throw error }
            return .unknown("its rows cannot be read: \(error.problem)")
        }
    }

    /// Bytes that are alive on the sampled pages together, and the sum of their squares by page.
    struct Weight: Sendable {
        var used: Double
        var squares: Double
    }

    static func judge(_ weight: Weight, _ sample: PageSample) -> Bloat {
        let mean = weight.used / sample.taken
        let share = min(100, max(0, 100 * (1 - mean / PageLayout.room)))
        guard !sample.isWhole else { return .estimated(share: share, error: 0, source: "every page was read") }
        let variance = max(0, weight.squares / sample.taken - mean * mean)
        let error =
            100 * 1.96 * (variance / sample.taken * (1 - sample.taken / sample.all)).squareRoot() / PageLayout.room
        guard error <= Bloat.largestError else {
            return .unknown(
                "its pages differ so much that \(Int(sample.taken)) of them say it to \(error.formatted(decimals: 0)) "
                    + "points only")
        }
        return .estimated(
            share: share, error: error, source: "\(Int(sample.taken).grouped) of \(Int(sample.all).grouped) pages read")
    }

    private struct Facts: Sendable {
        var pages: Double
        var isTable: Bool
        var mayRead: Bool
        /// Whether any value lies in the TOAST table.
        var hasLargeValues: Bool
        var columns: [String]
        /// Columns whose values may lie there.
        var largeColumns: [String]

        static func read(_ table: QualifiedName, _ session: SurveySession) async throws -> Facts? {
            let rows = try await session.query(
                """
                select pg_relation_size(c.oid) / current_setting('block_size')::float8 as pages,
                    c.relkind in ('r', 'm') and coalesce(am.amname = 'heap', false) as is_table,
                    has_table_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE') as may_read,
                    coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) > 0 as large,
                    array(select a.attname::text from pg_attribute a
                        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
                    array(select a.attname::text from pg_attribute a
                        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attlen = -1
                            and a.attstorage <> 'p' order by a.attnum) as large_columns
                from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am am on am.oid = c.relam
                where n.nspname = \(table.schema) and c.relname = \(table.name)
                """)
            guard let row = rows.first else { return nil }
            return Facts(
                pages: try row["pages"], isTable: try row["is_table"], mayRead: try row["may_read"],
                hasLargeValues: try row["large"], columns: try row["columns"],
                largeColumns: try row["large_columns"])
        }
    }

    /// Pointers up to the last row of a page that is alive stay; of those behind it VACUUM gets rid. OFFSET keeps the
    /// planner from weighing a row that was packed into another one on its way up.
    private func weigh(_ sample: PageSample, _ facts: Facts, _ session: SurveySession) async throws -> Weight {
        let row = try await session.query(
            SurveySQL(
                """
                select coalesce(sum(used), 0)::float8 as used, coalesce(sum(used * used), 0)::float8 as squares
                from (
                    select (sum((weight + 7) / 8 * 8) + 4 * max(line))::float8 as used
                    from (
                        select (\(PageSample.row).ctid::text::point)[0] as page,
                            (\(PageSample.row).ctid::text::point)[1] as line,
                            \(Self.weight(facts))::bigint as weight
                        \(sample.rows) offset 0) r
                    group by page) p
                """)
        ).only
        return Weight(used: try row["used"], squares: try row["squares"])
    }

    /// A row without values elsewhere is weighed as it lies. Of one with some, the row would be fetched together from
    /// where its values lie, and `pg_column_size` gives such a value its size there; so its columns are weighed one by
    /// one, and what the server would have moved out, the largest first until the row fits into a quarter of a page,
    /// counts as the pointer of 18 bytes it left.
    private static func weight(_ facts: Facts) -> SQL {
        guard facts.hasLargeValues else { return "pg_column_size(\(PageSample.row))" }
        func sizes(_ columns: [String]) -> SQL {
            columns.map { "pg_column_size(\(PageSample.row).\(identifier: $0))" as SQL }.joined(separator: ", ")
        }
        let total: SQL = "24 + (select coalesce(sum(x), 0) from unnest(array[\(sizes(facts.columns))]::bigint[]) x)"
        return """
            (select case when total <= \(PageLayout.toastThreshold)::bigint then total else (
                select coalesce(max(rest) filter (where rest <= \(PageLayout.toastThreshold)::bigint), min(rest))
                from (
                    select total - coalesce(sum(size - 18) over (order by size desc, n
                        rows between unbounded preceding and 1 preceding), 0) as rest
                    from unnest(array[\(sizes(facts.largeColumns))]::bigint[] || 0::bigint) with ordinality u (size, n)
                    where size is not null) moved) end
            from (select \(total) as total) whole)
            """
    }
}
