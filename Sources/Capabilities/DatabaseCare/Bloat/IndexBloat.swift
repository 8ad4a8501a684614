import Maintenance
import PostgreSQL

/// What an index would take if it were built anew, and so how much of it is bloat.
///
/// Where the extension pgstattuple is there and the role may use it, a B-tree's density is measured. Elsewhere the keys of
/// sampled pages of the table are weighed and multiplied: right for unique keys, since each takes one entry; for equal
/// keys, which a B-tree since version 13 keeps together, how often each occurs is needed, and where the statistics do
/// not say that there is no estimate.
struct IndexBloat: Sendable {
    /// Larger indexes are not measured, because `pgstatindex` reads all of them.
    var mostMeasured: Int64 = 8_589_934_592
    var pages = 300.0

    struct Result: Sendable, Hashable {
        var bloat: Bloat
        /// Bytes after a rebuild; nil where unknown.
        var gain: IndexGain?
    }

    func estimate(_ index: CareIndex, _ session: SurveySession) async throws -> Result {
        let plain = session.with(settings: ["search_path": "", "jit": "off"])
        func unknown(_ reason: String) -> Result { Result(bloat: .unknown(reason), gain: nil) }
        guard index.method == "btree" else { return unknown("nobody can tell of a \(index.method) index") }
        guard Double(index.bytes) >= Bloat.leastPages * 8_192 else {
            return unknown("it has fewer than \(Int(Bloat.leastPages)) pages")
        }
        if index.bytes <= mostMeasured, let schema = try await Self.measuringSchema(plain) {
            return try await measure(index, schema, plain)
        }
        guard let facts = try await IndexFacts.read(index, plain) else { return unknown("the index is gone") }
        if let reason = facts.obstacle { return unknown(reason) }
        do {
            return try await weigh(index, facts, plain)
        } catch let error as PostgreSQLError {
            guard case .other = error else { throw error }
            return unknown("its table's rows cannot be read: \(error.problem)")
        }
    }

    /// Where `pgstatindex` lies, if this role may call it; it is for members of `pg_stat_scan_tables`.
    private static func measuringSchema(_ session: SurveySession) async throws -> String? {
        try await session.query(
            """
            select n.nspname::text as schema from pg_extension x join pg_namespace n on n.oid = x.extnamespace
            where x.extname = 'pgstattuple' and exists (
                select from pg_proc p where p.pronamespace = n.oid and p.proname = 'pgstatindex'
                    and has_function_privilege(p.oid, 'EXECUTE'))
            """
        ).first?["schema"]
    }

    private func measure(_ index: CareIndex, _ schema: String, _ session: SurveySession) async throws -> Result {
        let row = try await session.query(
            SurveySQL(
                """
                select index_size as bytes, leaf_pages as leaves, case when leaf_pages > 0 then avg_leaf_density end as density,
                    empty_pages + deleted_pages as idle
                from \(identifier: schema).pgstatindex(\(index.name)::regclass)
                """)
        ).only
        guard let density = try row["density", as: Double?.self] else {
            return Result(bloat: .unknown("it holds nothing"), gain: nil)
        }
        let leaves = try row["leaves", as: Double.self]
        let needed = leaves * PageLayout.btreeRoom * density / 100
        return Self.result(index, needed: needed, of: Double(try row["bytes", as: Int64.self]), error: 0, "pgstatindex")
    }

    private func weigh(_ index: CareIndex, _ facts: IndexFacts, _ session: SurveySession) async throws -> Result {
        let sample = PageSample(index.table, all: facts.tablePages, most: pages)
        let row = try await session.unfiltered.query(
            SurveySQL(
                """
                select count(*)::float8 as entries, coalesce(avg(weight), 0)::float8 as mean,
                    coalesce(stddev_samp(weight), 0)::float8 as spread
                from (select (8 + \(facts.weight) + 7) / 8 * 8 + 4 as weight \(sample.rows) offset 0) r
                """)
        ).only
        let seen = try row["entries", as: Double.self]
        guard seen > 0 else { return Result(bloat: .unknown("no row was found on the sampled pages"), gain: nil) }
        let entries = facts.tuples
        let mean = try row["mean", as: Double.self]
        let needed: Double
        if let distinct = facts.distinct, distinct < entries * 0.9 {
            // A group of equal keys is one entry with six bytes for each row, of at most a sixth of a page.
            let groups = max(distinct, entries * 6 / 1_300)
            needed = groups * mean + entries * 6
        } else {
            needed = entries * mean
        }
        let error = 100 * 1.96 * (try row["spread", as: Double.self]) / seen.squareRoot() / max(mean, 1)
        return Self.result(
            index, needed: needed, of: Double(index.bytes), error: error,
            "keys of \(Int(seen).grouped) of \(Int(entries).grouped) rows weighed")
    }

