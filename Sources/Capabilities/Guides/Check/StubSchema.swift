import Guide
import Maintenance
import PostgreSQL

/// The tables that a guide's SQL names, made up in a server of our own, so that the rest of each statement can be
/// asked about where there is no server that has them: its syntax, and what it says of PostgreSQL's own views and
/// functions.
///
/// A table gets a column when a statement names one; its type is guessed by the name. So a statement that fits
/// nothing but our guesses proves nothing: what still fails and could be the guess's fault is not checked, and what
/// PostgreSQL's own catalog does not have is refused.
struct StubSchema {
    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    /// So many columns and tables one statement may ask for.
    private static let most = 60

    func verdict(on statement: SQLStatement) async throws -> StatementChecking.Verdict {
        let relations = statement.relations
        for _ in 0..<Self.most {
            do {
                try await connection.transaction(.readOnly) {
                    try await connection.execute(SQL(trusted: "prepare mainstay_guide as \(statement.text)"))
                    try await connection.execute("deallocate mainstay_guide")
                }
                return .understood
            } catch let error as PostgreSQLError {
                let server: ServerError
                switch error {
                case .other(let found), .featureMissing(let found): server = found
                case .permissionDenied: return .notChecked
                default: throw error
                }
                if let verdict = try await mend(server, relations) { return verdict }
            }
        }
        return .notChecked
    }

    /// Nil where something was made up and the statement is to be asked about again.
    private func mend(
        _ error: ServerError, _ relations: [SQLStatement.Relation]
    ) async throws -> StatementChecking.Verdict? {
        let own = relations.filter { !$0.isSystem }
        let refused = StatementChecking.Verdict.refused(error.message, hint: error.hint)
        let names = error.message.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        switch error.sqlState {
        case "42601": return refused
        case "42P01":
            guard names.count > 1, let wanted = own.first(where: { $0.shown == names[1] }) else {
                return relations.contains { $0.isExtension } ? .notChecked : refused
            }
            try await make(wanted)
            return nil
        case "42703":
            guard let column = Self.column(error.message) else { return own.isEmpty ? refused : .notChecked }
            let places = own.filter { column.place == nil || $0.alias == column.place || $0.name == column.place }
            guard let place = places.first else {
                // A system view's own alias, or none but system views: that column is not there.
                return own.isEmpty || column.place != nil ? refused : .notChecked
            }
            guard places.count == 1 || column.place != nil else { return .notChecked }
            try await connection.execute(
                SQL(
                    trusted:
                        "alter table \(place.quoted) add column \(column.name.identifier) \(Self.type(column.name))"))
            return nil
        default: return own.isEmpty && !["42883", "42704", "3F000"].contains(error.sqlState) ? refused : .notChecked
        }
    }

    private func make(_ relation: SQLStatement.Relation) async throws {
        if let schema = relation.schema {
            try await connection.execute(SQL(trusted: "create schema if not exists \(schema.identifier)"))
        }
        try await connection.execute(SQL(trusted: "create table \(relation.quoted) ()"))
    }

    /// Of `column "a" does not exist`, `column t.a does not exist`, `column "a" of relation "t" does not exist`.
    private static func column(_ message: String) -> (name: String, place: String?)? {
        guard message.hasPrefix("column ") else { return nil }
        let rest = message.dropFirst(7)
        if rest.hasPrefix("\"") {
            let parts = rest.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
            guard parts.count > 2 else { return nil }
            return (parts[1], parts.count > 3 && parts[2].hasPrefix(" of relation") ? parts[3] : nil)
        }
        let parts = rest.prefix { $0 != " " }.split(separator: ".").map(String.init)
        guard let name = parts.last, parts.count > 1 else { return nil }
        return (name, parts[parts.count - 2])
    }

    /// As most people name columns.
    private static func type(_ name: String) -> String {
        let lower = name.lowercased()
        if lower.hasSuffix("_at") || ["time", "date", "expire"].contains(where: { lower.containsBytes($0) }) {
            return "timestamptz"
        }
        if lower.hasPrefix("is_") || lower.hasPrefix("has_") || ["active", "enabled", "valid"].contains(lower) {
            return "boolean"
        }
        let numbers = ["count", "total", "amount", "size", "bytes", "score", "duration", "price", "number", "age"]
        if lower == "id" || lower.hasSuffix("_id") || numbers.contains(where: { lower.containsBytes($0) }) {
            return "bigint"
        }
        return ["metadata", "data", "payload", "settings"].contains(lower) ? "jsonb" : "text"
    }
}

extension SQLStatement {
    /// Something that a statement reads from or writes to, names folded as the server does.
    struct Relation: Hashable {
        var schema: String?
        var name: String
        var alias: String?

        var quoted: String { (schema.map { "\($0.identifier)." } ?? "") + name.identifier }
        /// As the server names it where it is not there.
        var shown: String { (schema.map { "\($0)." } ?? "") + name }
        /// PostgreSQL's own.
        var isSystem: Bool { schema == "pg_catalog" || schema == "information_schema" || name.hasPrefix("pg_") }
        /// A view that comes with an extension, which our server does not have.
        var isExtension: Bool { ["pg_stat_statements", "pg_buffercache", "pg_stat_statements_info"].contains(name) }
    }

    /// What stands behind FROM, JOIN, INTO and UPDATE.
    var relations: [Relation] {
        let words = words
        let behind: Set = ["FROM", "JOIN", "INTO", "UPDATE", "USING"]
        let ends: Set = [
            "WHERE", "ON", "USING", "SET", "VALUES", "ORDER", "GROUP", "LIMIT", "JOIN", "LEFT", "RIGHT", "INNER",
            "FULL",
            "CROSS", "HAVING", "SELECT", "RETURNING", "UNION", "NATURAL", "OFFSET", "WINDOW", "DEFAULT", "AS", "FOR",
        ]
        var found: [Relation] = []
        for (index, word) in words.enumerated() where behind.contains(word) {
            var position = index + 1
            repeat {
                if words.indices.contains(position), ["ONLY", "LATERAL", ","].contains(words[position]) {
                    position += 1
                }
                guard words.indices.contains(position), let first = words[position].utf8.first,
                    first == 0x5f || first | 0x20 >= 0x61 && first | 0x20 <= 0x7a,
                    !(words.indices.contains(position + 1) && words[position + 1] == "(")
                else { break }
                let parts = words[position].lowercased().split(separator: ".").map(String.init)
                guard let name = parts.last else { break }
                var relation = Relation(schema: parts.count > 1 ? parts[parts.count - 2] : nil, name: name)
                position += 1
                if words.indices.contains(position), words[position] == "AS" { position += 1 }
                if words.indices.contains(position), !ends.contains(words[position]),
                    words[position].utf8.first.map({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a }) ?? false
                {
                    relation.alias = words[position].lowercased()
                    position += 1
                }
                found.append(relation)
            } while words.indices.contains(position) && words[position] == ","
        }
        return found
    }
}

extension String {
    fileprivate var identifier: String { "\"\(replacing("\"", with: "\"\""))\"" }
}
