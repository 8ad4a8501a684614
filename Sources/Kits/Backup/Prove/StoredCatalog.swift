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

    /// Which of these roles own something, may do something or have settings: those whose names stand in an entry as a
    /// word, in quotes or bare. One too many where something else is called the same.
    ///
    /// - Parameter isMeant: whether an entry is asked at all.
    func mentioned(
        _ names: [String], where isMeant: (CatalogEntry) -> Bool = { _ in true }
    ) throws -> Set<String> {
        let decoder = JSONDecoder()
        var open = names
        var found: Set<String> = []
        try forEachLine { line in
            guard !open.isEmpty else { return }
            let entry = try decoder.decode(CatalogEntry.self, from: Data(line))
            guard isMeant(entry) else { return }
            let texts = [Array(entry.name.utf8), Array(entry.fact.utf8)]
            open.removeAll { name in
                let isThere = texts.contains { $0.hasWord(name) }
                if isThere { found.insert(name) }
                return isThere
            }
        }
        return found
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

extension [UInt8] {
    /// Whether the name stands there as PostgreSQL quotes it, or bare between signs that belong to no name.
    fileprivate func hasWord(_ name: String) -> Bool {
        if String(decoding: self, as: UTF8.self).containsBytes(name.quotedIdentifier) { return true }
        let word = Array(name.utf8)
        guard let first = word.first, word.count <= count else { return false }
        var start = startIndex
        while let begin = self[start...].firstIndex(of: first), begin + word.count <= count {
            start = begin + 1
            guard self[begin..<begin + word.count].elementsEqual(word) else { continue }
            let before = begin == 0 ? nil : self[begin - 1]
            let after = begin + word.count == count ? nil : self[begin + word.count]
            if before?.isPartOfName != true, after?.isPartOfName != true { return true }
        }
        return false
    }
}

extension UInt8 {
    fileprivate var isPartOfName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
            true
        default: false
        }
    }
}
