import Backup
import Maintenance
import PostgreSQL

extension RestoreBackup {
    /// What a dry run shows beside the plan: what would be restored, and what it needs.
    func feasibility(
        _ manifest: BackupManifest, _ selection: RestoreSelection?, _ certificate: Certificate?,
        _ answer: LiveRequirements.Answer, _ sessions: Int, _ now: Timestamp
    ) -> Listing {
        let source = manifest.source
        var rows: [(String, String)] = [
            ("backup", "\(manifest.id) of \(source.target), the database as of \(manifest.times.snapshot)"),
            ("content", "\("table".counted(manifest.tables.count)), \("row".counted(Int(clamping: manifest.rows)))"),
            (
                "space",
                "about \(answer.space), \(answer.free.map { "\($0) free" } ?? "and how much is free cannot be asked")"
            ),
            (
                "proof",
                certificate.map { $0.proves(at: now) ? "proved, counts until \($0.countsUntil)" : $0.summary }
                    ?? "never proved: 'mainstay backup verify' shows whether it can be restored"
            ),
        ]
        if let selection {
            let chosen = Set(selection.tables)
            let count = manifest.tables.filter { chosen.contains($0.name) }.reduce(UInt64(0)) { $0 + $1.digest.rows }
            rows.insert(("of that", "\(selection.description), \("row".counted(Int(clamping: count)))"), at: 2)
        }
        if !answer.roles.isEmpty {
            rows.append(("roles", answer.roles.map(\.displayedIdentifier).joined(separator: ", ")))
        }
        if options.to == .environment {
            rows.append(("others in the database", sessions == 0 ? "nobody at this moment" : "\(sessions) sessions"))
        }
        rows += answer.notes.map { ("note", $0) }
        return Listing("Feasibility", ["what", "found"], rows.map { [.text($0.0), .text($0.1.printable)] })
    }

    /// How many sessions of others are in the present database.
    func sessions(_ session: SurveySession) async throws -> Int {
        try await session.query(
            """
            select count(*) as n from pg_catalog.pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
            """
        ).only["n"]
    }
}
