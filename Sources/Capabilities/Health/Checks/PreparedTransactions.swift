import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let preparedTransactions = Check(
        CheckSchema(
            name: "transactions.prepared",
            summary: "how long a prepared transaction has waited for its end",
            thresholds: GuideThresholds.preparedTransaction),
        code: "HC009",
        title: "Oldest prepared transaction",
        kind: .postgresql,
        explanation: """
            Looks for transactions of this database that a transaction manager prepared and nobody has committed or \
            rolled back. They belong to no session, survive a restart, keep their locks and hold VACUUM back until \
            somebody ends them with COMMIT PREPARED or ROLLBACK PREPARED; ask the transaction manager which it has to be.
            """,
        source: "https://www.postgresql.org/docs/current/sql-prepare-transaction.html"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select gid, owner, extract(epoch from pg_catalog.clock_timestamp() - prepared)::float8 as age
            from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database()
            order by prepared, gid
            """)
        guard let oldest = rows.first else { return Reading(value: 0, summary: "no prepared transaction") }
        let age = try oldest["age", as: Double.self]
        var reading = Reading(value: max(0, age))
        let name = try oldest["gid", as: String.self].printable
        reading.summary =
            "\(rows.count) prepared transaction\(rows.count == 1 ? "" : "s"), the oldest '\(name)' for "
            + "\(Duration.seconds(max(0, age)).short) (\(context.limits.text))"
        reading.evidence["prepared transactions"] = Scalar(rows.count)
        for (index, row) in rows.prefix(10).enumerated() {
            let gid = try row["gid", as: String.self]
            reading.evidence["to end \(index + 1)"] = .text("rollback prepared \(gid.quotedLiteral);")
        }
        return reading
    }
}
