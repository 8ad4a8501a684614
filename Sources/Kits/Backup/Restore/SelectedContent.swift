import Maintenance
import PostgreSQL

/// What a restore of a part has to bring back, taken from the manifest and the listing of the whole.
struct SelectedContent: Sendable {
    let selection: RestoreSelection
    let part: DumpGraph.Part

    /// The manifest of the part: its tables with their rows, those that are only needed without any, its sequences.
    func manifest(of whole: BackupManifest) -> BackupManifest {
        var manifest = whole
        let chosen = Set(selection.tables)
        manifest.tables = whole.tables.compactMap { table in
            if chosen.contains(table.name) { return table }
            guard part.empty.contains(table.oid) else { return nil }
            var empty = table
            empty.digest = RowDigest(scheme: table.digest.scheme)
            return empty
        }
        let sequences = part.sequences
        manifest.sequences = whole.sequences.filter { sequences.contains($0.oid) }
        manifest.largeObjects = BackupManifest.LargeObjects(digest: LargeObjectDigest(), files: [])
        return manifest
    }

    /// Of the whole listing, what the part is compared with: everything that was restored has to be as it was, and
    /// everything about its tables and schemas has to be there.
    func expected(_ source: [CatalogEntry], restored: [CatalogEntry]) -> [CatalogEntry] {
        let there = Set(restored.map { Key($0) })
        let names = selection.tables.map(\.alwaysQuoted)
        let schemas = selection.schemas.map { "\"\($0.replacingBytes(of: "\"", with: "\"\""))\"." }
        return source.filter { entry in
            if there.contains(Key(entry)) { return true }
            // What is sent to others is no part of a table, and a cast is of no schema.
            guard !entry.kind.hasPrefix("publi"), entry.kind != "cast", !isLeftOut(entry) else { return false }
            if (names + schemas).contains(where: { entry.name.hasWord($0) }) { return true }
            return Self.namedElsewhere.contains(entry.kind) && names.contains { entry.fact.speaks(of: $0) }
        }
    }

    /// Kinds that belong to a table and have a name of their own, so that only what they are says whose they are.
    private static let namedElsewhere: Set<String> = ["index", "statistics", "sequence"]

    /// The listing has `"shop"."orders" "key"`, and the dump `shop orders key owner`.
    private func isLeftOut(_ entry: CatalogEntry) -> Bool {
        guard ["constraint", "rule", "policy", "trigger"].contains(entry.kind) else { return false }
        let bare = entry.name.replacingBytes(of: "\".\"", with: " ").replacingBytes(of: "\"", with: "")
        return part.leftOut.contains { $0.rest.containsBytes(" \(bare) ") }
    }

    /// What a person has to know of the part.
    func notes(of whole: BackupManifest) -> [String] {
        var notes = [
            "only a part was restored, \(selection.tables.count) of \("table".counted(whole.tables.count)): "
                + selection.description
        ]
        let empty = whole.tables.filter { part.empty.contains($0.oid) }.map(\.name.description)
        if !empty.isEmpty {
            notes.append("tables that others need came without their rows: \(empty.prefix(10).joined(separator: ", "))")
        }
        // The body of a function may use one that nothing depends on; plpgsql is in every database.
        let extensions = whole.extensions.map(\.name).filter { $0 != "plpgsql" && !part.extensions.contains($0) }
        if !extensions.isEmpty {
            notes.append(
                "extensions that nothing of it depends on were left out: "
                    + extensions.prefix(10).map(\.displayedIdentifier).joined(separator: ", "))
        }
        if whole.largeObjects.digest.sum.count > 0 { notes.append("large objects are of no table and were left out") }
        if !part.leftOut.isEmpty {
            let shown = part.leftOut.prefix(10).map { "\($0.kind) \($0.title)" }.joined(separator: "; ")
            notes.append("left out, since it needs tables that did not come with all their rows: \(shown)")
        }
        return notes
    }

    private struct Key: Hashable {
        var bytes: [UInt8]

        init(_ entry: CatalogEntry) { bytes = Array(entry.kind.utf8) + [0] + Array(entry.name.utf8) }
    }
}

extension String {
    /// Whether a definition names a table, or a column of it.
    fileprivate func speaks(of table: String) -> Bool {
        [" ", ".", ";", "("].contains { containsBytes(" \(table)\($0)") } || hasSuffix(" \(table)")
    }

    /// Whether it names something: at its beginning or behind a space. What a function takes is no part of its name.
    fileprivate func hasWord(_ name: String) -> Bool {
        let own = withoutArguments
        return own.utf8.starts(with: name.utf8) || own.containsBytes(" \(name)")
    }

    /// Up to the first parenthesis that stands in no quotes.
    var withoutArguments: String {
        var isQuoted = false
        let end = utf8.firstIndex { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: "(") && !isQuoted
        }
        return String(self[..<(end ?? endIndex)])
    }
}
