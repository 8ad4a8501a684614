import CLibPQ
import Maintenance

/// Owns one of libpq's results.
///
/// `@unchecked`: a result is never changed after libpq has handed it out, so any thread may read it.
final class ResultBox: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var rowCount: Int { Int(PQntuples(pointer)) }
    var columnCount: Int { Int(PQnfields(pointer)) }

    var columnNames: [String] {
        (0..<PQnfields(pointer)).map { PQfname(pointer, $0).map { String(cString: $0) } ?? "" }
    }

    /// `UPDATE 3`.
    var commandTag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

    /// Rows the command changed, copied or returned; nil where it counts none.
    var affectedRows: Int64? { PQcmdTuples(pointer).flatMap { Int64(String(cString: $0)) } }

    /// Nil for an error that libpq made itself, which is always a lost connection.
    func serverError(redactedBy address: DatabaseAddress) -> ServerError? {
        guard let state = field(MAINSTAY_DIAG_SQLSTATE) else { return nil }
        func text(_ code: Int) -> String? { field(code).map(address.redacted) }
        var error = ServerError(
            sqlState: state, message: text(MAINSTAY_DIAG_MESSAGE) ?? "", detail: text(MAINSTAY_DIAG_DETAIL),
            hint: text(MAINSTAY_DIAG_HINT))
        error.schema = field(MAINSTAY_DIAG_SCHEMA)
        error.table = field(MAINSTAY_DIAG_TABLE)
        error.column = field(MAINSTAY_DIAG_COLUMN)
        error.constraint = field(MAINSTAY_DIAG_CONSTRAINT)
        return error
    }

    private func field(_ code: Int) -> String? { diagnostic(pointer, code) }
}

extension Notice {
    /// Reads a result that stays libpq's.
    init(_ result: OpaquePointer) {
        self.init(
            severity: diagnostic(result, MAINSTAY_DIAG_SEVERITY) ?? "NOTICE",
            sqlState: diagnostic(result, MAINSTAY_DIAG_SQLSTATE) ?? "",
            message: diagnostic(result, MAINSTAY_DIAG_MESSAGE) ?? "",
            detail: diagnostic(result, MAINSTAY_DIAG_DETAIL))
    }
}

private func diagnostic(_ result: OpaquePointer, _ code: Int) -> String? {
    PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
}
