import Engine
import Maintenance
import Outside
import PostgreSQL

/// pg_repack as it is installed: the extension in the database and the program here, which have to be of the same version
/// (https://reorg.github.io/pg_repack/).
struct Repack: Sendable {
    /// The program.
    let path: String

    /// How long the last step may wait for its ACCESS EXCLUSIVE lock, in tries of a second at most: nobody waits longer
    /// behind it.
    static let lockSeconds = 10

    /// What is there, or why it cannot be used, in one clause.
    static func find(_ session: SurveySession, _ look: Look) async throws -> Result<Repack, Absence> {
        let row = try await session.query(
            """
            select (select x.extversion::text from pg_catalog.pg_extension x where x.extname = 'pg_repack') as version,
                pg_catalog.current_setting('server_version_num')::int / 10000 as major,
                (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) as superuser,
                pg_catalog.pg_is_in_recovery() as standby
            """
        ).only
        guard let version = try row["version", as: String?.self] else {
            return .failure(Absence("the extension pg_repack is not in this database"))
        }
        guard try !row["standby", as: Bool.self] else { return .failure(Absence("this is a standby")) }
        guard try row["superuser", as: Bool.self] else {
            return .failure(Absence("pg_repack works for a superuser alone"))
        }
        do {
            // Debian's own of that name on the search path asks which cluster is meant.
            let path = try look.programs.find(
                "pg_repack", in: ["/usr/lib/postgresql/\(try row["major", as: Int.self])/bin"])
            let said = try await look.programs.run(
                ChildProgram(path, ["--version"], timeLimit: .seconds(60))
            ).checked().output.text.trimmingWhitespace()
            guard said == "pg_repack \(version)" else {
                return .failure(Absence("'\(said.printable)' here is not the extension's \(version.printable)"))
            }
            return .success(Repack(path: path))
        } catch let error as ProgramError {
            return .failure(Absence(error.problem))
        }
    }

    struct Absence: Error, Hashable {
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// By its advisory lock on a table whoever repacks it keeps a second one away (pg_repack.c, `REPACK_LOCK_PREFIX`).
    static func isAtWork(on table: Int64, _ session: SurveySession) async throws -> Bool {
        try await !session.query(SurveySQL("select where \(isAtWork(on: "\(table)::bigint"))")).isEmpty
    }

    /// The same as a condition of SQL.
    ///
    /// - Parameter table: its oid, as a bigint.
    static func isAtWork(on table: SQL) -> SQL {
        """
        exists (select from pg_catalog.pg_locks l
            where l.locktype = 'advisory' and l.classid::bigint = 16185446 and l.granted
                and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
                and l.objid::bigint = ((\(table)) + 2147483648) % 4294967296)
        """
    }
}

/// `pg_repack --index`: for an index that REINDEX CONCURRENTLY refuses, as that of an exclusion constraint. It builds another
/// beside it with CREATE INDEX CONCURRENTLY, called `index_OID`, exchanges their files under a short ACCESS EXCLUSIVE lock,
/// and drops what is left.
struct RepackAct: Sendable {
    static let kind = "repack"

    /// How long one may take.
    var limit: Duration

    static func change(
        _ index: CareIndex, by repack: Repack, reason: String, history: [Duration], isLeftBefore: Bool
    ) -> Change {
        var identity = index.identity
        // One that lies there now is not ours.
        identity["left before"] = .boolean(isLeftBefore)
        return Change(
            kind: kind, object: index.name.description,
            action: .program([
                repack.path, "--no-password", "--no-kill-backend", "--wait-timeout=\(Repack.lockSeconds)",
                "--index=\(index.name.quoted)",
            ]), effect: .maintains, lock: .accessExclusive, reversal: "nothing to undo", identity: identity,
            reason: "\(reason); its files are exchanged at the end, under a lock of a moment",
            estimate: Change.Estimate(history: history)
                ?? Change.Estimate(
                    seconds: max(1, Double(index.bytes) / 31_457_280), source: "assumed 30 MB of index a second"))
    }

    /// What it leaves where it does not come to its end; nil for nothing.
    static func leftover(of index: CareIndex, _ session: SurveySession) async throws -> CareIndex? {
        let name = QualifiedName(schema: index.name.schema, name: "index_\(index.oid)")
        guard let left = try await CareIndex.named(name, session), left.tableOID == index.tableOID else { return nil }
        return left
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        var inspection = try await RebuildAct.inspect(change, session)
        inspection.identity["leftovers"] = nil
        inspection.identity["left before"] = change.identity["left before"]
        return inspection
    }

    func apply(_ change: Change, _ act: Act) async throws {
        guard case .program(let words) = change.action, let path = words.first else {
            preconditionFailure("pg_repack is a program")
        }
        let session = try await act.look.database()
        guard let index = try await CareIndex.named(change.indexName, session) else {
            throw CareError.objectIsGone(change.object)
        }
        let connection = try await act.connection()
        try await dropLeftover(change, index, session, connection)
        try await OldTransaction.refuse(session)
        let gain = try await IndexBloat().estimate(index, session).gain
        var environment = ChildEnvironment(try await act.look.address().environment)
        environment.values["PGAPPNAME"] = .plain(act.applicationName)
        environment.values["LC_ALL"] = "C"
        let outcome: ProgramOutcome
        do {
            outcome = try await act.look.programs.run(
                ChildProgram(
                    path, Array(words.dropFirst()), environment: environment, workingDirectory: "/", timeLimit: limit))
        } catch {
            let failure = error
            try await despiteCancellation {
                try await Self.endSessions(act, connection)
                try await dropLeftover(change, index, session, connection)
            }
            throw failure
        }
        if !outcome.isSuccess { try await Self.endSessions(act, connection) }
        try await dropLeftover(change, index, session, connection)
        // It says that all is well also where it could not have the lock.
        guard let now = try await CareIndex.named(change.indexName, session), now.fileNode != index.fileNode else {
            _ = try outcome.checked()
            throw CareError.notExchanged(
                index: change.object, said: outcome.errorOutput.lastLines(3).joined(separator: "; "))
        }
        try await RebuildAct.report(change, before: index, predicted: gain, act)
    }

    /// What its server processes still do after the program was ended goes on otherwise.
    private static func endSessions(_ act: Act, _ connection: Connection) async throws {
        guard await connection.isOpen else { return }
        _ = try await connection.query(
            """
            select pg_catalog.pg_terminate_backend(pid, 10000) from pg_catalog.pg_stat_activity
            where application_name = \(act.applicationName) and pid <> pg_catalog.pg_backend_pid()
                and datname = current_database()
            """)
    }

    /// Only what appeared since the plan was made is ours, and only while nobody repacks that table.
    private func dropLeftover(
        _ change: Change, _ index: CareIndex, _ session: SurveySession, _ connection: Connection
    ) async throws {
        guard await connection.isOpen, change.identity["left before"] == .boolean(false),
            let left = try await Self.leftover(of: index, session)
        else { return }
        guard try await !Repack.isAtWork(on: index.tableOID, session) else {
            throw CareError.leftover(index: change.object, leftover: left.name.description)
        }
        do {
            try await connection.executeScript(
                trusted: ("drop index concurrently \(relation: left.name)" as SQL).literalText)
        } catch {
            throw CareError.leftover(index: change.object, leftover: left.name.description)
        }
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        let proof = try await RebuildAct.prove(change, before: witness, session)
        guard let index = try await CareIndex.named(change.indexName, session),
            let left = try await leftover(of: index, session), case .done(var evidence) = proof
        else { return proof }
        evidence["left beside it"] = .text(left.name.description)
        return .done(evidence)
    }
}
