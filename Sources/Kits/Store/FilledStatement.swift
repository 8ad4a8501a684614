import Synchronization

/// A statement with its values in the order of its parameters: what can be put together before a transaction begins,
/// which holds up every other writer.
package struct FilledStatement: Sendable {
    let sql: String
    let values: [StoreValue]
}

extension FilledStatement {
    /// - Throws: `StoreError.statement` where a value is missing or none asked for it.
    package init(_ statement: some StatementSet, _ values: [String: any StoreConvertible] = [:]) throws {
        sql = statement.sql
        let names = ParameterNames.shared.names(of: sql)
        guard names.count == values.count else { throw Self.mismatch(names, values) }
        self.values = try names.map { name in
            guard let value = values[name] else { throw Self.mismatch(names, values) }
            return value.storeValue
        }
    }

    /// With the values in the order in which the statement names its parameters first.
    package init(_ statement: KnownStatement, inOrder values: [StoreValue]) throws {
        guard statement.parameters == values.count else {
            throw StoreError.statement(
                "it has \(statement.parameters) parameters, and \(values.count) values are given")
        }
        sql = statement.sql
        self.values = values
    }

    package init(_ statement: some StatementSet, inOrder values: [StoreValue]) throws {
        try self.init(KnownStatement(statement), inOrder: values)
    }

    private static func mismatch(_ names: [String], _ values: [String: any StoreConvertible]) -> StoreError {
        let missing = Set(names).subtracting(values.keys).sorted()
        let foreign = Set(values.keys).subtracting(names).sorted()
        return .statement(
            missing.isEmpty
                ? "it has no parameter \(foreign.joined(separator: ", "))"
                : "no value for \(missing.joined(separator: ", "))")
    }
}

/// A statement whose parameters were counted once and for all, for those that are made a thousand times a second.
package struct KnownStatement: Sendable {
    let sql: String
    let parameters: Int

    package init(_ statement: some StatementSet) {
        sql = statement.sql
        parameters = ParameterNames.shared.names(of: sql).count
    }
}

/// The parameters of every statement there is, in the order of their first mention, which is SQLite's own (SQLite,
/// "Binding Values To Prepared Statements").
private final class ParameterNames: Sendable {
    static let shared = ParameterNames()

    private let known = Mutex<[String: [String]]>([:])

    func names(of sql: String) -> [String] {
        if let names = known.withLock({ $0[sql] }) { return names }
        let names = positional(sql).names
        known.withLock { $0[sql] = names }
        return names
    }
}
