import CLibPQ
import Maintenance

extension Link {
    /// Runs a whole call: whatever `body` leaves behind is cancelled and read, so that the next call finds the
    /// connection idle, or closed; with `leavingActive` only after an error.
    func complete<Value>(
        _ call: inout Call, leavingActive: Bool = false, _ body: (Link, inout Call) throws -> Value
    ) throws -> Value {
        do {
            let value = try body(self, &call)
            if leavingActive { try settle(&call) } else { try tidy(&call) }
            return value
        } catch {
            if pointer != nil { try tidy(&call) }
            throw error
        }
    }

    private func tidy(_ call: inout Call) throws(PostgreSQLError) {
        if let pointer, PQtransactionStatus(pointer) == PQTRANS_ACTIVE {
            interrupt(&call, .stopped)
            try drain(&call)
        }
        try settle(&call)
    }

    /// The one result of one statement.
    func onlyResult(_ call: inout Call) throws(PostgreSQLError) -> ResultBox {
        guard let result = try lastResult(&call) else { throw .misuse("the server gave no result") }
        return result
    }

    /// The last result; throws the first failure.
    func lastResult(_ call: inout Call) throws(PostgreSQLError) -> ResultBox? {
        var last: ResultBox?
        while let result = try nextResult(&call) {
            try check(result, call: call)
            switch result.status {
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw refuseCopy(result)
            default: last = result
            }
        }
        return last
    }

    /// Every row as it comes, one result each (PostgreSQL manual, "Retrieving Query Results Row-by-Row").
    func forEachRow(_ call: inout Call, _ body: (Row) throws -> Void) throws {
        guard PQsetSingleRowMode(try live()) == 1 else {
            throw PostgreSQLError.misuse("rows cannot be read one by one")
        }
        var columns: Columns?
        while let result = try nextResult(&call) {
            try check(result, call: call)
            switch result.status {
            case PGRES_SINGLE_TUPLE:
                let known = columns ?? Columns(result)
                columns = known
                try body(Row(result: result, columns: known, index: 0))
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw refuseCopy(result)
            default: break
            }
        }
    }

    /// The connection is given up where the server waits for rows: in the extended protocol the end of a COPY carries a
    /// second Sync, and a server that has left the COPY before (cancelled, timed out) answers both. All later results
    /// would be those of the statement before (PostgreSQL manual, "COPY Operations").
    private func refuseCopy(_ result: ResultBox) -> PostgreSQLError {
        let misuse = "a COPY has to be run with copyOut or copyIn"
        if result.status != PGRES_COPY_OUT { _ = lose(misuse) }
        return .misuse(misuse)
    }
}
