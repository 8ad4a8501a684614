/// The statements of one area, as the cases of an enum, so that a test can prepare every one of them on both servers.
///
/// Written in the subset SQLite and PostgreSQL share: parameters `:name`, no date functions, no affinity tricks, no
/// reserved words as names, `ON CONFLICT … DO UPDATE` and `RETURNING` allowed.
package protocol StatementSet: RawRepresentable<String>, CaseIterable, Sendable {}

extension StatementSet {
    package var sql: String { rawValue }
}

/// The statement with PostgreSQL's `$1` in place of `:name`, and the names in the order of their numbers.
package func positional(_ sql: String) -> (sql: String, names: [String]) {
    var names: [String] = []
    var text = ""
    var rest = sql[...]
    var inString = false
    while let character = rest.first {
        if character == "'" { inString.toggle() }
        let next = rest.dropFirst()
        if character == ":", !inString, let first = next.first, first.isLetter, text.last != ":" {
            let name = String(next.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            if let known = names.firstIndex(of: name) {
                text += "$\(known + 1)"
            } else {
                names.append(name)
                text += "$\(names.count)"
            }
            rest = next.dropFirst(name.count)
        } else {
            text.append(character)
            rest = next
        }
    }
    return (text, names)
}

/// A named step of the schema. Never edited once it has landed; ordered by its place in the list.
package struct Migration: Sendable, Hashable {
    package var name: String
    /// Statements in the shared subset; `{clustered}` becomes `WITHOUT ROWID` on SQLite and nothing on PostgreSQL, `{blob}`
    /// the type of bytes, and the statement `{append-only TABLE}` the triggers that refuse to update or delete what stands there.
    package var statements: [String]

    package init(_ name: String, _ statements: [String]) {
        self.name = name
        self.statements = statements
    }

    package enum Dialect { case sqlite, postgresql }

    package func statements(for dialect: Dialect) -> [String] {
        statements.map { statement in
            if statement.hasPrefix("{append-only "), statement.hasSuffix("}") {
                return dialect.appendOnly(String(statement.dropFirst(13).dropLast()))
            }
            return statement.replacing("{clustered}", with: dialect == .sqlite ? "without rowid" : "")
                .replacing("{blob}", with: dialect == .sqlite ? "blob" : "bytea")
        }
    }
}

extension Migration.Dialect {
    /// Triggers are the one thing the two stores do not write alike (SQLite, "CREATE TRIGGER"; PostgreSQL manual, 43.10).
    /// They keep accidents and careless hands out; who may alter the table may drop them too.
    fileprivate func appendOnly(_ table: String) -> String {
        switch self {
        case .sqlite:
            ["update", "delete"].map { operation in
                """
                create trigger \(table)_no_\(operation) before \(operation) on \(table)
                begin select raise(abort, '\(table) is append-only'); end;
                """
            }.joined(separator: "\n")
        case .postgresql:
            """
            create function \(table)_append_only() returns trigger language plpgsql as
                $$ begin raise exception '\(table) is append-only'; end $$;
            create trigger \(table)_append_only before update or delete or truncate on \(table)
                for each statement execute function \(table)_append_only();
            """
        }
    }
}
