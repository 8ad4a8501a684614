import Maintenance
import Outside
import PostgreSQL

/// What a restore of one part brings back: the whole schema, all sequences, and the rows of the part's tables.
///
/// A foreign key is made only where all of its tables have their rows, or none has any, and a materialised view is filled
/// only where all it rests on is there: rows that are away on purpose are no error of the backup.
struct RotatedContent: Sendable {
    let part: RotationPart
    /// As `pg_restore --use-list` reads it, the database itself among it.
    let list: String
    /// The files that pg_restore opens, by the names it knows.
    let files: Set<String>
    /// Foreign keys that need rows of other parts.
    let foreignKeys: [ArchiveEntry]
    /// Materialised views that stay empty, since they need rows of other parts.
    let views: [ArchiveEntry]

    init(_ part: RotationPart, of manifest: BackupManifest, _ graph: DumpGraph) {
        self.part = part
        let present = Set(manifest.tables.filter { part.holds($0.name) }.map(\.oid))
        let absent = Set(manifest.tables.map(\.oid)).subtracting(present)
        let relations = DumpRelations(graph)
        var foreignKeys: [ArchiveEntry] = []
        var views: [ArchiveEntry] = []
        var gone: Set<Int> = []
        for entry in graph.entries {
            switch entry.kind {
            case "TABLE DATA" where absent.contains(entry.object): gone.insert(entry.number)
            case "BLOB", "BLOBS", "BLOB METADATA":
                if !part.holdsLargeObjects { gone.insert(entry.number) }
            case "FK CONSTRAINT":
                let tables = relations.tables(of: entry.number)
                guard !tables.isDisjoint(with: present), !tables.isDisjoint(with: absent) else { continue }
                foreignKeys.append(entry)
                gone.insert(entry.number)
            case "MATERIALIZED VIEW DATA":
                guard !relations.tables(below: entry.number).isDisjoint(with: absent) else { continue }
                views.append(entry)
                gone.insert(entry.number)
            default: continue
            }
        }
        // What is said about them goes with them.
        let said: Set<String> = ["COMMENT", "ACL", "SECURITY LABEL"]
        let spoken = graph.entries.filter { entry in
            said.contains(entry.kind) && (graph.needs[entry.number] ?? []).contains(where: gone.contains)
        }
        gone.formUnion(spoken.map(\.number))
        list = graph.entries.filter { !gone.contains($0.number) }
            .map { "\($0.number); \($0.catalog) \($0.object) \($0.rest)\n" }.joined()
        let rows = Set(
            graph.entries.filter { $0.kind == "TABLE DATA" && gone.contains($0.number) }.map { "\($0.number).dat" })
        files = Set(
            manifest.files.compactMap(DataFile.plainName).filter { name in
                if name.hasPrefix("blob") { return part.holdsLargeObjects }
                return !rows.contains(name)
            })
        self.foreignKeys = foreignKeys
        self.views = views
    }

    /// Of the listing of the source, what has to be there.
    func expected(_ source: [CatalogEntry]) -> [CatalogEntry] {
        let keys = Set(foreignKeys.map { Array($0.title.utf8) })
        func isLeftOut(_ name: String) -> Bool {
            let plain = name.withoutQuotes
            // The dump's title is schema, table, name and owner.
            return keys.contains { $0.starts(with: Array("\(plain) ".utf8)) }
        }
        return source.filter { entry in
            switch entry.kind {
            case "constraint": !entry.fact.utf8.starts(with: "FOREIGN KEY".utf8) || !isLeftOut(entry.name)
            case "comment" where entry.name.utf8.starts(with: Self.ofConstraint.utf8):
                !keys.contains { entry.isAbout($0) }
            case "comment" where entry.name.utf8.starts(with: "large object ".utf8): part.holdsLargeObjects
            case "large objects": part.holdsLargeObjects
            default: true
            }
        }
    }

    fileprivate static let ofConstraint = "table constraint "

