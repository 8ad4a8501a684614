import Maintenance
import Outside
import PostgreSQL

/// Reads everything in a restored copy: every page of every table and index by amcheck, every visibility map against its
/// table, and every row of every table as a client would.
///
/// Without data checksums a flipped bit is found only by what it breaks: a tuple's header, an index that no longer agrees
/// with its table (`heapallindexed`), a page called all-visible that is not (PostgreSQL manual, "pg_amcheck",
/// "pg_visibility"). Rows that are gone with their pages only their index still knows of, which `RelationFiles` asks.
struct CopyReading: Sendable {
    let copy: RestoredCopy
    let jobs: Int
    let programs: Programs
    let clock: WallClock

    struct Outcome: Sendable {
        /// What is damaged, each in one clause. Hostile text.
        var problems: [String] = []
        /// What this host lacks to look at all of it.
        var gap: String?
        var databases: [String: InstantContent] = [:]
        /// Databases whose rows could not all be read here: of what is in them nobody knows.
        var unread: Set<String> = []
        var seconds = 0.0

        var tables: Int { databases.values.reduce(0) { $0 + $1.rows.tables.count } }
        var rows: UInt64 { databases.values.reduce(0) { $0 + $1.rows.rows } }
    }

    /// - Throws: `PostgreSQLError` where the server is gone, `ProgramError`.
    func run() async throws -> Outcome {
        let began = clock.monotonic()
        var outcome = Outcome()
        let names = try await Connection.with(copy.address("postgres"), .unlimited()) { connection in
            try await connection.query(
                "select datname::text as name from pg_catalog.pg_database where datallowconn order by datname"
            ).map { try $0["name", as: String.self] }
        }
        try await check(&outcome)
        // A damaged page can take the server down with whoever reads it.
        if outcome.problems.isEmpty {
            for name in names { try await read(name, &outcome) }
        }
        outcome.seconds = (clock.monotonic() - began).inSeconds
        return outcome
    }

    private func check(_ outcome: inout Outcome) async throws {
        let program: ClientProgram
        do {
            program = try await ClientProgram.find(
                "pg_amcheck", fitting: copy.cluster.server.version, in: [copy.cluster.server.directory],
                with: programs)
        } catch let error as ClientProgramError {
            outcome.gap = "\(error.problem): \(error.hint ?? "")"
            return
        }
        let ended = try await programs.run(
            ChildProgram(
                program.path,
                [
                    "--host=\(copy.cluster.socketDirectory)", "--port=\(copy.cluster.options.port)",
                    "--username=\(copy.cluster.options.superuser)", "--no-password", "--all", "--heapallindexed",
                    "--install-missing", "--jobs=\(max(1, jobs))",
                ], environment: ["LC_ALL": "C", "PGOPTIONS": .plain(RestoreSettings.inProof)],
                workingDirectory: "/"))
        if ended.isSuccess { return }
        let said = ended.errorOutput.text.split(separator: "\n").map(String.init)
        let complaints = Self.complaints(ended.output.text)
        // What this host lacks stands in both streams, between what is damaged.
        outcome.gap = (said + complaints).lazy.compactMap(gap).first
        var found = complaints.filter { gap($0) == nil }
        // It ends with 2 where it found something; anything else says that it did not come to its end.
        let isCut = said.contains { $0.hasPrefix("pg_amcheck: error: ") && gap($0) == nil }
        if found.isEmpty, isCut || outcome.gap == nil { _ = try ended.checked() }
        // An index in the order of another version of a collation looks as a damaged one does.
        if let index = found.first(where: Self.isOfIndex), let version = try await foreignCollation() {
            outcome.gap = "\(version), so that indexes over text are in another order here: \(index)"
            found.removeAll(where: Self.isOfIndex)
        }
        outcome.problems += found
    }

    private static func isOfIndex(_ complaint: String) -> Bool { complaint.hasPrefix("btree index ") }

    /// `heap table "shop.public.orders", block 3, offset 7:` and, in the next line, what is wrong.
    static func complaints(_ text: String) -> [String] {
        var result: [String] = []
        var subject: String?
        for raw in text.split(separator: "\n") {
            let line = String(raw)
            if line.hasPrefix(" "), let of = subject {
                result.append("\(of): \(line.trimmingWhitespace())")
                subject = nil
            } else if line.hasSuffix(":") {
                subject = String(line.dropLast())
            }
        }
        return result
    }

    private func read(_ database: String, _ outcome: inout Outcome) async throws {
        do {
            outcome.databases[database] = try await InstantContent.read(copy.address(database), connections: jobs)
        } catch let error as PostgreSQLError {
            try Self.rethrow(error)
            outcome.unread.insert(database)
            if let gap = gap(error.problem) {
                outcome.gap = "the rows of '\(database)' cannot all be read: \(gap)"
                return
            }
            outcome.problems.append("the rows of '\(database)' cannot all be read: \(error.problem)")
        }
        do {
            outcome.problems += try await visibility(database)
        } catch let error as PostgreSQLError {
            try Self.rethrow(error)
            if let gap = gap(error.problem) {
                outcome.gap = "the visibility maps of '\(database)' cannot all be read: \(gap)"
                return
            }
            outcome.problems.append("the visibility maps of '\(database)' cannot all be read: \(error.problem)")
        }
        // What was found already says more.
        guard outcome.problems.isEmpty else { return }
        outcome.problems += try await lost(database)
    }

