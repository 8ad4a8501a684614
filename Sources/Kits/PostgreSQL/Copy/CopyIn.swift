import CLibPQ
import Maintenance

extension Connection {
    /// Runs `COPY … FROM STDIN` with what `chunks` yields, each at best 64 kB and more; the next is asked for when the
    /// last is on its way. An error of `chunks` undoes the COPY.
    ///
    /// - Returns: the rows that were copied.
    /// - Throws: `PostgreSQLError`, or what `chunks` throws.
    @discardableResult
    package func copyIn<Chunks: AsyncSequence>(
        _ sql: SQL, from chunks: Chunks, isolation: isolated (any Actor)? = #isolation
    ) async throws -> Int64 where Chunks.Element == [UInt8] {
        try await beginCopyIn(sql)
        do {
            for try await chunk in chunks { try await put(chunk) }
            return try await endCopyIn()
        } catch {
            await undoCopyIn()
            throw error
        }
    }

    private func beginCopyIn(_ sql: SQL) async throws {
        try await perform(copy: .begins) { link, call in
            try link.send(copy: sql, call: &call)
            try link.expect(PGRES_COPY_IN, &call, "the statement is no COPY … FROM STDIN")
        }
    }

    private func put(_ chunk: [UInt8]) async throws {
        try await perform(copy: .goesOn) { link, call in try link.put(chunk, &call) }
    }

    private func endCopyIn() async throws -> Int64 {
        let rows = try await perform(copy: .goesOn) { link, call in
            try link.endCopy(nil, &call)
            return try link.lastResult(&call)?.affectedRows ?? 0
        }
        endCopying()
        return rows
    }

    private func undoCopyIn() async {
        guard isCopying else { return }
        endCopying()
        do {
            try await perform(shielded: true) { link, call in
                guard link.isCopyingIn else { return }
                try link.endCopy("the rows could not be had", &call)
                // It may be busy with something else than our rows, a trigger or a lock, for as long as that takes.
                link.interrupt(&call, .stopped)
                try link.drain(&call)
            }
        } catch {
            close()
        }
    }
}

extension Link {
    /// Whether the server waits for rows; false too after it has refused one.
    var isCopyingIn: Bool { pointer.map { PQtransactionStatus($0) == PQTRANS_ACTIVE } ?? false }

    func put(_ chunk: [UInt8], _ call: inout Call) throws(PostgreSQLError) {
        // In pieces, so that libpq's own buffer stays small.
        var start = 0
        while start < chunk.count {
            let count = min(1 << 18, chunk.count - start)
            let sent = chunk.withUnsafeBytes { bytes in
                pointer.map {
                    PQputCopyData(
                        $0, bytes.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) }, Int32(count))
                } ?? -1
            }
            switch sent {
            case 1:
                start += count
                try flush(&call)
            case 0: try wait(for: &call, writing: true)
            default: throw lose(lastMessage)
            }
            if lossReason != nil { throw lose(lossReason ?? "") }
        }
    }

    /// - Parameter failure: makes the server undo the COPY with this message.
    func endCopy(_ failure: String?, _ call: inout Call) throws(PostgreSQLError) {
        while true {
            switch PQputCopyEnd(try live(), failure) {
            case 1: return try flush(&call)
            case 0: try wait(for: &call, writing: true)
            default: throw lose(lastMessage)
            }
        }
    }
}
