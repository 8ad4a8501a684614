import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let idleInTransaction = Check(
        CheckSchema(
            name: "transactions.idle",
            summary: "how long a client has held a transaction open without working",
            thresholds: GuideThresholds.idleInTransaction),
        code: "HC005",
        title: "Idle in transaction",
        kind: .postgresql,
        explanation: """
            Looks for clients that began a transaction, did something and then stopped talking: state 'idle in \
            transaction'. They keep their locks and hold VACUUM back for nothing, mostly because the application waits \
            for something else inside a transaction, or lost track of it. Set idle_in_transaction_session_timeout for \
            the application's role, and end what hangs now with 'select pg_terminate_backend(process)'.
            """,
        source:
            "https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT",
        mend: "mainstay db connections --environment {environment}"
    ) { context in
        let sessions = try await ServerSessions.read(context.look.database(context.resource), .database)
        let idle = sessions.others.compactMap { session -> (session: ServerSession, age: Duration)? in
            guard session.isIdleInTransaction, let age = session.stateAge else { return nil }
            return (session, age)
        }
        let longestFirst = idle.sorted { $0.age > $1.age }
        return Reading(longestFirst, "session idle in transaction", hidden: sessions.hidden, context)
    }
}