    /// Rows that an index or a visibility map knows of, and no page has any more.
    private func lost(_ database: String) async throws -> [String] {
        let (files, tables) = try await Connection.with(copy.address(database), .unlimited()) { connection in
            // What is only in the server's memory is no file yet.
            try await connection.execute("checkpoint")
            let sizes = try await connection.query(
                """
                select current_setting('block_size')::bigint as block,
                    (select setting::bigint from pg_catalog.pg_settings where name = 'segment_size') as segment
                """
            ).only
            let rows = try await connection.query(
                """
                select c.oid::regclass::text as name, pg_relation_filepath(c.oid)::text as path, i.name as index,
                    pg_relation_filepath(i.oid)::text as "index path"
                from pg_catalog.pg_class c
                    join pg_catalog.pg_am a on a.oid = c.relam and a.amname = 'heap'
                    left join lateral (
                        select x.indexrelid as oid, x.indexrelid::regclass::text as name
                        from pg_catalog.pg_index x
                            join pg_catalog.pg_class o on o.oid = x.indexrelid
                            join pg_catalog.pg_am m on m.oid = o.relam and m.amname = 'btree'
                        where x.indrelid = c.oid and x.indisvalid and x.indisready
                        order by x.indpred is not null, pg_relation_size(x.indexrelid), x.indexrelid limit 1) i on true
                where c.relkind in ('r', 'm', 't') and c.relpersistence = 'p' and pg_relation_filepath(c.oid) is not null
                order by c.oid
                """)
            let tables = try rows.map { row in
                let index = try row["index", as: String?.self]
                let place = try row["index path", as: String?.self]
                return RelationFiles.Table(
                    name: try row["name", as: String.self], path: try row["path", as: String.self],
                    index: index.flatMap { name in place.map { (name, $0) } })
            }
            let files = RelationFiles(
                dataDirectory: copy.cluster.dataDirectory, blockSize: Int(try sizes["block", as: Int64.self]),
                segmentBlocks: Int(try sizes["segment", as: Int64.self]))
            return (files, tables)
        }
        return try await Blocking().run { cancellation in
            try tables.compactMap { table in
                try files.problem(of: table, cancellation).map { "\($0), in '\(database)'" }
            }
        }
    }

    /// What this host lacks, where something a server said is about that.
    private func gap(_ text: String) -> String? {
        Complaint(program: "postgres", text: text).gap(major: copy.cluster.server.version.major)?.words
    }

    /// A database whose collation has another version here than where its indexes were made; nil where none has one
    /// (PostgreSQL 15 keeps it for a database's own).
    private func foreignCollation() async throws -> String? {
        guard copy.cluster.server.version.major >= 15 else { return nil }
        return try await Connection.with(copy.address("postgres"), .unlimited()) { connection in
            let rows = try await connection.query(
                """
                select datname::text as name, datcollversion as theirs,
                    pg_catalog.pg_database_collation_actual_version(oid) as ours
                from pg_catalog.pg_database
                where datallowconn and datcollversion <> pg_catalog.pg_database_collation_actual_version(oid)
                order by datname
                """)
            guard let row = rows.first else { return nil }
            return "the collation of '\(try row["name", as: String.self])' is of version "
                + "\(try row["theirs", as: String.self]), and \(try row["ours", as: String.self]) is here"
        }
    }

    /// A server of ours that goes down while it reads does so over what it reads; only our own end says nothing of it.
    private static func rethrow(_ error: PostgreSQLError) throws {
        if case .cancelled = error { throw error }
    }

    /// Rows on pages the visibility map calls all-visible or all-frozen that are not: index-only scans and VACUUM believe
    /// it, and give wrong answers.
    private func visibility(_ database: String) async throws -> [String] {
        try await Connection.with(copy.address(database), .unlimited()) { connection in
            let known = try await connection.query(
                "select from pg_catalog.pg_available_extensions where name = 'pg_visibility'")
            guard !known.isEmpty else { return [] }
            try await connection.execute("create schema mainstay_proof")
            try await connection.execute("create extension if not exists pg_visibility schema mainstay_proof")
            let place = try await connection.query(
                """
                select n.nspname::text as schema
                from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
                where e.extname = 'pg_visibility'
                """
            ).only["schema", as: String.self]
            let rows = try await connection.query(
                """
                select c.oid::regclass::text as name, v.visible, v.frozen
                from pg_catalog.pg_class c
                    join pg_catalog.pg_am a on a.oid = c.relam and a.amname = 'heap',
                    lateral (
                        select (select count(*) from \(identifier: place).pg_check_visible(c.oid)) as visible,
                            (select count(*) from \(identifier: place).pg_check_frozen(c.oid)) as frozen) v
                where c.relkind in ('r', 'm', 't') and c.relpersistence = 'p' and v.visible + v.frozen > 0
                order by c.oid
                """)
            return try rows.map { row in
                let visible = try row["visible", as: Int64.self]
                let frozen = try row["frozen", as: Int64.self]
                return "the visibility map of '\(try row["name", as: String.self])' in '\(database)' is wrong for "
                    + "\(visible + frozen) rows"
            }
        }
    }
}
