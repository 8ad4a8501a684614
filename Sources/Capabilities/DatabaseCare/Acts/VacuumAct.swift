import Engine
import Maintenance
import Outside
import PostgreSQL

/// A table as VACUUM sees it.
struct CareTable: Sendable, Hashable {
    var oid: Int64
    var name: QualifiedName
    var bytes: Int64
    var liveRows: Int64
    var deadRows: Int64
    /// Transactions since its oldest.
    var age: Int64
    var vacuumCount: Int64
    var lastVacuum: Timestamp?
    /// Its oldest transaction, as the catalogue has it; VACUUM moves it.
    var frozen: String
    var options: String
    var mayVacuum: Bool

    var identity: Facts { ["oid": .integer(oid)] }

    var witness: Facts {
        [
            "vacuum count": .integer(vacuumCount), "last vacuum": lastVacuum.map { .text($0.iso8601) } ?? .null,
            "dead rows": .integer(deadRows), "oldest transaction": .text(frozen), "bytes": .integer(bytes),
        ]
    }

    static func all(_ session: SurveySession) async throws -> [CareTable] { try await read(session, "true") }

    static func find(_ change: Change, _ session: SurveySession) async throws -> CareTable {
        guard let table = try await read(session, "c.oid = \(change.objectID)::oid").first else {
            throw CareError.objectIsGone(change.object)
        }
        return table
    }

    /// `may_vacuum` is what VACUUM itself asks: owner of the table or, but for shared catalogs, of the database; on 17 and
    /// later MAINTAIN.
    private static func read(_ session: SurveySession, _ filter: SQL) async throws -> [CareTable] {
        try await session.with(settings: ["search_path": "", "jit": "off"]).query(
            SurveySQL(
                """
                select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as name,
                    c.relpages::bigint * current_setting('block_size')::bigint as bytes,
                    greatest(pg_stat_get_live_tuples(c.oid), c.reltuples, 0)::bigint as live,
                    pg_stat_get_dead_tuples(c.oid) as dead, greatest(age(c.relfrozenxid),
                        (select age(t.relfrozenxid) from pg_class t where t.oid = c.reltoastrelid))::bigint as age,
                    pg_stat_get_vacuum_count(c.oid) as vacuum_count, pg_stat_get_last_vacuum_time(c.oid) as last_vacuum,
                    c.relfrozenxid::text as frozen, coalesce(array_to_string(c.reloptions, ', '), '') as options,
                    pg_has_role(c.relowner, 'USAGE')
                        or (select pg_has_role(d.datdba, 'USAGE') from pg_database d where d.datname = current_database())
                        or (current_setting('server_version_num')::int >= 170000
                            and has_table_privilege(c.oid, case when current_setting('server_version_num')::int >= 170000
                                then 'MAINTAIN' else 'SELECT' end)) as may_vacuum
                from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'm') and c.relpersistence <> 't'
                    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
                    and (\(filter))
                order by pg_stat_get_dead_tuples(c.oid) desc, n.nspname, c.relname
                """)
        ).map { row in
            CareTable(
                oid: try row["oid"], name: QualifiedName(schema: try row["schema"], name: try row["name"]),
                bytes: try row["bytes"], liveRows: try row["live"], deadRows: try row["dead"], age: try row["age"],
                vacuumCount: try row["vacuum_count"], lastVacuum: try row["last_vacuum"], frozen: try row["frozen"],
                options: try row["options"], mayVacuum: try row["may_vacuum"])
        }
    }
}

/// `VACUUM (ANALYZE)`, with pauses in between so that others do not feel it.
struct VacuumAct: Sendable {
    static let kind = "vacuum"

    /// How long it sleeps after a portion of work (`vacuum_cost_delay`); nil for no pause.
    var delay: Duration?

    static func change(_ table: CareTable, freezes: Bool, reason: String, history: [Duration]) -> Change {
        let statement: SQL =
            freezes
            ? "vacuum (freeze, analyze, truncate off) \(relation: table.name)"
            : "vacuum (analyze, truncate off) \(relation: table.name)"
        return Change(
            kind: kind, object: table.name.description, action: .sql([statement.literalText]), effect: .maintains,
            lock: .shareUpdateExclusive, reversal: "nothing to undo", identity: table.identity, reason: reason,
            estimate: Change.Estimate(history: history)
                ?? Change.Estimate(
                    seconds: max(1, Double(table.bytes) / 104_857_600), source: "assumed 100 MB of table a second"))
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        let table = try await CareTable.find(change, session)
        return Inspection(identity: table.identity, witness: table.witness)
    }

    func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("a VACUUM is SQL") }
        let connection = try await act.connection()
        let pause = delay.map { "\(max(0, $0.microseconds / 1_000))ms" } ?? "0"
        try await connection.executeScript(trusted: "set vacuum_cost_delay = '\(pause)'")
        for statement in statements { try await connection.executeScript(trusted: statement) }
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        let table = try await CareTable.find(change, session)
        guard case .integer(let before)? = witness["vacuum count"] else {
            return .unknown("the journal holds no count of VACUUM runs")
        }
        let after = table.witness
        // A server that crashed has forgotten its counters: then only a newer time shows anything.
        guard
            table.vacuumCount > before
                || (table.vacuumCount > 0 && after["last vacuum"] != witness["last vacuum"])
        else {
            return .notDone("the server counts \(table.vacuumCount) manual VACUUM runs of \(change.object), as before")
        }
        return .done([
            "dead rows": .integer(table.deadRows), "dead rows before": witness["dead rows"] ?? .null,
            "age of the oldest transaction": .integer(table.age), "vacuum count": .integer(table.vacuumCount),
        ])
    }
}
