import Maintenance
import PostgreSQL

/// What a backup would be of, looked at before it is taken.
package struct BackupSource: Sendable {
    package var database: String
    package var tables: Int
    package var size: ByteCount

    /// - Throws: `BackupError` where a whole backup cannot be taken with this role, `PostgreSQLError`.
    package static func look(_ session: SurveySession) async throws -> BackupSource {
        let tables = try await SourceTable.all { try await session.unfiltered.query($0) }
        try SourceTable.refuseIncomplete(tables)
        let row = try await session.query(
            """
            select pg_catalog.current_database()::text as name,
                pg_catalog.pg_database_size(pg_catalog.current_database()) as size
            """
        ).only
        return BackupSource(
            database: try row["name"], tables: tables.count, size: ByteCount(try row["size", as: Int64.self]))
    }
}
