import Maintenance
import PostgreSQL

/// Which parts of a backup were restored and found equal, over several nights: what a certificate says where not all rows
/// were restored at once.
///
/// The files of every part are read and held against their checksums each time, so that what was proved of another part
/// on an earlier night still speaks of the bytes that lie there.
package struct Coverage: Codable, Hashable, Sendable {
    /// How many there are.
    package var parts: Int
    /// The one that was restored for this certificate.
    package var part: Int
    /// In that one.
    package var tables: Int
    package var rows: UInt64
    /// The text of its rows.
    package var content: ByteCount
    /// By number: those that were equal, this one among them where it was.
    package var proved: [Proof]

    package struct Proof: Codable, Hashable, Sendable {
        package var part: Int
        package var at: Timestamp
        package var countsUntil: Timestamp
    }

    init(_ part: RotationPart, of manifest: BackupManifest, earlier: [Proof]) {
        parts = part.parts
        self.part = part.number
        let own = manifest.tables.filter { part.holds($0.name) }
        tables = own.count
        rows = own.reduce(0) { $0 + $1.digest.rows }
        content = part.content(of: manifest)
        proved = earlier
    }

    mutating func add(_ proof: Proof) {
        proved.removeAll { $0.part == proof.part }
        proved.append(proof)
        proved.sort { $0.part < $1.part }
    }

    package func counting(at now: Timestamp) -> [Proof] { proved.filter { now <= $0.countsUntil } }

    /// Whether every part was proved and still counts.
    package func isWhole(at now: Timestamp) -> Bool { Set(counting(at: now).map(\.part)).count == parts }

    /// `3 of 7 parts`.
    package func words(at now: Timestamp) -> String { "\(counting(at: now).count) of \(parts) parts" }

    /// `part 3 of 7 restored and equal: 42 tables, 1,200 rows; proved 3 of 7 parts`.
    func summary(at now: Timestamp) -> String {
        "part \(part) of \(parts) restored and equal: \("table".counted(tables)), "
            + "\("row".counted(Int(clamping: rows))); proved \(words(at: now))"
    }

    /// When the last part will have been proved, with one each night from the last one on; nil where all are.
    package func wholeBy(after now: Timestamp) -> Timestamp? {
        let counting = counting(at: now)
        let left = parts - counting.count
        guard left > 0 else { return nil }
        return (counting.map(\.at).max() ?? now) + Rotation.night * left
    }
}

extension Certificate {
    /// What is known of the parts of this very backup: a proof of the whole proves each of them.
    ///
    /// - Parameter parts: into how many it is divided now; what was found with another number counts for none.
    package func proofs(ofParts parts: Int) -> [Coverage.Proof] {
        if let coverage { return coverage.parts == parts && verdict != .refuted ? coverage.proved : [] }
        guard verdict == .proved else { return [] }
        return (1...parts).map { Coverage.Proof(part: $0, at: times.ended, countsUntil: countsUntil) }
    }
}
