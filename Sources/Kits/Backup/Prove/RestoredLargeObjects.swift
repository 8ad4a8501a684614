import Maintenance
import PostgreSQL

extension RestoredDatabase {
    /// The content of every large object under its oid.
    func largeObjects() async throws -> Comparison {
        var result = Comparison()
        let found = try await Connection.with(address, .unlimited()) { connection in
            try await connection.transaction(.snapshot) { try await LargeObjectDigest.read(connection) }
        }
        let expected = manifest.largeObjects.digest
        if found != expected {
            let problem =
                found.sum.count != expected.sum.count
                ? "\(Int64(clamping: found.sum.count).grouped) were restored, and "
                    + "\(Int64(clamping: expected.sum.count).grouped) were dumped"
                : "all \(Int64(clamping: found.sum.count).grouped) are there, and the content or the number of one differs"
            result.differences = [.init(kind: "large objects", problem: problem)]
        }
        result.parts = [
            .init(
                kind: "large objects", count: Int(clamping: expected.sum.count),
                method: "the content of each under its number, by a 128-bit digest", seconds: 0)
        ]
        return result
    }

}

extension LargeObjectDigest {
    /// Objects are pages of a quarter of a block (`LOBLKSIZE`, large_object.h); a page that is missing or short reads as
    /// zeros up to the next.
    ///
    /// - Parameter connection: in a transaction, of a superuser.
    /// - Throws: `PostgreSQLError`.
    static func read(_ connection: Connection) async throws -> LargeObjectDigest {
        // In the order of the index, so that nothing is sorted.
        try await connection.executeScript(trusted: "set local enable_sort = off; set local enable_seqscan = off")
        let block = try await connection.query("select pg_catalog.current_setting('block_size')::int as size")
            .only["size", as: Int.self]
        var pages = LargeObjectPages(pageSize: block / 4)
        try await connection.withCopyOut(
            """
            copy (select loid, pageno, data from pg_catalog.pg_largeobject order by loid, pageno) to stdout (format binary)
            """, size: 262_144
        ) { chunks in
            for try await chunk in chunks { chunk.withUnsafeBytes { pages.add($0) } }
        }
        var digest = LargeObjectDigest()
        digest.sum = pages.finish()
        let empty = try await connection.query(
            """
            select oid from pg_catalog.pg_largeobject_metadata m
            where not exists (select from pg_catalog.pg_largeobject l where l.loid = m.oid)
            """)
        for row in empty { digest.sum = digest.sum + LargeObjectHasher(oid: try row["oid"]).digest }
        return digest
    }
}

/// Adds up large objects page by page, from whole rows of a binary COPY (PostgreSQL manual, "Binary Format").
private struct LargeObjectPages: ~Copyable {
    private let pageSize: Int
    private var sum = SumDigest()
    private var oid: UInt32?
    private var hasher = LargeObjectHasher(oid: 0)
    private var length = 0
    private var isFirst = true
    private let zeros = [UInt8](repeating: 0, count: 8_192)

    init(pageSize: Int) { self.pageSize = pageSize }

    mutating func add(_ rows: UnsafeRawBufferPointer) {
        // The header stands before the first row: a signature of 11 bytes, flags, and an extension with its length.
        var offset = 0
        if isFirst { offset = 19 + Int(rows.bigEndian(UInt32.self, at: 15)) }
        isFirst = false
        // A row begins with the number of its fields, and each field with its length; -1 fields are the end.
        while offset + 2 <= rows.count, rows.bigEndian(Int16.self, at: offset) == 3 {
            let size = Int(rows.bigEndian(Int32.self, at: offset + 18))
            add(
                rows.bigEndian(UInt32.self, at: offset + 6), page: Int(rows.bigEndian(Int32.self, at: offset + 14)),
                UnsafeRawBufferPointer(rebasing: rows[(offset + 22)..<(offset + 22 + size)]))
            offset += 22 + size
        }
    }

    private mutating func add(_ object: UInt32, page: Int, _ data: UnsafeRawBufferPointer) {
        if oid != object {
            close()
            oid = object
            hasher = LargeObjectHasher(oid: object)
            length = 0
        }
        while length < page * pageSize {
            let count = min(zeros.count, page * pageSize - length)
            zeros.withUnsafeBytes { hasher.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            length += count
        }
        hasher.add(data)
        length += data.count
    }

    private mutating func close() {
        if oid != nil { sum = sum + hasher.digest }
        oid = nil
    }

    mutating func finish() -> SumDigest {
        close()
        return sum
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func bigEndian<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
