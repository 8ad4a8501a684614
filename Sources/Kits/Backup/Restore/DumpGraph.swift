import Maintenance
import Outside
import PostgreSQL

/// The entries of a dump and what each of them needs, as `pg_restore --list --verbose` prints them: an entry, and behind
/// it a line `;	depends on: 217 6`.
struct DumpGraph: Sendable {
    /// In the order in which they are restored.
    private(set) var entries: [ArchiveEntry] = []
    private(set) var needs: [Int: [Int]] = [:]

    mutating func add(_ line: String) {
        if let entry = ArchiveEntry(line) {
            entries.append(entry)
        } else if line.utf8.starts(with: Self.dependency.utf8), let last = entries.last {
            needs[last.number] = line.utf8.dropFirst(Self.dependency.utf8.count).split(separator: UInt8(ascii: " "))
                .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        }
    }

    private static let dependency = ";\tdepends on:"

    /// - Parameters:
    ///   - dump: the directory with `toc.dat`.
    ///   - program: the path of pg_restore.
    ///   - withDatabase: whether the database itself is listed too, as `--create` restores it.
    /// - Throws: `ProgramError`.
    static func read(
        _ dump: String, _ program: String, withDatabase: Bool = false, _ programs: Programs
    ) async throws -> DumpGraph {
        var graph = DumpGraph()
        let child = ChildProgram(
            program, ["--list", "--verbose"] + (withDatabase ? ["--create"] : []) + [dump],
            environment: ["LC_ALL": "C"])
        _ = try await programs.run(child) { (line: LineSplitter.Line) in graph.add(line.text) }.checked()
        return graph
    }

    /// What has to be restored for some tables and schemas to be there with all that is theirs: their rows, keys, indexes,
    /// triggers, policies, grants and comments, and whatever any of that needs. A table that is only needed, as one whose
    /// rows a function takes, comes without rows; a foreign key comes where both of its tables come with all their rows.
    ///
    /// - Parameters:
    ///   - tables: by oid; of partitioned ones the leaves.
    ///   - schemas: everything in these.
    ///   - among: all names of schemas there are, to tell 'a' from 'a b'.
    func part(tables: Set<UInt32>, schemas: Set<String>, among: Set<String>) -> Part {
        var work = Closure(self, tables)
        for entry in entries {
            if entry.isAlways || entry.isTable && tables.contains(entry.object) { work.keep(entry.number) }
            if !schemas.isEmpty, let schema = entry.schema(among: among), schemas.contains(schema), entry.mayStandAlone
            {
                work.keep(entry.number)
            }
        }
        work.attach()
        let kept = entries.filter { work.kept.contains($0.number) }
        return Part(
            entries: kept,
            leftOut: entries.filter { !work.kept.contains($0.number) && work.touches($0) },
            empty: Set(kept.filter { $0.isTable && !tables.contains($0.object) }.map(\.object)),
            whole: Set(kept.filter { work.isWhole($0.number) }.map(\.object)))
    }

    /// As above, of what was chosen of a backup.
    func part(_ selection: RestoreSelection, of manifest: BackupManifest) -> Part {
        let chosen = Set(selection.tables)
        return part(
            tables: Set(manifest.tables.filter { chosen.contains($0.name) }.map(\.oid)),
            schemas: Set(selection.schemas), among: Set(manifest.tables.map(\.name.schema)))
    }

    struct Part: Sendable {
        /// In their order.
        var entries: [ArchiveEntry]
        /// What is of its tables too, and needs others that do not come, or not with their rows.
        var leftOut: [ArchiveEntry]
        /// Tables that come without rows, by oid; partitioned ones, which have none of their own, among them.
        var empty: Set<UInt32>
        /// Tables with all their rows, by oid; partitioned ones with all their leaves among them.
        var whole: Set<UInt32>

        /// As `pg_restore --use-list` reads it.
        var list: String { entries.map { "\($0.number); \($0.catalog) \($0.object) \($0.rest)\n" }.joined() }

        /// By name: those that something of it depends on.
        var extensions: Set<String> {
            Set(
                entries.filter { $0.kind == "EXTENSION" }.map {
                    // `- hstore ` and no owner.
                    String(decoding: $0.title.utf8.dropFirst(2), as: UTF8.self).trimmingWhitespace()
                })
        }

        /// The files of rows that pg_restore opens.
        var rowFiles: Set<String> { Set(entries.filter { $0.kind == "TABLE DATA" }.map { "\($0.number).dat" }) }

        /// Of the sequences whose value is set.
        var sequences: Set<UInt32> { Set(entries.filter { $0.kind == "SEQUENCE" }.map(\.object)) }
    }
}

/// Grows what is kept until nothing more belongs to it.
private struct Closure {
    private let graph: DumpGraph
    private let tables: Set<UInt32>
    private let byNumber: [Int: ArchiveEntry]
    /// Of a partitioned table, its partitions.
    private var partitions: [Int: [Int]] = [:]
    private(set) var kept: Set<Int> = []

