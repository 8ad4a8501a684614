import Maintenance

extension GuideChecking {
    /// Statements that lock others out, and those that do not do what stands above them.
    func statementFindings(_ procedure: Procedure) -> [GuideFinding] {
        procedure.entries.flatMap { entry -> [GuideFinding] in
            guard case .statement(let statement) = entry.kind else { return [] }
            var found: [GuideFinding] = []
            if let lock = statement.strongLock, !statement.isIndex(on: newTables) {
                found.append(finding(.strongLock, entry.line, lock.problem, fix: lock.fix))
            }
            if let mismatch = statement.mismatch(with: entry.comments) {
                found.append(finding(.otherThanSaid, entry.line, mismatch.problem, fix: mismatch.fix))
            }
            return found
        }
    }
}

extension Procedure.Entry {
    /// What `CREATE TABLE` calls its table, among the words before its columns.
    var newTables: [String] {
        guard case .statement(let statement) = kind, statement.verb == "CREATE",
            statement.words.prefix(4).contains("TABLE")
        else { return [] }
        return Array(statement.words.prefix(8))
    }
}

extension SQLStatement {
    /// Whether it makes an index on one of these: nobody can wait for a table that the guide itself makes.
    fileprivate func isIndex(on tables: Set<String>) -> Bool {
        guard verb == "CREATE", let on = words.firstIndex(of: "ON"),
            let table = words[(on + 1)...].first(where: { $0 != "ONLY" })
        else { return false }
        return tables.contains(table)
    }

    /// What it keeps others from, and the statement that does the same with a weaker lock (PostgreSQL manual, 13.3.1 and
    /// the page of each statement).
    var strongLock: (problem: String, fix: String)? {
        let isConcurrent = words.contains("CONCURRENTLY")
        switch verb {
        case "REINDEX":
            guard !isConcurrent,
                let kind = words.dropFirst().first(where: { ["TABLE", "INDEX", "SCHEMA", "DATABASE"].contains($0) })
            else { return nil }
            return (
                "'REINDEX \(kind)' takes a ShareLock and AccessExclusiveLocks: nobody writes, and most cannot read, until it ends",
                "Write '\(text.withWord("CONCURRENTLY", behind: kind))'."
            )
        case "VACUUM":
            guard words.contains("FULL") else { return nil }
            return (
                "'VACUUM FULL' rewrites the table under an AccessExclusiveLock: nobody reads or writes until it ends",
                "'VACUUM' is enough where the space is used again; 'pg_repack' gives it back."
            )
        case "CLUSTER":
            return (
                "'CLUSTER' rewrites the table under an AccessExclusiveLock: nobody reads or writes until it ends",
                "Do it in a window, or with 'pg_repack'."
            )
        case "CREATE":
            guard words.prefix(3).contains("INDEX"), !isConcurrent else { return nil }
            return (
                "'CREATE INDEX' takes a ShareLock: nobody writes to the table until it ends",
                "Write '\(text.withWord("CONCURRENTLY", behind: "INDEX"))'."
            )
        case "DROP":
            guard words.dropFirst().first == "INDEX", !isConcurrent else { return nil }
            return (
                "'DROP INDEX' waits for an AccessExclusiveLock on the table, and everybody waits behind it",
                "Write '\(text.withWord("CONCURRENTLY", behind: "INDEX"))'."
            )
        case "ALTER":
            guard words.contains("CONSTRAINT"), words.contains("ADD"),
                !words.contains("NOT") || !words.contains("VALID"),
                words.contains("CHECK") || words.contains("FOREIGN")
            else { return nil }
            return (
                "this reads the whole table while nobody can write to it",
                "Add it 'NOT VALID', then 'VALIDATE CONSTRAINT'."
            )
        case "REFRESH":
            guard !isConcurrent else { return nil }
            return (
                "this locks out whoever reads the view until it ends",
                "Write '\(text.withWord("CONCURRENTLY", behind: "VIEW"))', which needs a unique index."
            )
        default: return nil
        }
    }

    /// Where a comment promises what the statement does not look at.
    func mismatch(with comments: [String]) -> (problem: String, fix: String)? {
        let said = comments.joined(separator: " ").lowercased()
        guard verb == "SELECT" || verb == "WITH" else { return nil }
        if said.containsBytes("violation"),
            words.contains("PG_CONSTRAINT") || words.contains("PG_CATALOG.PG_CONSTRAINT")
        {
            return (
                "this lists constraints that were never validated, and looks at no row: it finds no violation",
                "'ALTER TABLE … VALIDATE CONSTRAINT' checks them; 'mainstay data validate-relationships' every one."
            )
        }
        let indexes = ["PG_STAT_USER_INDEXES", "PG_STAT_ALL_INDEXES", "PG_CATALOG.PG_STAT_USER_INDEXES"]
        if said.containsBytes("unused ind"), indexes.contains(where: words.contains),
            !words.contains(where: {
                $0.hasSuffix("INDISUNIQUE") || $0.hasSuffix("INDISPRIMARY") || $0.hasSuffix("PG_CONSTRAINT")
            })
        {
            return (
                "this lists the indexes of primary keys and unique constraints as well, which are used by every write",
                "Join pg_index, and leave out 'indisunique'; look at since when the statistics count."
            )
        }
        return nil
    }
}

extension String {
    /// With a word put in behind the first of another, whichever case that has.
    fileprivate func withWord(_ word: String, behind other: String) -> String {
        var parts = split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard let index = parts.firstIndex(where: { $0.uppercased() == other }) else { return self }
        parts.insert(word, at: index + 1)
        return parts.joined(separator: " ")
    }
}
