import Engine
import Maintenance
import PostgreSQL

/// A table as the statistics views know it.
struct StatisticsTable: Sendable {
    var oid: Int64
    var name: QualifiedName
    var kind: Kind
    var liveRows: Int64
    /// Changed since the last ANALYZE, by whomever.
    var modified: Int64
    /// The latest of manual ANALYZE and autoanalyze; nil: never, as far as the server remembers.
    var lastAnalyzed: Timestamp?
    /// Manual ANALYZE runs since the statistics were last reset.
    var analyzeCount: Int64
    var lastManual: Timestamp?
    var mayAnalyze: Bool
    /// Nil without children.
    var children: Children?
    /// The partitioned tables it lies in, which an ANALYZE before version 18 reaches it through.
    var ancestors: [Int64]

    enum Kind: String, Sendable {
        case table = "r"
        case materializedView = "m"
        /// Holds no rows itself. Autovacuum never refreshes its statistics (manual, 25.1.3 "Updating Planner
        /// Statistics"), and nobody counts the changes to its rows.
        case partitioned = "p"
    }

    /// What the server knows of a table's partitions or inheriting tables together.
    struct Children: Sendable {
        var liveRows: Int64
        var modified: Int64
        /// Live rows of those that were analysed after the parent.
        var refreshedRows: Int64
        /// How many rows there were when the parent was last analysed; nil where nobody wrote it down.
        var recordedRows: Int64?

        /// How many rows have changed since the parent was last analysed, at least as far as anybody can tell: what was
        /// changed and not analysed yet, and for a partitioned table by how much it grew or shrank. The rows that an
        /// inheriting table had changed before it was analysed are not counted by anyone, so all of it counts.
        var drift: Int64 { modified + (recordedRows.map { abs(liveRows - $0) } ?? refreshedRows) }
    }

    /// All rows the statistics describe.
    var rows: Int64 { (kind == .partitioned ? 0 : liveRows) + (children?.liveRows ?? 0) }
    var changed: Int64 { (kind == .partitioned ? 0 : modified) + (children?.drift ?? 0) }
    var share: Percentage { Percentage(Double(changed), of: Double(max(rows, 1))) }

    var identity: Facts { ["oid": .integer(oid)] }

    var witness: Facts {
        ["analyze count": .integer(analyzeCount), "last analyze": lastManual.map { .text($0.iso8601) } ?? .null]
    }

    var reason: String {
        guard let lastAnalyzed else { return "never analysed, \(rows.grouped) rows" }
        let noun = kind == .partitioned ? "about \(changed.grouped)" : changed.grouped
        return "\(noun) of \(rows.grouped) rows (\(share)) changed since \(lastAnalyzed)"
    }

    /// Before version 18 ANALYZE of a partitioned table goes on to all its partitions, and has no ONLY; an inheriting
    /// table it has never reached (manual, ANALYZE; release notes of 18).
    func statement(serverVersion: Int) -> SQL {
        children != nil && serverVersion >= 180_000
            ? "analyze only \(relation: name)" : "analyze \(relation: name)"
    }

    func reachesPartitions(serverVersion: Int) -> Bool { kind == .partitioned && serverVersion < 180_000 }
}

extension StatisticsTable {
    /// Every table, materialised view and partitioned table of the users, most changes first. Foreign tables are not
    /// there: an ANALYZE of one reads another server.
    static func all(_ session: SurveySession) async throws -> [StatisticsTable] {
        try await read(session, "true")
    }

    /// The table of a change, by the identity it was planned with.
    ///
    /// - Throws: `TableIsGone`.
    static func find(_ change: Change, _ session: SurveySession) async throws -> StatisticsTable {
        guard case .integer(let oid)? = change.identity["oid"] else { preconditionFailure("the plan has no oid") }
        guard let found = try await read(session, "c.oid = \(oid)").first else {
            throw TableIsGone(table: change.object)
        }
        return found
    }

