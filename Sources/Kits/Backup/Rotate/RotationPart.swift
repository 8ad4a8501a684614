import Crypto
import Maintenance
import PostgreSQL

/// One of the parts into which a database is divided where each night proves one of them.
///
/// What belongs to which part hangs on nothing but its name, by SHA-256, so that tables that come and go move no other:
/// whoever proves each part once in so many nights has proved each table that was there all the time.
package struct RotationPart: Sendable, Hashable, CustomStringConvertible {
    /// From 1.
    package let number: Int
    /// How many there are.
    package let parts: Int

    /// - Parameter number: from 1 to `parts`.
    package init(_ number: Int, of parts: Int) {
        precondition(parts >= 1 && (1...parts).contains(number), "a part is one of those there are")
        self.number = number
        self.parts = parts
    }

    package func holds(_ table: QualifiedName) -> Bool { number == Self.number(of: table.alwaysQuoted, among: parts) }

    /// They are of no table, and all in one part; their name is none that a table can have.
    package var holdsLargeObjects: Bool { number == Self.number(of: "large objects", among: parts) }

    /// `part 3 of 7`.
    package var description: String { "part \(number) of \(parts)" }

    private static func number(of name: String, among parts: Int) -> Int {
        let first = SHA256.hash(data: Array(name.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(first % UInt64(parts)) + 1
    }
}

extension RotationPart {
    /// How much of a backup's rows is in it, in bytes of text.
    package func content(of manifest: BackupManifest) -> ByteCount {
        ByteCount(
            manifest.tables.reduce(Int64(0)) { sum, table in
                holds(table.name) ? sum + Int64(clamping: table.digest.bytes) : sum
            })
    }

    /// What the database takes with the rows of this part alone, as far as its source's size tells: its share of the rows,
    /// and some pages for every table that stays empty.
    func size(of manifest: BackupManifest) -> ByteCount {
        let whole = manifest.source.size
        let all = manifest.contentBytes.bytes
        let share = all > 0 ? Double(content(of: manifest).bytes) / Double(all) : 1
        let objects: Int64 = holdsLargeObjects && manifest.largeObjects.digest.sum.count > 0 ? whole.bytes : 0
        let empty = Int64(manifest.tables.count) * 65_536 + 16 * 1_048_576
        return ByteCount(min(whole.bytes, Int64(Double(whole.bytes) * share) + empty + objects))
    }
}