    /// - Parameter needed: bytes of all entries on leaf pages.
    private static func result(
        _ index: CareIndex, needed: Double, of bytes: Double, error: Double, _ source: String
    ) -> Result {
        guard error <= Bloat.largestError else {
            return Result(
                bloat: .unknown(
                    "its keys differ so much that the sample says it to \(error.formatted(decimals: 0)) points"),
                gain: nil)
        }
        // Leaves are filled to nine tenths, or as its fill factor says; above them lies one page for some hundred.
        let rebuilt = needed / (PageLayout.btreeRoom * Double(index.fillFactor) / 100) * 8_192 * 1.006 + 8_192
        let share = min(100, max(0, 100 * (1 - rebuilt / bytes)))
        return Result(
            bloat: .estimated(share: share, error: error, source: source),
            gain: IndexGain(rebuilt: Int64(rebuilt), source: source))
    }
}

/// What is known of an index without reading it.
struct IndexFacts: Sendable {
    var tablePages: Double
    var tuples: Double
    /// Different keys; nil where each occurs once.
    var distinct: Double?
    /// Why its keys cannot be weighed; nil where they can.
    var obstacle: String?
    /// Bytes of a key, as SQL over a row of the table.
    var weight: SQL

    static func read(_ index: CareIndex, _ session: SurveySession) async throws -> IndexFacts? {
        let rows = try await session.query(
            """
            select pg_relation_size(t.oid) / current_setting('block_size')::float8 as pages,
                coalesce(nullif(pg_stat_get_live_tuples(t.oid), 0), greatest(c.reltuples, 0))::float8 as entries,
                i.indisunique as is_unique, i.indpred is not null as is_partial, i.indexprs is not null as has_expressions,
                has_table_privilege(t.oid, 'SELECT') as may_read, i.indnatts::int as columns,
                coalesce(pg_stat_get_mod_since_analyze(t.oid) > 0.1 * greatest(t.reltuples, 1), false) as is_stale,
                array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (attnum, n)
                    join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum order by k.n) as names,
                array(select case a.attalign when 'c' then 1 when 's' then 2 when 'i' then 4 else 8 end
                    from unnest(i.indkey::int2[]) with ordinality k (attnum, n)
                    join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum order by k.n) as aligns,
                array(select a.attlen::int from unnest(i.indkey::int2[]) with ordinality k (attnum, n)
                    join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum order by k.n) as lengths,
                (select s.n_distinct::float8 from pg_stats s
                    where i.indnatts = 1 and s.schemaname = n.nspname and s.tablename = t.relname and not s.inherited
                        and s.attname = (select a.attname from pg_attribute a
                            where a.attrelid = t.oid and a.attnum = i.indkey[0])) as n_distinct
            from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
            join pg_namespace n on n.oid = t.relnamespace
            where i.indexrelid = \(index.oid)::oid
            """)
        guard let row = rows.first else { return nil }
        let tuples: Double = try row["entries"]
        var obstacle: String?
        if try !row["may_read", as: Bool.self] { obstacle = "this role may not read its table" }
        if try row["has_expressions", as: Bool.self] { obstacle = "it is over an expression" }
        if try row["is_partial", as: Bool.self] { obstacle = "it is partial" }
        if tuples < 1 { obstacle = "its table was never analysed" }
        var distinct: Double?
        if try !row["is_unique", as: Bool.self] {
            if try row["is_stale", as: Bool.self] { obstacle = "its table's statistics are stale" }
            if let known = try row["n_distinct", as: Double?.self] {
                distinct = known < 0 ? -known * tuples : known
            } else {
                obstacle = obstacle ?? "how often its keys occur is not known"
            }
        }
        let names: [String] = try row["names"]
        let aligns: [Int] = try row["aligns"]
        let lengths: [Int] = try row["lengths"]
        return IndexFacts(
            tablePages: try row["pages"], tuples: tuples, distinct: distinct, obstacle: obstacle,
            weight: weight(names, aligns, lengths))
    }

    /// Columns one after the other, each where its type may begin; short values of variable length begin anywhere.
    private static func weight(_ names: [String], _ aligns: [Int], _ lengths: [Int]) -> SQL {
        var weight: SQL = "0"
        for ((name, align), length) in zip(zip(names, aligns), lengths) {
            let size: SQL = "coalesce(pg_column_size(\(PageSample.row).\(identifier: name)), 0)"
            weight =
                length > 0
                ? "(((\(weight)) + \(number: align - 1)) / \(number: align) * \(number: align) + \(size))"
                : "((\(weight)) + \(size))"
        }
        return weight
    }
}
