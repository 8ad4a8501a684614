import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension Check {
    /// The gate of all other checks of a database.
    static let databaseConnectivity = Check(
        CheckSchema(
            name: "database.connectivity",
            summary: "how long a new connection and a first answer take",
            thresholds: GuideThresholds.connecting,
            timeout: .seconds(30), retries: 3,
            guideKeys: ["database_connectivity"]),
        code: "HC001",
        title: "Database connectivity",
        kind: .postgresql,
        explanation: """
            Opens a connection, asks the server for its time and measures how long both took together. A database that \
            cannot be reached after three more attempts is critical. A slow first answer points at name lookup, a \
            connection limit that makes clients queue, or a machine without free processor time.
            """,
        source: "https://www.postgresql.org/docs/current/libpq-connect.html"
    ) { context in
        let clock = context.look.clock
        let begin = clock.monotonic()
        let address = try await context.look.address(context.resource)
        let settings = context.resource.connectionSettings(applicationName: "mainstay survey \(context.look.runID)")
        let version = try await SurveySession.with(address, settings) { session in
            try await session.query("show server_version").only["server_version", as: String.self]
        }
        var reading = Reading(value: (clock.monotonic() - begin).inSeconds)
        reading.evidence = ["server version": .text(version)]
        return reading
    }
}
