import GRDB
import Synchronization

/// The statement, prepared once for each connection, with its values bound by position: looking each name up in the
/// library, for every execution, takes longer than most of our statements.
///
/// - Throws: `StoreError.statement` where a value is missing or none asked for it.
func bound(
    _ statement: some StatementSet, _ values: [String: any StoreConvertible], in database: Database
) throws -> Statement {
    let prepared = try database.cachedStatement(sql: statement.sql)
    let names = ParameterNames.shared.names(of: statement.sql)
    guard names.count == values.count else { throw mismatch(names, values) }
    let positioned = try names.map { name -> DatabaseValue in
        guard let value = values[name] else { throw mismatch(names, values) }
        return switch value.storeValue {
        case .null: .null
        case .text(let text): text.databaseValue
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        }
    }
    prepared.setUncheckedArguments(StatementArguments(positioned))
    return prepared
}

private func mismatch(_ names: [String], _ values: [String: any StoreConvertible]) -> StoreError {
    let missing = Set(names).subtracting(values.keys).sorted()
    let foreign = Set(values.keys).subtracting(names).sorted()
    return .statement(
        missing.isEmpty
            ? "it has no parameter \(foreign.joined(separator: ", "))"
            : "no value for \(missing.joined(separator: ", "))")
}

/// The parameters of every statement there is, in the order of their first mention, which is SQLite's own (SQLite,
/// "Binding Values To Prepared Statements").
private final class ParameterNames: Sendable {
    static let shared = ParameterNames()

    private let known = Mutex<[String: [String]]>([:])

    func names(of sql: String) -> [String] {
        known.withLock { known in
            if let names = known[sql] { return names }
            let names = positional(sql).names
            known[sql] = names
            return names
        }
    }
}
