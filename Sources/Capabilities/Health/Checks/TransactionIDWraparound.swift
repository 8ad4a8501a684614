import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let transactionIDWraparound = Check(
        CheckSchema(
            name: "transactions.wraparound",
            summary: "how much of the transaction ids is used up since the oldest row was frozen",
            thresholds: GuideThresholds.wraparound),
        code: "HC010",
        title: "Transaction ids used up",
        kind: .postgresql,
        explanation: """
            PostgreSQL numbers transactions with 32 bits. Unless VACUUM freezes old rows in time, the server stops \
            taking changes a few million ids before the 2,147,483,648 there are. This is the age of the oldest \
            transaction id or multixact id in this database as a share of that. Autovacuum begins to freeze at 200 \
            million (9 %), so a share that keeps growing means that it cannot: a long transaction, a replication slot or a \
            prepared transaction holds it back, or it is too slow. The finding names the oldest tables; VACUUM FREEZE them.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND"
    ) { context in
        let session = try await context.look.database(context.resource)
        let row = try await session.query(
            """
            select age(datfrozenxid)::bigint as transactions, mxid_age(datminmxid)::bigint as multixacts
            from pg_catalog.pg_database where datname = pg_catalog.current_database()
            """
        ).only
        let transactions = try row["transactions", as: Int64.self]
        let multixacts = try row["multixacts", as: Int64.self]
        let worst = max(transactions, multixacts)
        var reading = Reading(value: Percentage(Double(worst), of: 2_147_483_648).value)
        reading.summary =
            "the oldest \(transactions >= multixacts ? "transaction" : "multixact") id is \(worst.grouped) old: "
            + "\(Percentage(reading.value ?? 0)) of all there are (\(context.limits.text))"
        reading.evidence = [
            "transaction id age": .integer(transactions), "multixact id age": .integer(multixacts),
        ]
        guard context.limits.judge(reading.value ?? 0) != .passed else { return reading }
        let oldest = try await session.query(
            """
            select n.nspname as schema, c.relname as name, age(c.relfrozenxid)::bigint as age
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relfrozenxid <> '0' order by age(c.relfrozenxid) desc, 1, 2 limit 5
            """)
        for (index, row) in oldest.enumerated() {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            let age = try row["age", as: Int64.self].grouped
            reading.evidence["table \(index + 1)"] = .text("\(name): \(age)")
        }
        return reading
    }
}
