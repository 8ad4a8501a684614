import Engine
import Maintenance
import PostgreSQL

/// A table as the statistics views know it.
struct StatisticsTable: Sendable {
    var oid: Int64
    var name: QualifiedName
    var liveRows: Int64
    /// Changed since the last ANALYZE, by whomever.
    var modified: Int64
    /// The latest of manual ANALYZE and autoanalyze; nil: never, as far as the server remembers.
    var lastAnalyzed: Timestamp?
    /// Manual ANALYZE runs since the statistics were last reset.
    var analyzeCount: Int64
    var lastManual: Timestamp?
    var mayAnalyze: Bool

    var identity: Facts { ["oid": .integer(oid)] }

    var witness: Facts {
        ["analyze count": .integer(analyzeCount), "last analyze": lastManual.map { .text($0.iso8601) } ?? .null]
    }

    var reason: String {
        guard let lastAnalyzed else { return "never analysed, \(liveRows.grouped) rows" }
        let share = Percentage(Double(modified), of: Double(max(liveRows, 1)))
        return "\(modified.grouped) of \(liveRows.grouped) rows (\(share)) changed since \(lastAnalyzed)"
    }

    /// The counters of the statistics system (manual, 28.2 "The Cumulative Statistics System"). `mayAnalyze` is what
    /// ANALYZE itself asks: owner of the table or, but for shared catalogs, of the database; on 17 and later MAINTAIN.
    private static let columns: SurveySQL = """
        select c.oid::bigint as oid, n.nspname as schema, c.relname as name, coalesce(s.n_live_tup, 0) as live,
            coalesce(s.n_mod_since_analyze, 0) as modified, greatest(s.last_analyze, s.last_autoanalyze) as last,
            coalesce(s.analyze_count, 0) as analyze_count, s.last_analyze as last_manual,
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
        where c.relkind in ('r', 'm') and c.relpersistence <> 't'
            and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
        order by modified desc, n.nspname, c.relname
        """

    static func all(_ session: SurveySession, everyTable: Bool) async throws -> [StatisticsTable] {
        try await session.query(columns).map(Self.init)
    }

    /// The table of a change, by the identity it was planned with; what is found may be another one of that name.
    static func find(_ change: Change, _ session: SurveySession) async throws -> StatisticsTable {
        guard case .integer(let oid)? = change.identity["oid"] else { preconditionFailure("the plan has no oid") }
        let tables = try await all(session, everyTable: true)
        guard
            let found = tables.first(where: { $0.oid == oid })
                ?? tables.first(where: { $0.name.description == change.object })
        else { throw TableIsGone(table: change.object) }
        return found
    }

    private init(_ row: Row) throws {
        oid = try row["oid"]
        name = QualifiedName(schema: try row["schema"], name: try row["name"])
        liveRows = try row["live"]
        modified = try row["modified"]
        lastAnalyzed = try row["last"]
        analyzeCount = try row["analyze_count"]
        lastManual = try row["last_manual"]
        mayAnalyze = try row["may_analyze"]
    }
}

/// A table that was there when the plan was made.
struct TableIsGone: MaintenanceError {
    var table: String

    var code: String { "db.table-gone" }
    var problem: String { "the table \(table.printable) is gone" }
    var hint: String? { "Look again with '--dry-run'." }
}