    /// The counters of the statistics system (manual, 28.2 "The Cumulative Statistics System"); since 14 they count
    /// manual ANALYZE of partitioned tables too. `may_analyze` is what ANALYZE itself asks: owner of the table or, but for
    /// shared catalogs, of the database; on 17 and later MAINTAIN.
    private static func read(_ session: SurveySession, _ filter: SQL) async throws -> [StatisticsTable] {
        try await session.query(
            """
            with recursive tree (root, relid) as (
                select inhparent, inhrelid from pg_catalog.pg_inherits where not inhdetachpending
                union
                select t.root, i.inhrelid from tree t
                join pg_catalog.pg_inherits i on i.inhparent = t.relid and not i.inhdetachpending)
            select c.oid::bigint as oid, n.nspname as schema, c.relname as name, c.relkind::text as kind,
                coalesce(s.n_live_tup, 0) as live, coalesce(s.n_mod_since_analyze, 0) as modified,
                greatest(s.last_analyze, s.last_autoanalyze) as last,
                coalesce(s.analyze_count, 0) as analyze_count, s.last_analyze as last_manual,
                children.live as child_live, children.modified as child_modified, children.refreshed as child_refreshed,
                case when c.relkind = 'p' and c.reltuples >= 0 then c.reltuples::bigint end as recorded,
                array(select a.relid::bigint from pg_catalog.pg_partition_ancestors(c.oid) a
                    where a.relid <> c.oid) as ancestors,
                pg_catalog.pg_has_role(c.relowner, 'USAGE')
                    or (select pg_catalog.pg_has_role(d.datdba, 'USAGE') from pg_catalog.pg_database d
                        where d.datname = pg_catalog.current_database())
                    or (pg_catalog.current_setting('server_version_num')::int >= 170000
                        and pg_catalog.has_table_privilege(c.oid,
                            case when pg_catalog.current_setting('server_version_num')::int >= 170000
                                then 'MAINTAIN' else 'SELECT' end)) as may_analyze
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
            left join lateral (
                select pg_catalog.sum(l.n_live_tup)::bigint as live,
                    pg_catalog.sum(l.n_mod_since_analyze)::bigint as modified,
                    coalesce(pg_catalog.sum(l.n_live_tup) filter (where
                        greatest(l.last_analyze, l.last_autoanalyze) > greatest(s.last_analyze, s.last_autoanalyze)),
                        0)::bigint as refreshed
                from tree t join pg_catalog.pg_stat_all_tables l on l.relid = t.relid where t.root = c.oid
                having count(*) > 0) children on true
            where c.relkind in ('r', 'm', 'p') and c.relpersistence <> 't' and (\(filter))
                and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
            order by coalesce(s.n_mod_since_analyze, 0) + coalesce(children.modified, 0) desc, n.nspname, c.relname
            """
        ).map(Self.init)
    }

    private init(_ row: Row) throws {
        oid = try row["oid"]
        name = QualifiedName(schema: try row["schema"], name: try row["name"])
        let letter: String = try row["kind"]
        guard let known = Kind(rawValue: letter) else { preconditionFailure("a relation of kind '\(letter)'") }
        kind = known
        liveRows = try row["live"]
        modified = try row["modified"]
        lastAnalyzed = try row["last"]
        analyzeCount = try row["analyze_count"]
        lastManual = try row["last_manual"]
        mayAnalyze = try row["may_analyze"]
        ancestors = try row["ancestors"]
        children = try row["child_live", as: Int64?.self].map { live in
            Children(
                liveRows: live, modified: try row["child_modified"], refreshedRows: try row["child_refreshed"],
                recordedRows: try row["recorded"])
        }
    }
}

/// A table that was there when the plan was made.
struct TableIsGone: MaintenanceError {
    var table: String

    var code: String { "db.table-gone" }
    var problem: String { "the table \(table.printable) is gone" }
    var hint: String? { "Look again with '--dry-run'." }
}
