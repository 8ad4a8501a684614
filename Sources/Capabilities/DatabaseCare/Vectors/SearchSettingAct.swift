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
