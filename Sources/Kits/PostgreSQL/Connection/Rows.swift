import CLibPQ
import Maintenance

/// A result in memory. Columns are asked for by name and type:
///
///     let count = try rows.only["count", as: Int64.self]
package struct Rows: RandomAccessCollection, Sendable {
    private let result: ResultBox
    package let columns: Columns

    init(_ result: ResultBox) {
        self.result = result
        columns = Columns(result)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { result.rowCount }
    package subscript(position: Int) -> Row {
        precondition(indices.contains(position), "row \(position) of \(count)")
        return Row(result: result, columns: columns, index: Int32(position))
    }

    /// The only row.
    package var only: Row {
        get throws(PostgreSQLError) {
            guard count == 1 else { throw .wrongRowCount(found: count, wanted: "exactly one") }
            return self[0]
        }
    }

    /// The first row, if there is one; more than one is an error.
    package var atMostOne: Row? {
        get throws(PostgreSQLError) {
            guard count <= 1 else { throw .wrongRowCount(found: count, wanted: "at most one") }
            return first
        }
    }
}

/// The names and types of a result's columns.
package struct Columns: Sendable {
    package let names: [String]
    let types: [UInt32]

    init(_ result: ResultBox) {
        names = result.columnNames
        types = names.indices.map { PQftype(result.pointer, Int32($0)) }
    }

    /// The first column of this name, compared by bytes.
    func index(of name: String) throws(PostgreSQLError) -> Int {
        guard let index = names.firstIndex(where: { $0.hasSameBytes(as: name) }) else {
            throw .noSuchColumn(name, has: Array(names.prefix(20)))
        }
        return index
    }
}

/// One row of a result.
package struct Row: Sendable {
    private let result: ResultBox
    package let columns: Columns
    private let index: Int32

    init(result: ResultBox, columns: Columns, index: Int32) {
        self.result = result
        self.columns = columns
        self.index = index
    }

    /// The value of a column; an optional type takes NULL.
    ///
    /// - Throws: `PostgreSQLError.noSuchColumn`, or `.wrongType` where the column has another type or is NULL.
    package subscript<Value: ColumnValue>(name: String, as type: Value.Type) -> Value {
        get throws(PostgreSQLError) { try value(at: columns.index(of: name)) }
    }

    package subscript<Value: ColumnValue>(name: String) -> Value {
        get throws(PostgreSQLError) { try value(at: columns.index(of: name)) }
    }

    /// By position, from 0.
    package subscript<Value: ColumnValue>(position: Int, as type: Value.Type) -> Value {
        get throws(PostgreSQLError) { try value(at: position) }
    }

    /// PostgreSQL's own text of a value, whatever its type; nil for NULL.
    package func text(_ position: Int) -> String? {
        let column = Int32(position)
        guard PQgetisnull(result.pointer, index, column) == 0, let bytes = PQgetvalue(result.pointer, index, column)
        else { return nil }
        let length = Int(PQgetlength(result.pointer, index, column))
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    }

    private func value<Value: ColumnValue>(at position: Int) throws(PostgreSQLError) -> Value {
        guard columns.names.indices.contains(position) else {
            throw .noSuchColumn("#\(position)", has: Array(columns.names.prefix(20)))
        }
        let text = text(position)
        let type = columns.types[position]
        guard let value = Value(columnText: text, type: type) else {
            throw .wrongType(
                column: columns.names[position], wanted: "\(Value.self)",
                found: text.map { "'\($0.prefix(40).printable)' of type \(BuiltInType.name(type))" } ?? "NULL")
        }
        return value
    }
}
