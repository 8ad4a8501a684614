import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let commitRatio = Check(
        CheckSchema(
            name: "transactions.committed", summary: "share of the transactions that end with a commit",
            thresholds: .init(.percent, worse: .lower, warning: 90, critical: nil),
            options: [
                .init(
                    "transactions", .count(1...1_000_000_000), standard: 10_000,
                    summary: "how many have to have ended before the share means something")
            ]),
        code: "HC052",
        title: "Commit ratio",
        kind: .postgresql,
        explanation: """
            Compares commits with rollbacks of this database since its statistics were reset. Many rollbacks are failing \
            statements that an application tries again, constraints used instead of a look, or a pool that rolls back to be \
            sure. A few thousand transactions say nothing yet ('transactions').
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select xact_commit as commits, xact_rollback as rollbacks from pg_catalog.pg_stat_database
            where datname = pg_catalog.current_database()
            """
        ).only
        let commits = try row["commits", as: Int64.self]
        let rollbacks = try row["rollbacks", as: Int64.self]
        guard commits + rollbacks >= context.limits.count("transactions") else {
            return Reading(summary: "only \((commits + rollbacks).grouped) transactions have ended yet", state: .passed)
        }
        let share = Percentage(Double(commits), of: Double(commits + rollbacks))
        var reading = Reading(value: share.value)
        reading.summary = "\(share) of \((commits + rollbacks).grouped) transactions committed (\(context.limits.text))"
        reading.evidence = ["commits": .integer(commits), "rollbacks": .integer(rollbacks)]
        return reading
    }
}
