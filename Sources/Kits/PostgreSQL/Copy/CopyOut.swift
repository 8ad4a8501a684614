import CLibPQ
import Maintenance

extension Connection {
    /// Runs `COPY … TO STDOUT` and hands over every row, its line break included, as it comes: about 0.4 µs a row, and
    /// memory that does not grow. The buffer is libpq's and gone when `body` returns.
    ///
    /// When `body` throws, the COPY is cancelled and read to its end, and the connection stays usable.
    ///
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    package func copyOut<Value: Sendable>(
        _ sql: SQL, into initial: Value, timeout: Duration? = nil,
        _ body: @Sendable (inout Value, UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Value {
        try await perform(timeout: timeout) { link, call in
            var value = initial
            try link.beginCopyOut(sql, &call)
            try link.copyRows(&call) { row in try body(&value, row) }
            return value
        }
    }

    /// Runs `COPY … TO STDOUT` and lets `body` pull it in chunks of whole rows, at least `size` bytes each but for the
    /// last; the next chunk is read when it is asked for. Leaving early cancels the COPY.
    ///
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    @discardableResult
    package func withCopyOut<Value>(
        _ sql: SQL, size: Int = 65_536, isolation: isolated (any Actor)? = #isolation,
        _ body: (CopyChunks) async throws -> Value
    ) async throws -> Value {
        try await begin(copy: sql)
        do {
            let value = try await body(CopyChunks(connection: self, size: size))
            await abandonCopy()
            return value
        } catch {
            await abandonCopy()
            throw error
        }
    }

    private func begin(copy sql: SQL) async throws {
        try await perform(copy: .begins) { link, call in try link.beginCopyOut(sql, &call) }
    }

    /// Nil after the last row.
    fileprivate func nextChunk(_ size: Int) async throws -> [UInt8]? {
        guard isCopying else { return nil }
        let chunk: [UInt8]? = try await perform(copy: .goesOn) { link, call in
            var chunk: [UInt8] = []
            chunk.reserveCapacity(size + 8_192)
            let isLast = try link.copyRows(&call, while: { chunk.count < size }) { chunk.append(contentsOf: $0) }
            return chunk.isEmpty && isLast ? nil : chunk
        }
        if chunk == nil { endCopying() }
        return chunk
    }

    /// Cancels what is left of a COPY, whatever the task's own state.
    func abandonCopy() async {
        guard isCopying else { return }
        endCopying()
        do {
            // Nothing to do in it: a call always leaves the connection idle.
            try await perform(shielded: true) { _, _ in }
        } catch {
            close()
        }
    }
}

/// The chunks of a COPY, each a run of whole rows.
package struct CopyChunks: AsyncSequence, Sendable {
    let connection: Connection
    let size: Int

    package func makeAsyncIterator() -> Iterator { Iterator(connection: connection, size: size) }

    package struct Iterator: AsyncIteratorProtocol, Sendable {
        let connection: Connection
        let size: Int

        package mutating func next() async throws -> [UInt8]? { try await connection.nextChunk(size) }
    }
}

extension Link {
    /// Sends the statement and waits until the rows begin.
    func beginCopyOut(_ sql: SQL, _ call: inout Call) throws(PostgreSQLError) {
        try send(copy: sql, call: &call)
        try expect(PGRES_COPY_OUT, &call, "the statement is no COPY … TO STDOUT")
    }

    func expect(_ status: ExecStatusType, _ call: inout Call, _ what: String) throws(PostgreSQLError) {
        guard let result = try nextResult(&call) else { throw .misuse(what) }
        try check(result, call: call)
        guard result.status == status else { throw .misuse(what) }
    }

    /// Hands over rows while `isHungry`.
    ///
    /// - Returns: whether the last row was seen.
    @discardableResult
    @inline(__always)
    func copyRows(
        _ call: inout Call, while isHungry: () -> Bool = { true }, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        while isHungry() {
            var row: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(try live(), &row, 1)
            if length > 0, let row {
                defer { PQfreemem(row) }
                try body(UnsafeRawBufferPointer(start: row, count: Int(length)))
            } else if length == 0 {
                guard lossReason == nil else { throw lose(lossReason ?? "") }
                try wait(for: &call)
            } else {
                _ = try lastResult(&call)
                return true
            }
        }
        return false
    }
}
