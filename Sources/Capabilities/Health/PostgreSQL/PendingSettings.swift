import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let pendingSettings = Check(
        CheckSchema(
            name: "settings.pending", summary: "how many settings are written and not in force",
            thresholds: .init(.count, warning: 1, critical: nil), every: .seconds(300)),
        code: "HC055",
        title: "Settings not in force",
        kind: .postgresql,
        explanation: """
            Looks for settings that somebody changed and that wait for a restart of the server, and, where the role may \
            look, for lines of its configuration files that it could not use. The next restart, perhaps in an emergency, \
            comes up with other settings than everybody knows, or not at all. Restart in a window, or take the change back.
            """,
        source: "https://www.postgresql.org/docs/current/view-pg-settings.html"
    ) { context in
        let session = try await context.look.database(context.resource)
        let pending = try await session.query(
            "select name from pg_catalog.pg_settings where pending_restart order by name"
        ).map { try $0["name", as: String.self] }
        let mayLook = try await session.query(
            "select pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'select') as may"
        ).only["may", as: Bool.self]
        let broken =
            // A change that needs a restart is told there as an error too.
            try mayLook
            ? await session.query(
                """
                select coalesce(name, sourcefile) as name, sourcefile, sourceline, error
                from pg_catalog.pg_file_settings
                where error is not null and error <> 'setting could not be applied' order by sourcefile, sourceline
                """
            ).map { row in
                (
                    name: try row["name", as: String.self],
                    words: "\(try row["sourcefile", as: String.self]):\(try row["sourceline", as: Int.self]): "
                        + "\(try row["error", as: String.self])"
                )
            } : []
        var reading = Reading(value: Double(pending.count + broken.count))
        let names = (pending + broken.map(\.name)).prefix(5).joined(separator: ", ").printable
        let clauses = [
            pending.isEmpty ? nil : "\("setting".counted(pending.count)) waiting for a restart",
            broken.isEmpty ? nil : "\("line".counted(broken.count)) of the files cannot be used",
        ].compactMap(\.self)
        reading.summary =
            clauses.isEmpty
            ? "all settings that are written are in force" : "\(clauses.joined(separator: ", ")): \(names)"
        for (index, line) in broken.prefix(10).enumerated() {
            reading.evidence["line \(index + 1)"] = .text(line.words.printable)
        }
        return reading
    }
}
