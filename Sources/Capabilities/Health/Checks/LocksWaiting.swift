import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let locksWaiting = Check(
        CheckSchema(
            name: "locks.waiting",
            summary: "how long a session has been waiting for a lock",
            thresholds: GuideThresholds.lockWait),
        code: "HC008",
        title: "Longest wait for a lock",
        kind: .postgresql,
        explanation: """
            Looks for sessions of this database that wait for a lock, how long they have waited, and who stands in their \
            way, back to the sessions that wait for nobody. One forgotten transaction is enough to stop a whole \
            application: behind a waiting ALTER TABLE every reader queues too. The finding names the chains; ending the \
            first session of a chain ('select pg_terminate_backend(process)') sets free all behind it.
            """,
        source: "https://www.postgresql.org/docs/current/view-pg-locks.html",
        mend: "mainstay db connections --environment {environment}"
    ) { context in
        let session = try await context.look.database(context.resource)
        let waits = try await LockWait.all(session)
        let tree = BlockingTree(waits)
        let longest = waits.map(\.waited).max() ?? .zero
        var reading = Reading(value: longest.inSeconds)
        guard let worst = waits.max(by: { $0.waited < $1.waited }) else {
            reading.summary = "no session waits for a lock"
            return reading
        }
        let count = waits.count == 1 ? "one session waits" : "\(waits.count) sessions wait"
        reading.summary =
            "\(count) for a lock, the longest for \(worst.waited.short): \(worst.description) "
            + "(\(context.limits.text))"
        reading.evidence = ["waiting": Scalar(waits.count)]
        for (index, chain) in tree.chains.prefix(10).enumerated() {
            reading.evidence["chain \(index + 1)"] = .text(chain)
        }
        if let root = tree.roots.first {
            reading.evidence["blocks first"] = .text(tree.name(of: root))
        }
        return reading
    }
}

/// A session that waits for a lock. Every role may see this much of others: `pg_locks` hides nothing.
struct LockWait: Sendable {
    var pid: Int32
    var waited: Duration
    /// `ShareLock on transactionid`, `AccessExclusiveLock on public.events`. Hostile text.
    var lock: String
    /// The processes in its way; 0 is a prepared transaction (manual, `pg_blocking_pids`).
    var blockers: [Int32]
    /// What is known of it and of those in its way: user, application, state.
    var user: String
    var application: String

    var description: String { "process \(pid) (\(user), '\(application)', \(lock))".printable }

    /// `waitstart` is empty for an instant after a wait begins.
    static func all(_ session: SurveySession) async throws -> [LockWait] {
        try await session.query(
            """
            select w.pid, coalesce(a.usename, '') as usename, coalesce(a.application_name, '') as application,
                coalesce(extract(epoch from pg_catalog.clock_timestamp() - w.waitstart), 0)::float8 as waited,
                w.mode || ' on ' || coalesce(n.nspname || '.' || c.relname, w.locktype) as lock,
                pg_catalog.pg_blocking_pids(w.pid) as blockers
            from pg_catalog.pg_locks w
            join pg_catalog.pg_stat_activity a on a.pid = w.pid
            left join pg_catalog.pg_class c on c.oid = w.relation and w.database = a.datid
            left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where not w.granted and a.datname = pg_catalog.current_database()
                and a.application_name !~ '^mainstay( |$)'
            order by waited desc, w.pid
            """
        ).map { row in
            LockWait(
                pid: try row["pid"],
                waited: .microseconds(Int64(max(0, try row["waited", as: Double.self]) * 1_000_000)),
                lock: try row["lock"], blockers: try row["blockers"], user: try row["usename"],
                application: try row["application"])
        }
    }
}

/// Who waits for whom, as chains that begin with a session that waits for nobody.
struct BlockingTree: Sendable {
    private let waits: [Int32: LockWait]
    /// Sessions that hold others up and wait for nobody, those who hold up most first.
    let roots: [Int32]
    private let blocked: [Int32: [Int32]]

    init(_ waits: [LockWait]) {
        let byPID = Dictionary(waits.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
        var blocked: [Int32: Set<Int32>] = [:]
        for wait in waits {
            for blocker in wait.blockers { blocked[blocker, default: []].insert(wait.pid) }
        }
        self.waits = byPID
        let behind = blocked.mapValues { $0.sorted() }
        self.blocked = behind
        roots = behind.keys.filter { byPID[$0] == nil }.sorted { left, right in
            (behind[right]?.count ?? 0, left) < (behind[left]?.count ?? 0, right)
        }
    }

    /// `process 12 ← process 13 (app, 'web', ShareLock on transactionid) ← …`, one for each session that nobody waits
    /// for. A deadlock the server has not found yet has no beginning and shows no chain.
    var chains: [String] {
        roots.flatMap { root in chains(from: root, named: name(of: root), seen: [root]) }
    }

    private func chains(from pid: Int32, named text: String, seen: Set<Int32>) -> [String] {
        let next = (blocked[pid] ?? []).filter { !seen.contains($0) }
        guard !next.isEmpty else { return [text] }
        return next.prefix(10).flatMap { chains(from: $0, named: "\(text) ← \(name(of: $0))", seen: seen.union([$0])) }
    }

    func name(of pid: Int32) -> String {
        pid == 0 ? "a prepared transaction" : waits[pid]?.description ?? "process \(pid)"
    }
}
