import Foundation
import Maintenance
import Outside
import PostgreSQL

/// The listing of the source's catalog as the backup has it: one entry a line.
struct StoredCatalog: Sendable {
    /// Where `catalog.json.zst` lies.
    let path: String

    /// - Throws: `RestoreError`, `FileError`, `BackupError`.
    func entries() throws -> [CatalogEntry] {
        let decoder = JSONDecoder()
        var entries: [CatalogEntry] = []
        try forEachLine { entries.append(try decoder.decode(CatalogEntry.self, from: Data($0))) }
        return entries
    }

    /// Without decoding every line.
    func collations() throws -> CollationUses {
        let decoder = JSONDecoder()
        var uses = CollationUses()
        try forEachLine { line in
            let text = String(decoding: line, as: UTF8.self)
            guard text.contains("collat") || text.contains("COLLAT") else { return }
            uses.add(try decoder.decode(CatalogEntry.self, from: Data(line)))
        }
        return uses
    }

    private func forEachLine(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let expansion = Expansion(try Descriptor.open(path), isCompressed: true)
        var splitter = LineSplitter(limit: 256 * 1_048_576)
        do {
            while let piece = try expansion.next() { try splitter.feed(Array(piece)) { try body($0.bytes) } }
            if let last = splitter.finish() { try body(last.bytes) }
        } catch let error as DecodingError {
            throw BackupError.unreadable(path: path, reason: error.short)
        }
    }
}
