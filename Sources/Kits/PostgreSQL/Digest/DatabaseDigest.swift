import Maintenance
import Synchronization

/// The digests of all tables of a database at one instant, and what they do not cover.
package struct DatabaseDigest: Hashable, Sendable, Codable {
    package struct Table: Hashable, Sendable, Codable {
        package let name: QualifiedName
        package let digest: RowDigest

        package init(name: QualifiedName, digest: RowDigest) {
            self.name = name
            self.digest = digest
        }
    }

    /// By name.
    package let tables: [Table]
    package let uncovered: [Uncovered]

    package init(tables: [Table], uncovered: [Uncovered]) {
        self.tables = tables
        self.uncovered = uncovered
    }

    /// All rows of all tables.
    package var rows: UInt64 { tables.reduce(0) { $0 + $1.digest.rows } }

    /// The tables whose digests differ, and those that only one side has: nil there.
    package func differences(from other: DatabaseDigest) -> [(
        name: QualifiedName, ours: RowDigest?, theirs: RowDigest?
    )] {
        let ours = Dictionary(tables.map { ($0.name, $0.digest) }) { first, _ in first }
        let theirs = Dictionary(other.tables.map { ($0.name, $0.digest) }) { first, _ in first }
        return Set(ours.keys).union(theirs.keys).sorted()
            .filter { ours[$0] != theirs[$0] }.map { ($0, ours[$0], theirs[$0]) }
    }
}

extension DatabaseSnapshot {
    /// Reads every row of a table once.
    ///
    /// - Throws: `PostgreSQLError`.
    package func digest(_ table: DigestTable, with hash: RowHash = .xxh3) async throws -> RowDigest {
        try await digest([table], with: hash)[0]
    }

    /// Reads every row of every table once, the largest pieces first, on all connections.
    ///
    /// - Throws: `PostgreSQLError`.
    package func digest(with hash: RowHash = .xxh3) async throws -> DatabaseDigest {
        let (tables, uncovered) = try await tables()
        let digests = try await digest(tables, with: hash)
        return DatabaseDigest(
            tables: zip(tables, digests).map { DatabaseDigest.Table(name: $0.name, digest: $1) }, uncovered: uncovered)
    }

    /// One digest a table, in their order.
    ///
    /// - Throws: `PostgreSQLError`.
    package func digest(_ tables: [DigestTable], with hash: RowHash) async throws -> [RowDigest] {
        let work = DigestWork(tables, ranges: connections.count)
        return try await withThrowingTaskGroup(of: [RowDigest].self) { group in
            for connection in connections {
                group.addTask {
                    var sums = tables.map { _ in RowDigest(scheme: hash.scheme) }
                    while let (table, statement) = work.next() {
                        sums[table] = try await connection.digest(statement, with: hash, onto: sums[table])
                    }
                    return sums
                }
            }
            let none = tables.map { _ in RowDigest(scheme: hash.scheme) }
            return try await group.reduce(into: none) { total, sums in total = zip(total, sums).map(+) }
        }
    }
}

/// The pieces still to read; whoever is free takes the next.
private final class DigestWork: Sendable {
    private let pieces: Mutex<[(table: Int, statement: SQL)]>

    init(_ tables: [DigestTable], ranges: Int) {
        let ordered = tables.enumerated().sorted { $0.element.blocks < $1.element.blocks }
        pieces = Mutex(
            ordered.flatMap { index, table in table.statements(ranges: ranges).reversed().map { (index, $0) } })
    }

    /// The largest table comes first, so that its ranges end beside the small ones.
    func next() -> (table: Int, statement: SQL)? { pieces.withLock { $0.popLast() } }
}

extension DigestTable {
    fileprivate var blocks: Int64 { parts.reduce(0) { $0 + $1.blocks } }
}

extension Connection {
    /// The whole loop runs on the connection's own queue: no await, no copy of a row.
    fileprivate func digest(_ copy: SQL, with hash: RowHash, onto sum: RowDigest) async throws -> RowDigest {
        try await perform { link, call in
            var sum = sum
            try link.beginCopyOut(copy, &call)
            try link.copyRows(&call) { hash.add($0, to: &sum) }
            return sum
        }
    }
}
