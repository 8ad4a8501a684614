import Maintenance
import PostgreSQL

/// What the server says of its own archiving of WAL (PostgreSQL manual, "pg_stat_archiver").
package struct ArchiverState: Sendable, Hashable {
    package var isOn: Bool
    /// The command is set, or a library is.
    package var hasCommand: Bool
    package var lastArchived: String?
    package var lastArchivedAt: Timestamp?
    package var lastFailed: String?
    package var lastFailedAt: Timestamp?
    package var failures: Int64
    /// The segment that is being written.
    package var current: String?
    package var position: LogPosition?
    package var segmentSize: UInt64
    /// After which time a segment is archived even if it is not full; nil for never.
    package var timeout: Duration?
    package var now: Timestamp

    /// - Throws: `PostgreSQLError`.
    package static func read(_ query: (SurveySQL) async throws -> Rows) async throws -> ArchiverState {
        let row = try await query(
            """
            select current_setting('archive_mode') <> 'off' as on,
                current_setting('archive_command') <> '' or current_setting('archive_library', true) <> '' as has_command,
                a.last_archived_wal as archived, a.last_archived_time as archived_at, a.last_failed_wal as failed,
                a.last_failed_time as failed_at, a.failed_count as failures,
                case when not pg_is_in_recovery() then pg_walfile_name(pg_current_wal_lsn()) end as current,
                case when not pg_is_in_recovery() then pg_current_wal_lsn()::text end as position,
                (select setting::bigint from pg_catalog.pg_settings where name = 'wal_segment_size') as size,
                (select setting::bigint from pg_catalog.pg_settings where name = 'archive_timeout') as timeout,
                clock_timestamp() as now
            from pg_catalog.pg_stat_archiver a
            """
        ).only
        let timeout = try row["timeout", as: Int64.self]
        return ArchiverState(
            isOn: try row["on"], hasCommand: try row["has_command", as: Bool?.self] ?? false,
            lastArchived: try row["archived"], lastArchivedAt: try row["archived_at"], lastFailed: try row["failed"],
            lastFailedAt: try row["failed_at"], failures: try row["failures"], current: try row["current"],
            position: try row["position", as: String?.self].flatMap { LogPosition($0) },
            segmentSize: UInt64(try row["size", as: Int64.self]), timeout: timeout > 0 ? .seconds(timeout) : nil,
            now: try row["now"])
    }

    /// Whether the last attempt failed: it is tried again and again, and the log waits on the server's own disk.
    package var isFailing: Bool {
        guard let lastFailedAt else { return false }
        return lastArchivedAt.map { $0 < lastFailedAt } ?? true
    }

    /// Everything before it is in the archive; nil where nothing is, and where the last file was no segment: a history of
    /// a timeline says nothing of how far the log is.
    package var archivedTo: LogPosition? {
        guard let lastArchived, let segment = WALSegment(String(lastArchived.prefix(24)), size: segmentSize) else {
            return nil
        }
        // `SEGMENT.OFFSET.backup` comes right behind its segment, and `SEGMENT.partial` is not the whole of it.
        return lastArchived.hasSuffix(".partial") ? segment.start : segment.end
    }
}
