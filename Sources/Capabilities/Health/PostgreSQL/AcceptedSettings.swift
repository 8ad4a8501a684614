import Engine
import Foundation
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let acceptedSettings = Check(
        CheckSchema(
            name: "settings.accepted", summary: "whether the server's settings are those that were accepted",
            every: .seconds(600)),
        code: "HC056",
        title: "Accepted settings",
        kind: .postgresql,
        explanation: """
            Compares what is set on the server and for the database (files, ALTER SYSTEM, ALTER DATABASE, ALTER ROLE) with \
            what a person has accepted. A setting that changed is somebody's experiment that stayed, a package's new \
            default, or a deployment nobody told about; the finding names old and new. 'mainstay health accept-settings' \
            shows the difference and accepts it. Before the first acceptance there is nothing to compare with, and the \
            check passes and says so. Of commands and connections, where passwords stand, only a digest is kept.
            """,
        source: "https://www.postgresql.org/docs/current/view-pg-settings.html",
        mend: "mainstay health accept-settings --environment {environment}"
    ) { context in
        let now = try await ServerSettings.read(try await context.look.database(context.resource))
        guard let baseline = try await context.look.log.baseline(ServerSettings.subject, context.target) else {
            return Reading(summary: "nobody has accepted the settings yet", state: .passed)
        }
        let accepted = try JSONDecoder().decode(ServerSettings.self, from: Data(baseline.content.utf8))
        let acceptance = "accepted by \(baseline.acceptedBy.printable), \(baseline.acceptedAt)"
        guard now.isComplete == accepted.isComplete else {
            return Reading(
                summary: "the settings were accepted by a role that sees \(now.isComplete ? "less" : "more") of them",
                state: .unknown)
        }
        let differences = now.differences(from: accepted)
        var reading = Reading(summary: "the settings are those \(acceptance)", state: .passed)
        guard !differences.isEmpty else { return reading }
        reading.state = .warning
        let rest = differences.count > 3 ? "; and \(differences.count - 3) more" : ""
        reading.summary =
            "\("setting".counted(differences.count)) differ from those \(acceptance): "
            + differences.prefix(3).joined(separator: "; ") + rest
        for (index, difference) in differences.prefix(20).enumerated() {
            reading.evidence["difference \(index + 1)"] = .text(difference)
        }
        return reading
    }
}
