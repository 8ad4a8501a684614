import Maintenance
import PostgreSQL

/// Rows of another table that go or change where rows of a table are removed, because a foreign key says so (PostgreSQL
/// manual, 5.5.5 "Foreign Keys": ON DELETE CASCADE, SET NULL, SET DEFAULT).
struct FollowingRows: Sendable {
    var table: QualifiedName
    var action: Action
    var rows: Int64

    enum Action: String, Sendable {
        case cascade = "c"
        case setNull = "n"
        case setDefault = "d"

        var words: String {
            switch self {
            case .cascade: "go with them (ON DELETE CASCADE)"
            case .setNull: "forget them (ON DELETE SET NULL)"
            case .setDefault: "change with them (ON DELETE SET DEFAULT)"
            }
        }
    }

    /// `12 rows of public.notes go with them (ON DELETE CASCADE)`
    var words: String { "\("row".counted(Int(rows))) of \(table) \(action.words)" }

    /// How far keys are followed.
    private static let deepest = 8

    /// Everything that follows, table after table; tables without such rows too, since others may come.
    ///
    /// - Throws: `IntegrityError.goesInCircles` where keys lead back to a table that loses rows already: then rows that
    ///   are not old could go.
    static func all(_ rows: RemovalAct.Rows, _ session: SurveySession) async throws -> [FollowingRows] {
        var found: [FollowingRows] = []
        try await follow(
            rows.table, called: "c", from: rows.source, where: rows.condition, path: [rows.table], into: &found, session
        )
        return found
    }

    private static func follow(
        _ parent: QualifiedName, called alias: SQL, from source: SQL, where condition: SQL, path: [QualifiedName],
        into found: inout [FollowingRows], _ session: SurveySession
    ) async throws {
        let keys = try await session.query(
            """
            select k.confdeltype::text as action, n.nspname::text as schema,
                r.relname::text as name,
                array(select a.attname::text from unnest(k.conkey) with ordinality u (num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num
                    order by u.place) as columns,
                array(select a.attname::text from unnest(k.confkey) with ordinality u (num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num
                    order by u.place) as own_columns
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class r on r.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
            join pg_catalog.pg_class c on c.oid = k.confrelid join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
            where k.contype = 'f' and k.confdeltype in ('c', 'n', 'd') and \(RemovalAct.isOfTable)
                and cn.nspname = \(parent.schema) and c.relname = \(parent.name)
            order by n.nspname, r.relname, k.conname
            """)
        for key in keys {
            let table = QualifiedName(schema: try key["schema"], name: try key["name"])
            guard let action = Action(rawValue: try key["action"]) else {
                preconditionFailure("a foreign key does what it was not asked for")
            }
            guard !path.contains(table), path.count <= deepest else {
                throw IntegrityError.goesInCircles(table.description)
            }
            let own = SQL(trusted: "k\(path.count)")
            let pairs = zip(try key["columns", as: [String].self], try key["own_columns", as: [String].self])
                .map { "\(own).\(identifier: $0) = \(alias).\(identifier: $1)" as SQL }.joined(separator: " and ")
            let place: SQL = "\(relation: table) \(own)"
            let follows: SQL = "exists (select from \(source) where \(pairs) and (\(condition)))"
            let count = try await session.query(
                SurveySQL("select count(*) as n from \(place) where \(follows)")
            ).only["n", as: Int64.self]
            found.append(
                FollowingRows(table: table, action: action, rows: count))
            guard action == .cascade else { continue }
            try await follow(
                table, called: own, from: place, where: follows, path: path + [table], into: &found, session)
        }
    }
}
