import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let longTransactions = Check(
        CheckSchema(
            name: "transactions.long",
            summary: "how long the oldest transaction has been open",
            thresholds: GuideThresholds.longTransaction),
        code: "HC004",
        title: "Oldest transaction",
        kind: .postgresql,
        explanation: """
            Looks for the transaction that has been open longest in this database, whether its session works or waits. \
            While it is open VACUUM can remove no row that died since it began, in any table, and every lock it took \
            stays. Reports and dumps take long for a reason; a transaction that was forgotten does not. Find the session \
            with 'mainstay db connections'; end it with 'select pg_terminate_backend(process)'. Mainstay's own sessions \
            and vacuum workers are not counted. The text of the statement is not kept, because it may hold personal data.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html",
        mend: "mainstay db connections --environment {environment}"
    ) { context in
        let sessions = try await ServerSessions.read(context.look.database(context.resource), .database)
        let notCounted: Set = ["autovacuum worker", "parallel worker", "walsender"]
        let open = sessions.others.compactMap { session -> (session: ServerSession, age: Duration)? in
            guard !notCounted.contains(session.kind), let age = session.transactionAge else { return nil }
            return (session, age)
        }
        let oldestFirst = open.sorted { $0.age > $1.age }
        return Reading(oldestFirst, "open transaction", hidden: sessions.hidden, context)
    }
}