    /// What was in the backup and did not come this time.
    func omissions(of manifest: BackupManifest) -> [BackupManifest.Omission] {
        let others = manifest.tables.filter { !part.holds($0.name) }.map(\.name.description)
        var omissions = Self.omissions("rows", others, "in other parts; \(part) was restored this time")
        omissions += Self.omissions(
            "foreign keys", foreignKeys.map(\.title),
            "between tables of different parts: only a restore of the whole makes them")
        omissions += Self.omissions(
            "materialised views", views.map(\.title), "filled only by a restore of the whole")
        if !part.holdsLargeObjects, manifest.largeObjects.digest.sum.count > 0 {
            omissions += [.init(kind: "large objects", name: nil, reason: "in another part")]
        }
        return omissions
    }

    /// As many as somebody reads; the last says how many more there are.
    private static func omissions(_ kind: String, _ names: [String], _ reason: String) -> [BackupManifest.Omission] {
        let more = names.count - Certificate.most
        return names.prefix(Certificate.most).map { .init(kind: kind, name: $0, reason: reason) }
            + (more > 0 ? [.init(kind: kind, name: "and \(more) more", reason: reason)] : [])
    }
}

/// Which tables with rows the entries of a dump rest on.
private struct DumpRelations {
    private let graph: DumpGraph
    private let byNumber: [Int: ArchiveEntry]
    /// Of a partitioned table, its partitions.
    private var partitions: [Int: [Int]] = [:]

    init(_ graph: DumpGraph) {
        self.graph = graph
        byNumber = Dictionary(graph.entries.map { ($0.number, $0) }) { first, _ in first }
        for entry in graph.entries where entry.kind == "TABLE ATTACH" {
            let ends = graph.needs[entry.number] ?? []
            // pg_dump names the child first.
            if ends.count >= 2 { partitions[ends[1], default: []].append(ends[0]) }
        }
    }

    /// By oid: those it names itself, and their partitions.
    func tables(of number: Int) -> Set<UInt32> {
        var tables: Set<UInt32> = []
        for need in graph.needs[number] ?? [] { add(need, to: &tables) }
        return tables
    }

    private func add(_ number: Int, to tables: inout Set<UInt32>) {
        guard let entry = byNumber[number], entry.isTable, tables.insert(entry.object).inserted else { return }
        for partition in partitions[number] ?? [] { add(partition, to: &tables) }
    }

    /// The same of everything it rests on, however deep.
    func tables(below number: Int) -> Set<UInt32> {
        var tables: Set<UInt32> = []
        var seen: Set<Int> = []
        var waiting = [number]
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            add(next, to: &tables)
            waiting += graph.needs[next] ?? []
        }
        return tables
    }
}

extension CatalogEntry {
    /// Whether a comment, `table constraint fk on shop.orders`, is about a foreign key with this title in the dump.
    fileprivate func isAbout(_ title: [UInt8]) -> Bool {
        let words = String(decoding: name.utf8.dropFirst(RotatedContent.ofConstraint.utf8.count), as: UTF8.self)
        // Every name stands in quotes.
        guard let on = words.firstRange(of: "\" on \"") else { return false }
        let key = "\(words[..<on.lowerBound])\"".withoutQuotes
        let table = "\"\(words[on.upperBound...])".withoutQuotes
        return title.starts(with: Array("\(table) \(key) ".utf8))
    }
}

extension String {
    /// Of `"shop"."orders" "key"` what the listing of a dump has: `shop orders key`, line breaks as spaces.
    fileprivate var withoutQuotes: String {
        var plain: [UInt8] = []
        var isInside = false
        var bytes = Array(utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where isInside && bytes.first == UInt8(ascii: "\""):
                plain.append(byte)
                bytes.removeFirst()
            case UInt8(ascii: "\""): isInside.toggle()
            case UInt8(ascii: ".") where !isInside: plain.append(UInt8(ascii: " "))
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): plain.append(UInt8(ascii: " "))
            default: plain.append(byte)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
