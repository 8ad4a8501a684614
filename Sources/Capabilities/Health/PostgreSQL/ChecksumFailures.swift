import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let checksumFailures = Check(
        CheckSchema(
            name: "checksums.failures", summary: "how many damaged pages the server has met",
            thresholds: .init(.count, warning: nil, critical: 1)),
        code: "HC058",
        title: "Damaged pages",
        kind: .postgresql,
        explanation: """
            With data checksums on, the server notices a page that came back from the disk other than it was written, and \
            counts it, in this database and for what all databases share. One is enough: the disk, its controller or the \
            memory is failing, and what lies on that page may be lost. Do not restart or vacuum; take a physical copy of \
            the files, look which backups are from before, and restore. Without checksums nothing is noticed, and the check \
            says so.
            """,
        source: "https://www.postgresql.org/docs/current/checksums.html"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select pg_catalog.current_setting('data_checksums') = 'on' as checked,
                coalesce(sum(checksum_failures), 0)::bigint as failures, max(checksum_last_failure) as last
            from pg_catalog.pg_stat_database where datname = pg_catalog.current_database() or datid = 0
            """
        ).only
        guard try row["checked", as: Bool.self] else {
            return Reading(summary: "data checksums are off: nothing would be noticed", state: .passed)
        }
        let failures = try row["failures", as: Int64.self]
        var reading = Reading(value: Double(failures))
        let last = try row["last", as: Timestamp?.self].map { ", the last at \($0)" } ?? ""
        reading.summary =
            failures == 0 ? "no damaged page was met" : "\("damaged page".counted(Int(failures))) met\(last)"
        return reading
    }
}