    init(_ graph: DumpGraph, _ tables: Set<UInt32>) {
        self.graph = graph
        self.tables = tables
        byNumber = Dictionary(graph.entries.map { ($0.number, $0) }) { first, _ in first }
        for entry in graph.entries where entry.kind == "TABLE ATTACH" {
            let ends = graph.needs[entry.number] ?? []
            // pg_dump names the child first.
            if ends.count >= 2 { partitions[ends[1], default: []].append(ends[0]) }
        }
    }

    func isWhole(_ number: Int) -> Bool {
        guard let entry = byNumber[number], entry.isTable else { return false }
        if let leaves = partitions[number] { return leaves.allSatisfy(isWhole) }
        return tables.contains(entry.object)
    }

    /// With all it needs.
    mutating func keep(_ number: Int) {
        var waiting = [number]
        while let next = waiting.popLast() {
            guard byNumber[next] != nil, kept.insert(next).inserted else { continue }
            waiting += graph.needs[next] ?? []
        }
    }

    /// Whether it is of a table that comes, as far as its kind goes.
    func touches(_ entry: ArchiveEntry) -> Bool {
        guard entry.kind == "FK CONSTRAINT" || ArchiveEntry.belongings.contains(entry.kind) else { return false }
        return (graph.needs[entry.number] ?? []).contains(where: kept.contains)
    }

    mutating func attach() {
        var grew = true
        while grew {
            let before = kept.count
            for entry in graph.entries where !kept.contains(entry.number) && belongs(entry) { keep(entry.number) }
            grew = kept.count > before
        }
    }

    private func belongs(_ entry: ArchiveEntry) -> Bool {
        let needed = (graph.needs[entry.number] ?? []).compactMap { byNumber[$0] }
        let relations = needed.filter(\.isRelation)
        guard relations.allSatisfy({ kept.contains($0.number) }) else { return false }
        switch entry.kind {
        case "TABLE DATA": return tables.contains(entry.object)
        case "FK CONSTRAINT": return !relations.isEmpty && relations.allSatisfy { isWhole($0.number) }
        // Of nothing but its types and its function.
        case "CAST", "TRANSFORM": return !needed.isEmpty && needed.allSatisfy { kept.contains($0.number) }
        case "COMMENT", "ACL", "SECURITY LABEL": return needed.contains { kept.contains($0.number) }
        case let kind where ArchiveEntry.belongings.contains(kind):
            return needed.contains { $0.catalog == ArchiveEntry.relations && kept.contains($0.number) }
        default: return false
        }
    }
}

extension ArchiveEntry {
    /// `pg_class`, by oid (pg_class.h).
    static let relations: UInt32 = 1_259

    /// Kinds that come with the table they are of (pg_dump.c, the descriptions of its entries).
    static let belongings: Set<String> = [
        "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "DEFAULT", "CONSTRAINT", "CHECK CONSTRAINT", "INDEX",
        "INDEX ATTACH", "TABLE ATTACH", "STATISTICS", "TRIGGER", "RULE", "ROW SECURITY", "POLICY",
        "MATERIALIZED VIEW DATA",
    ]

    /// The longest first.
    private static let kinds =
        (belongings.union([
            "TABLE DATA", "TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "FK CONSTRAINT", "COMMENT", "ACL",
            "SECURITY LABEL", "SCHEMA", "EXTENSION", "TYPE", "SHELL TYPE", "DOMAIN", "FUNCTION", "PROCEDURE",
            "AGGREGATE",
            "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "COLLATION", "CONVERSION", "CAST", "TRANSFORM",
            "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE",
            "DEFAULT ACL", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "PROCEDURAL LANGUAGE", "ENCODING",
            "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES", "BLOB", "BLOBS", "BLOB METADATA",
        ])).sorted { $0.utf8.count > $1.utf8.count }

    /// Of those that are told apart here; empty for any other.
    var kind: String {
        if rest.utf8.starts(with: "TABLE ".utf8), catalog == Self.relations { return "TABLE" }
        return Self.kinds.first { rest.utf8.starts(with: "\($0) ".utf8) } ?? ""
    }

    var isTable: Bool { catalog == Self.relations && kind == "TABLE" }

    /// Schema, name and owner, as the listing has them.
    var title: String { String(decoding: rest.utf8.dropFirst(kind.utf8.count + 1), as: UTF8.self) }

    /// Something that has rows, or shows some.
    var isRelation: Bool {
        catalog == Self.relations && ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"].contains(kind)
    }

    /// Settings of the dump itself, and what is everybody's.
    var isAlways: Bool {
        ["ENCODING", "STDSTRINGS", "SEARCHPATH", "PROCEDURAL LANGUAGE"].contains(kind)
    }

    /// Whether a schema brings it along by itself, and not with its table.
    var mayStandAlone: Bool {
        ![
            "TABLE DATA", "FK CONSTRAINT", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "TABLE ATTACH", "",
            "BLOB",
        ]
        .contains(kind)
    }

    /// The longest name that fits: names in a listing are not quoted.
    func schema(among names: Set<String>) -> String? {
        let after = title.utf8
        return names.filter { after.starts(with: "\($0) ".utf8) }.max { $0.utf8.count < $1.utf8.count }
    }
}
