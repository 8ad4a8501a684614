import GRDB
import GRDBSQLite

/// Executes statements through SQLite's own functions, on the connections and with the prepared statements that GRDB
/// keeps: passing values and rows through GRDB's types takes several times as long as most of our statements do.
///
/// GRDB's observation of changes is bypassed with that, and nothing here uses it.
struct Execution {
    let database: Database

    /// How many rows it changed.
    func run(_ filled: FilledStatement) throws -> Int {
        try prepared(filled) { statement in
            var code = sqlite3_step(statement)
            while code == SQLITE_ROW { code = sqlite3_step(statement) }
            guard code == SQLITE_DONE else { throw failure(code, filled) }
            return Int(sqlite3_changes(database.sqliteConnection))
        }
    }

    /// An immediate transaction, as GRDB's, with statements that are prepared once.
    func transaction(_ body: () throws -> Void) throws {
        _ = try run(FilledStatement(sql: "begin immediate", values: []))
        do {
            try body()
            _ = try run(FilledStatement(sql: "commit", values: []))
        } catch {
            // A full disk, say, has ended it already.
            if database.isInsideTransaction { _ = try run(FilledStatement(sql: "rollback", values: [])) }
            throw error
        }
    }

    func rows(_ filled: FilledStatement) throws -> [StoreRow] {
        try prepared(filled) { statement in
            var rows: [StoreRow] = []
            var columns: [String: Int] = [:]
            var code = sqlite3_step(statement)
            while code == SQLITE_ROW {
                // Only now is it certain that they are those of the present schema.
                if rows.isEmpty { columns = Self.columns(of: statement) }
                rows.append(
                    StoreRow(
                        columns: columns,
                        values: (0..<sqlite3_column_count(statement)).map {
                            Self.value(of: statement, at: $0)
                        }))
                code = sqlite3_step(statement)
            }
            guard code == SQLITE_DONE else { throw failure(code, filled) }
            return rows
        }
    }

    private func prepared<Value>(
        _ filled: FilledStatement, _ body: (OpaquePointer) throws -> Value
    ) throws -> Value {
        let statement = try database.cachedStatement(sql: filled.sql).sqliteStatement
        // Also after an error: a statement that was not reset keeps its transaction open.
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in filled.values.enumerated() {
            let code = Self.bind(value, to: statement, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw failure(code, filled) }
        }
        return try body(statement)
    }

    private func failure(_ code: Int32, _ filled: FilledStatement) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: String(cString: sqlite3_errmsg(database.sqliteConnection)), sql: filled.sql)
    }

    private static func bind(_ value: StoreValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(statement, index)
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .real(let number): sqlite3_bind_double(statement, index, number)
        case .bytes(let bytes):
            // No bytes may have no address, and that would be null.
            bytes.isEmpty
                ? sqlite3_bind_zeroblob(statement, index, 0)
                : sqlite3_bind_blob64(statement, index, bytes, sqlite3_uint64(bytes.count), copied)
        case .text(var text):
            text.withUTF8 { bytes in
                // No bytes may have no address either, and that would be null.
                guard let address = bytes.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, copied) }
                return address.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                    sqlite3_bind_text64(
                        statement, index, $0, sqlite3_uint64(bytes.count), copied, UInt8(SQLITE_UTF8))
                }
            }
        }
    }

    /// SQLite makes a copy of its own (`SQLITE_TRANSIENT`, which the importer does not know).
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private static func columns(of statement: OpaquePointer) -> [String: Int] {
        var columns: [String: Int] = [:]
        for index in 0..<sqlite3_column_count(statement) {
            if let name = sqlite3_column_name(statement, index) { columns[String(cString: name)] = Int(index) }
        }
        return columns
    }

    private static func value(of statement: OpaquePointer, at index: Int32) -> StoreValue {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, index))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(statement, index) else { return .null }
            let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, index)))
            return .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = UnsafeRawBufferPointer(
                start: sqlite3_column_blob(statement, index), count: Int(sqlite3_column_bytes(statement, index)))
            return .bytes([UInt8](bytes))
        default: return .null
        }
    }
}
