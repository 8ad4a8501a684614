import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension Check {
    static let clockDifference = Check(
        CheckSchema(
            name: "database.clock", summary: "how far the server's clock and this machine's are apart",
            thresholds: .init(.seconds, warning: 2, critical: 30)),
        code: "HC075",
        title: "Difference of the clocks",
        kind: .postgresql,
        explanation: """
            Asks the server for its time and compares it with this machine's before and after the question; what the answer \
            took does not count. Timestamps of rows, certificates, tokens, point-in-time recovery and every statement about \
            'since when' need clocks that agree. One of the two does not follow a time server.
            """,
        source: "https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT"
    ) { context in
        let session = try await context.look.database(context.resource)
        let before = context.look.clock.now()
        let there = try await session.query("select pg_catalog.clock_timestamp() as now").only[
            "now", as: Timestamp.self]
        let after = context.look.clock.now()
        // Anything between the two moments is no difference that could be known.
        let apart = there < before ? before - there : there > after ? there - after : .zero
        var reading = Reading(value: apart.inSeconds)
        let side = there < before ? "behind" : "ahead of"
        reading.summary =
            apart == .zero
            ? "the clocks agree"
            : "the server's clock is \(apart.short) \(side) this machine's (\(context.limits.text))"
        return reading
    }
}
