import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let connectionsUsed = Check(
        CheckSchema(
            name: "connections.used",
            summary: "how much of max_connections is in use",
            thresholds: GuideThresholds.connections),
        code: "HC003",
        title: "Connections in use",
        kind: .postgresql,
        explanation: """
            Counts the sessions of the whole cluster against what ordinary roles may open: max_connections without the \
            slots kept for superusers. When they are used up, every new client is turned away. Find out who holds them \
            with 'mainstay db connections'; a pooler in front, or a smaller pool in the application, mends it for good.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-connection.html",
        mend: "mainstay db connections --environment {environment}"
    ) { context in
        let session = try await context.look.database(context.resource)
        let usage = try await ConnectionUsage.read(session)
        var reading = Reading(value: usage.share.value)
        reading.summary = "\(usage.used) of \(usage.usable) connections in use (\(context.limits.text))"
        reading.evidence = ["used": Scalar(usage.used), "usable": Scalar(usage.usable)]
        reading.measurements = [
            Measurement("connections", context.target, unit: .count, value: Double(usage.used))
        ]
        reading.leaveOut(usage.hidden, context)
        return reading
    }
}
