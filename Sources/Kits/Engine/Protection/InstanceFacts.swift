import Maintenance
import PostgreSQL

/// One running server and a database in it, as they say themselves.
struct InstanceFacts: Sendable, Hashable {
    /// Equal for a primary, its standbys and every copy of their files; nil where the role may not ask.
    var systemIdentifier: String?
    /// Of the server process: two servers of one system identifier did not start in the same microsecond.
    var startedAt: Timestamp
    var databaseOID: UInt32
    var isInRecovery: Bool
    /// Raised by every promotion; nil where the role may not ask.
    var timeline: Int32?

    /// - Throws: `PostgreSQLError`.
    init(_ session: SurveySession) async throws {
        let row = try await session.query(
            """
            select pg_is_in_recovery() as in_recovery, pg_postmaster_start_time() as started_at, d.oid as database_oid,
                has_function_privilege('pg_control_system()', 'execute')
                    and has_function_privilege('pg_control_checkpoint()', 'execute') as can_identify
            from pg_catalog.pg_database d
            where d.datname = current_database()
            """
        ).only
        startedAt = try row["started_at"]
        databaseOID = try row["database_oid"]
        isInRecovery = try row["in_recovery"]
        guard try row["can_identify", as: Bool.self] else { return }
        let control = try await session.query(
            """
            select s.system_identifier::text as id, c.timeline_id as timeline
            from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c
            """
        ).only
        systemIdentifier = try control["id"]
        timeline = try control["timeline"]
    }
}
