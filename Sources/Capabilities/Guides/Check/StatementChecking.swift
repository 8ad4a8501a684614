import Command
import Engine
import Guide
import Maintenance
import PostgreSQL
import Settings

/// Asks a server about a guide's SQL without running any of it.
///
/// Queries and changes of rows are PREPAREd in a READ ONLY transaction that is rolled back: the server reads them,
/// finds every table, column and function, and carries nothing out. Each goes alone through the extended protocol,
/// which takes one statement and no second one behind it. Utility statements pass PREPARE unread or not at all, so of
/// these the relations they name are looked up. What could be neither is not checked, and never fine.
struct StatementChecking {
    enum Verdict: Equatable {
        case understood
        /// The server's own words.
        case refused(String, hint: String?)
        case notChecked
    }

    private let connection: Connection
    /// Whether the server is one of our own, where what the guide names is made up.
    private let isStub: Bool

    init(_ connection: Connection, isStub: Bool = false) {
        self.connection = connection
        self.isStub = isStub
    }

    /// The first database of an environment, or the one that is named behind a slash: `test`, `test/main`.
    static func resource(_ place: String, _ inventory: Inventory) throws -> Resource {
        let parts = place.split(separator: "/", maxSplits: 1).map(String.init)
        let name = parts.first ?? place
        guard let environment = inventory.environments.first(where: { $0.name == name }) else {
            throw StatementCheckingError.noEnvironment(name, known: inventory.environments.map(\.name))
        }
        let databases = environment.resources.filter { $0.kind == .postgresql }
        let wanted = parts.dropFirst().first
        guard let found = databases.first(where: { wanted == nil || $0.name == wanted }) else {
            throw StatementCheckingError.noDatabase(place, known: databases.map { "\(environment.name)/\($0.name)" })
        }
        return found
    }

    func verdict(on statement: SQLStatement) async throws -> Verdict {
        do {
            switch statement.verb {
            case "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE":
                if isStub { return try await StubSchema(connection).verdict(on: statement) }
                try await connection.transaction(.readOnly) {
                    try await connection.execute(SQL(trusted: "prepare mainstay_guide as \(statement.text)"))
                    // Forgotten with the name; the transaction ends without having done anything.
                    try await connection.execute("deallocate mainstay_guide")
                }
                return .understood
            case "REINDEX", "VACUUM", "ANALYZE", "TRUNCATE", "CLUSTER":
                return try await relations(of: statement)
            default: return .notChecked
            }
        } catch let error as PostgreSQLError {
            switch error {
            case .other(let server), .featureMissing(let server): return .refused(server.message, hint: server.hint)
            case .permissionDenied: return .notChecked
            default: throw error
            }
        }
    }

    /// Whether what a utility statement names is there.
    private func relations(of statement: SQLStatement) async throws -> Verdict {
        let names = statement.relationNames
        guard !names.isEmpty else { return statement.isWholeDatabase ? .understood : .notChecked }
        // Tables are made up here, so that nobody knows of one that no query names.
        guard !isStub else { return .notChecked }
        for name in names {
            let rows = try await connection.query("select to_regclass(\(name))::text")
            guard rows.first?.text(0) != nil else { return .refused("relation \"\(name)\" does not exist", hint: nil) }
        }
        return .understood
    }
}

enum StatementCheckingError: MaintenanceError {
    case noEnvironment(String, known: [String])
    case noDatabase(String, known: [String])

    var code: String { "guide.no-database" }

    var problem: String {
        switch self {
        case .noEnvironment(let name, _): "there is no environment '\(name.printable)'"
        case .noDatabase(let place, _): "there is no database '\(place.printable)'"
        }
    }

    var hint: String? {
        switch self {
        case .noEnvironment(_, let known), .noDatabase(_, let known):
            known.isEmpty ? nil : "There are \(known.map(\.printable).joined(separator: ", "))."
        }
    }

    var exitStatus: ExitStatus { .usage }
}

extension SQLStatement {
    /// The relations a utility statement names, unquoted ones folded as the server does; empty where it names none.
    fileprivate var relationNames: [String] {
        var rest = words.dropFirst()[...]
        let options: Set = [
            "FULL", "FREEZE", "VERBOSE", "ANALYZE", "TABLE", "INDEX", "CONCURRENTLY", "ONLY", "SKIP_LOCKED",
        ]
        if rest.first == "(" { rest = rest.drop { $0 != ")" }.dropFirst() }
        rest = rest.drop { options.contains($0) }
        if let kind = rest.first, ["SCHEMA", "DATABASE", "SYSTEM"].contains(kind) { return [] }
        var names: [String] = []
        var depth = 0
        for word in rest {
            if word == "(" {
                depth += 1
            } else if word == ")" {
                depth -= 1
            } else if depth == 0, word != ",", word != "USING" {
                names.append(word)
            }
        }
        // Names in double quotes keep their case and cannot be told from others here.
        return text.utf8.contains(UInt8(ascii: "\"")) ? [] : names.map { $0.lowercased() }
    }

    /// `ANALYZE`, `VACUUM ANALYZE`: it names nothing that could be missing.
    fileprivate var isWholeDatabase: Bool {
        let known: Set = ["VACUUM", "ANALYZE", "FULL", "FREEZE", "VERBOSE"]
        return words.allSatisfy { known.contains($0) }
    }
}
