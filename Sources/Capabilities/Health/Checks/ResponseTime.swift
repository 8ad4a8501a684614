import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension Check {
    static let responseTime = Check(
        CheckSchema(
            name: "database.response-time",
            summary: "how long a trivial query takes on an open connection",
            thresholds: GuideThresholds.responseTime, baseline: 150,
            guideKeys: ["performance_metrics.response_time"]),
        code: "HC002",
        title: "Response time",
        kind: .postgresql,
        explanation: """
            Asks 'select 1' five times on a connection that is already open and takes the median: the network there and \
            back, and the time the server needs before it does anything at all. A slow answer to nothing means a machine \
            without free processor time, a saturated network, or a server that swaps. How long a new connection takes \
            is another check (database.connectivity).
            """,
        source: "https://www.postgresql.org/docs/current/monitoring.html",
        mend: "mainstay health check --environment {environment} --verbose"
    ) { context in
        let session = try await context.look.database(context.resource)
        let clock = context.look.clock
        var times: [Duration] = []
        for _ in 0..<5 {
            let begin = clock.monotonic()
            _ = try await session.query("select 1 as answer").only["answer", as: Int32.self]
            times.append(clock.monotonic() - begin)
        }
        times.sort()
        var reading = Reading(value: times[times.count / 2].inSeconds)
        reading.evidence = [
            "fastest": .text(times[0].short), "slowest": .text(times[times.count - 1].short),
            "queries": Scalar(times.count),
        ]
        return reading
    }
}
