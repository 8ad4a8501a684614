import Engine
import Maintenance
import Outside
import PostgreSQL

extension RemovalAct {
    /// How long one transaction of a removal may take, and wait for others.
    struct Limits: Sendable {
        var statement: Duration
        var lock: Duration
    }

    /// What the witness of a change holds, beside others' facts: what its archive held of these rows before.
    static func witness(_ archive: QualifiedName, _ before: Picture) -> Facts {
        [
            "archive": .text(archive.description), "archived rows": .integer(before.rows),
            "archived digest": .text(before.digest),
        ]
    }

    /// - Parameters:
    ///   - condition: what is so of the rows, called `c`, in an archive that may hold others too; nil where it is new.
    ///   - limits: nil for those of the connection.
    /// - Throws: `IntegrityError.archiveDiffers` or `.removedOthers`, and then nothing was removed.
    static func apply(
        _ change: Change, _ act: Act, holding condition: SQL? = nil, within limits: Limits? = nil
    ) async throws {
        guard case .sql(let statements) = change.action, let removal = statements.last,
            let wanted = Picture(change.identity)
        else { preconditionFailure("a removal is SQL about known rows") }
        let connection = try await act.connection()
        try await connection.transaction {
            // Row security would leave rows behind in silence.
            try await connection.executeScript(trusted: "set local row_security = off; set local search_path = ''")
            if let limits {
                try await connection.executeScript(
                    trusted: """
                        set local statement_timeout = '\(limits.statement.microseconds / 1_000)ms'; \
                        set local lock_timeout = '\(limits.lock.microseconds / 1_000)ms'
                        """)
            }
            guard let archive = archive(change) else {
                let gone = try await removed(removal, connection)
                guard gone == wanted else {
                    throw IntegrityError.removedOthers(change.object, found: gone.rows, wanted: wanted.rows)
                }
                return
            }
            for statement in statements.dropLast() { try await connection.executeScript(trusted: statement) }
            let before = try await kept(archive, condition) { try await connection.query($0.sql) }
            try await connection.executeScript(trusted: removal)
            let after = try await kept(archive, condition) { try await connection.query($0.sql) }
            guard after == wanted.added(to: before) else {
                throw IntegrityError.archiveDiffers(
                    archive.description, archived: after.rows - before.rows, wanted: wanted.rows)
            }
        }
    }

    /// The statement as the plan has it, and what it took away.
    private static func removed(_ statement: String, _ connection: Connection) async throws -> Picture {
        let row = try await connection.query(
            SQL(
                trusted: """
                    with gone as (\(statement) returning c.*)
                    select count(*) as rows,
                        coalesce(sum(pg_catalog.hashtextextended((gone.*)::text, 0)::numeric), 0)::text as digest
                    from gone
                    """)
        ).only
        return Picture(rows: try row["rows"], digest: try row["digest"])
    }

    /// Whether the archive has what it had before and the rows of the change.
    static func prove(
        _ change: Change, before witness: Facts, holding condition: SQL? = nil, _ session: SurveySession
    ) async throws -> Proof {
        guard let archive = archive(change), let wanted = Picture(change.identity) else {
            preconditionFailure("a removal does not name its archive")
        }
        guard try await exists(archive, session) else { return .notDone("there is no archive \(archive)") }
        // Types outside the path are written with their schemas, as they were when the picture was taken.
        let reader = session.unfiltered.with(settings: ["search_path": ""])
        let found = try await kept(archive, condition) { try await reader.query($0) }
        let before = Picture(archivedIn: witness)
        if found == wanted.added(to: before) {
            return .done([
                "archive": .text(archive.description), "rows": .integer(wanted.rows), "digest": .text(wanted.digest),
            ])
        }
        guard found != before else { return .notDone("the archive \(archive) does not hold the rows") }
        return .failed("the archive \(archive) holds other rows than were to be removed", found.identity)
    }
}

extension RemovalAct.Picture {
    /// Nil where the facts have none.
    init?(_ facts: Facts) {
        guard case .integer(let rows)? = facts["rows"], case .text(let digest)? = facts["digest"] else { return nil }
        self.init(rows: rows, digest: digest)
    }

    /// What an archive held before, by the witness of a change; nothing where it was new.
    init(archivedIn witness: Facts) {
        guard case .integer(let rows)? = witness["archived rows"], case .text(let digest)? = witness["archived digest"]
        else {
            self = .none
            return
        }
        self.init(rows: rows, digest: digest)
    }

    /// Both together. The sums of hashes are longer than any number of the machine.
    func added(to other: RemovalAct.Picture) -> RemovalAct.Picture {
        guard let own = Int128(digest), let others = Int128(other.digest) else {
            preconditionFailure("a sum of hashes is no whole number")
        }
        return RemovalAct.Picture(rows: rows + other.rows, digest: String(own + others))
    }
}
