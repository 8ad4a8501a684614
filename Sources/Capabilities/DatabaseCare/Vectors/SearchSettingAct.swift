import Engine
import Maintenance
import PostgreSQL

/// `ALTER DATABASE … SET hnsw.ef_search`: how far searches look in this database, from the next session on.
enum SearchSettingAct {
    static let kind = "search-setting"

    /// What the database sets; nil for nothing.
    static func current(_ name: String, _ session: SurveySession) async throws -> String? {
        try await session.query(
            """
            select split_part(c, '=', 2) as value from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c
            where s.setdatabase = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
                and s.setrole = 0 and split_part(c, '=', 1) = \(name)
            """
        ).first?["value"]
    }

    /// What a new session of this role gets, from wherever it is set; nil where the library does not know it.
    ///
    /// The setting is pgvector's own: the server knows it only once the library is loaded, which the first value does.
    static func effective(_ name: String, _ session: SurveySession) async throws -> Int? {
        let place = try await session.query(
            """
            select n.nspname::text as schema from pg_catalog.pg_extension x
            join pg_catalog.pg_namespace n on n.oid = x.extnamespace where x.extname = 'vector'
            """
        ).first?["schema", as: String.self]
        guard let place else { return nil }
        _ = try await session.query(SurveySQL("select '[1]'::\(identifier: place).vector::text as loaded"))
        return try await session.query("select reset_val as value from pg_catalog.pg_settings where name = \(name)")
            .first?["value", as: String?.self].flatMap { Int($0) }
    }

    static func change(
        _ name: String, to value: Int, from current: String?, database: String, reason: String
    ) -> Change {
        let subject = "alter database \(database.quotedIdentifier)"
        return Change(
            kind: kind, object: name, action: .sql(["\(subject) set \(name) = '\(value)'"]), effect: .maintains,
            reversal: current.map { "\(subject) set \(name) = \($0.quotedLiteral)" } ?? "\(subject) reset \(name)",
            identity: [
                "setting": .text(name), "value": current.map(Scalar.text) ?? .null, "wanted": .integer(Int64(value)),
            ],
            reason: reason,
            estimate: Change.Estimate(seconds: 1, source: "it counts for sessions that begin afterwards"))
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        var identity = change.identity
        let value = try await current(change.object, session).map(Scalar.text) ?? .null
        identity["value"] = value
        return Inspection(identity: identity, witness: ["value": value])
    }

    static func prove(_ change: Change, _ session: SurveySession) async throws -> Proof {
        let value = try await current(change.object, session)
        guard case .integer(let wanted)? = change.identity["wanted"], value == String(wanted) else {
            return .notDone("the database sets \(change.object) to \(value ?? "nothing") still")
        }
        return .done(["value": .integer(wanted)])
    }
}
