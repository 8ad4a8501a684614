import Maintenance
import PostgreSQL

/// What a database really is, found and not configured: the cluster's own identifier, which a copy of its files keeps,
/// and the database's oid and name in it.
package enum DatabaseIdentity {
    package static func facts(_ session: SurveySession) async throws -> Facts {
        let row = try await session.query(
            """
            select (select system_identifier from pg_catalog.pg_control_system())::text as system,
                d.oid::bigint as oid, d.datname as name
            from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
            """
        ).only
        return [
            "system identifier": .text(try row["system"]), "database oid": .integer(try row["oid"]),
            "database": .text(try row["name"]),
        ]
    }
}
