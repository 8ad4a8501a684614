import Maintenance
import PostgreSQL

/// The part of a database that is to be restored: some tables, and everything in some schemas.
package struct RestoreSelection: Sendable, Hashable {
    /// Those with rows of their own: of partitioned tables the leaves.
    package let tables: [QualifiedName]
    package let schemas: [String]

    /// - Parameters:
    ///   - tables: as they are typed: `public.orders`, `orders` where there is only one. A partitioned table means all its
    ///     leaves.
    ///   - catalog: the listing of the source; asked only for names that are no table with rows of its own.
    /// - Throws: `SelectionError`.
    package init(
        tables wanted: [String], schemas: [String], of manifest: BackupManifest, catalog: () throws -> [CatalogEntry]
    ) throws {
        var tables: Set<QualifiedName> = []
        let known = manifest.tables.map(\.name)
        for text in wanted {
            let fitting = known.filter { $0.isCalled(text) }
            if fitting.count > 1 { throw SelectionError.severalTables(text, fitting) }
            if let table = fitting.first, !table.name.hasSameBytes(as: text) {
                tables.insert(table)
                continue
            }
            // Without a schema a partitioned table may be meant as well, which has no rows of its own.
            let entries = try catalog()
            let roots = Self.partitioned(text, among: known, entries)
            if fitting.count + roots.count > 1 { throw SelectionError.severalTables(text, (fitting + roots).sorted()) }
            if let table = fitting.first {
                tables.insert(table)
                continue
            }
            let leaves = Self.leaves(of: text, among: known, entries)
            guard !leaves.isEmpty else {
                throw SelectionError.noTable(
                    text, nearest: nearest(to: text, among: known.map(\.spelled) + known.map(\.name)))
            }
            tables.formUnion(leaves)
        }
        for schema in schemas {
            let own = known.filter { $0.schema.hasSameBytes(as: schema) }
            let there = Set(known.map(\.schema))
            guard !own.isEmpty else {
                throw SelectionError.noSchema(schema, nearest: nearest(to: schema, among: there.sorted()))
            }
            tables.formUnion(own)
        }
        self.tables = tables.sorted()
        self.schemas = Set(schemas).sorted()
    }

    /// Tables of this name that have no rows of their own and partitions that have some.
    private static func partitioned(
        _ text: String, among known: [QualifiedName], _ catalog: [CatalogEntry]
    ) -> [QualifiedName] {
        catalog.filter { $0.kind == "table" }.compactMap { entry in
            guard let (schema, name) = entry.name.unquotedPair,
                name.hasSameBytes(as: text) || "\(schema).\(name)".hasSameBytes(as: text)
            else { return nil }
            let table = QualifiedName(schema: schema, name: name)
            let spelled = "\(schema).\(name)"
            return known.contains(table) || leaves(of: spelled, among: known, catalog).isEmpty ? nil : table
        }
    }

    /// The tables with rows below a partitioned one: those that inherit from it, however deep.
    private static func leaves(
        of text: String, among known: [QualifiedName], _ catalog: [CatalogEntry]
    ) -> [QualifiedName] {
        let quoted = Dictionary(known.map { ($0.alwaysQuoted, $0) }) { first, _ in first }
        let tables = catalog.filter { $0.kind == "table" }
        var open = tables.map(\.name).filter { name in
            [name.unquotedPair.map { "\($0).\($1)" }, name.unquotedPair?.1].contains {
                $0?.hasSameBytes(as: text) == true
            }
        }
        var found: [QualifiedName] = []
        var seen: Set<String> = []
        while let parent = open.popLast() {
            guard seen.insert(parent).inserted else { continue }
            if let leaf = quoted[parent] { found.append(leaf) }
            open += tables.filter { $0.fact.containsBytes("inherits \(parent)") }.map(\.name)
        }
        return found
    }

    /// What a plan and a certificate call it.
    package var description: String {
        let names = tables.prefix(8).map(\.description).joined(separator: ", ")
        return tables.count > 8 ? "\(names) and \(tables.count - 8) more" : names
    }
}

/// What is asked for is not in the backup.
package enum SelectionError: MaintenanceError, Hashable {
    case noTable(String, nearest: String?)
    case severalTables(String, [QualifiedName])
    case noSchema(String, nearest: String?)

    package var code: String {
        switch self {
        case .noTable: "restore.no-such-table"
        case .severalTables: "restore.several-tables"
        case .noSchema: "restore.no-such-schema"
        }
    }

    package var problem: String {
        switch self {
        case .noTable(let text, _): "the backup holds no table '\(text.printable)'"
        case .severalTables(let text, let names):
            "'\(text.printable)' is the name of \(names.count) tables: "
                + names.prefix(5).map(\.description).joined(separator: ", ")
        case .noSchema(let text, _): "the backup holds no table in a schema '\(text.printable)'"
        }
    }

    package var hint: String? {
        switch self {
        case .noTable(_, let nearest?), .noSchema(_, let nearest?): "Did you mean '\(nearest.printable)'?"
        case .noTable, .noSchema: "List them: mainstay backup show --tables"
        case .severalTables: "Name its schema too."
        }
    }

    package var exitStatus: ExitStatus { .usage }
}

extension QualifiedName {
    /// Without quotes, as people type it.
    fileprivate var spelled: String { "\(schema).\(name)" }

    fileprivate func isCalled(_ text: String) -> Bool {
        [spelled, description, name].contains { $0.hasSameBytes(as: text) }
    }

    /// As a listing writes it.
    var alwaysQuoted: String {
        [schema, name].map { "\"\($0.replacingBytes(of: "\"", with: "\"\""))\"" }.joined(separator: ".")
    }
}

extension String {
    /// Of `"schema"."name"`, both without their quotes; nil for anything else.
    fileprivate var unquotedPair: (String, String)? {
        guard let middle = firstRange(of: "\".\""), utf8.first == UInt8(ascii: "\""), utf8.last == UInt8(ascii: "\"")
        else { return nil }
        let parts = [self[index(after: startIndex)..<middle.lowerBound], self[middle.upperBound...].dropLast()]
        let names = parts.map { String($0).replacingBytes(of: "\"\"", with: "\"") }
        return (names[0], names[1])
    }
}
