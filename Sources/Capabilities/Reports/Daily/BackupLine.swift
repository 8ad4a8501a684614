import Engine
import Maintenance
import Page

extension DailyReport {
    /// How one database stands with its backups, by what the runs of the period say.
    struct BackupLine: Codable, Hashable, Sendable {
        var target: Target
        var standing: Standing
        /// The last one that was taken or proved; nil where there was none.
        var backup: String?
        var snapshot: String?
        var rows: Int64?
        /// `12 MB`.
        var stored: String?
        var restoreSeconds: Double?
        /// Until when its proof counts, where it was proved.
        var countsUntil: Timestamp?

        /// Whether it was proved, in words.
        var proof: String {
            if backup == nil { return "no backup in this period" }
            guard let countsUntil else { return "not proved yet" }
            return "proved, counts until \(countsUntil)"
        }
    }

    /// Empty where no run had to do with backups: a team may have other means.
    static func backups(_ material: Material) -> [BackupLine] {
        var lines: [Target: BackupLine] = [:]
        for summary in material.runs where !summary.run.isDryRun {
            let steps = Dictionary(summary.steps.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
            for record in summary.changes {
                guard let step = steps[record.step], ["backup.run", "backup.verify"].contains(step.task),
                    record.state == .proved, let facts = record.evidence, case .text(let name)? = facts["backup"]
                else { continue }
                var line = BackupLine(target: step.target, standing: .unknown)
                // A proof of the same backup adds to what taking it said.
                if let known = lines[step.target], known.backup == name { line = known }
                line.backup = name
                line.snapshot = facts["snapshot"]?.spoken ?? line.snapshot
                line.stored = facts["stored"]?.description ?? line.stored
                if case .integer(let rows)? = facts["rows"] { line.rows = rows }
                line.restoreSeconds = facts["restore seconds"]?.amount ?? line.restoreSeconds
                if case .text(let until)? = facts["counts until"] { line.countsUntil = Timestamp(iso8601: until) }
                line.standing = line.countsUntil.map { $0 > material.now ? .good : .unknown } ?? .unknown
                lines[step.target] = line
            }
        }
        guard !lines.isEmpty else { return [] }
        return material.environments.flatMap { environment in
            environment.resources.filter { $0.kind == .postgresql }.map { resource in
                let target = Target(environment: environment.name, resource: resource.name)
                return lines[target] ?? BackupLine(target: target, standing: .warning)
            }
        }
    }
}
