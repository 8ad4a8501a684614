import Maintenance
import PostgreSQL

/// What of a backup's catalog comes with a part of it, as far as the list of the dump says.
struct PartContent: Sendable {
    let extensions: Set<String>
    /// `schema name` of everything with a name of its own that comes.
    private let objects: Set<[UInt8]>
    /// The part's rows among all rows, by their bytes.
    private let share: Double

    init(_ part: DumpGraph.Part, _ selection: RestoreSelection, _ manifest: BackupManifest) {
        extensions = part.extensions
        // The owner stands last, behind names that may hold spaces.
        let owners = manifest.roles.names.map { Array(" \($0)".utf8) }.sorted { $0.count > $1.count }
        objects = Set(
            part.entries.map { entry in
                let title = Array(entry.title.utf8)
                let name = Array(entry.title.withoutArguments.utf8)
                // The owner of what takes arguments stands behind them.
                if name.count < title.count { return name }
                let owner = owners.first { title.suffix($0.count).elementsEqual($0) }
                return Array(title.dropLast(owner?.count ?? 0))
            })
        let chosen = Set(selection.tables)
        let all = manifest.contentBytes.bytes
        let own = manifest.tables.filter { chosen.contains($0.name) }.reduce(0) {
            $0 + Int64(clamping: $1.digest.bytes)
        }
        share = all > 0 ? Double(own) / Double(all) : 1
    }

    /// Of what the whole takes, the part's; and room to work in.
    func space(of whole: ByteCount) -> ByteCount {
        ByteCount(min(whole.bytes, Int64(Double(whole.bytes) * share) + 256 * 1_048_576))
    }

    /// Whether an entry of the listing may be about something that comes. What is of no schema is taken to be.
    func holds(_ entry: CatalogEntry) -> Bool {
        var name = entry.name.withoutArguments
        var isSchema = entry.kind == "schema"
        if entry.kind == "grant" {
            guard let (word, rest) = name.wordAndRest, Self.granted.contains(word) else { return true }
            name = rest
            isSchema = word == "schema"
        }
        if isSchema, let schema = name.leadingName { return objects.contains(Array("- \(schema)".utf8)) }
        guard let (schema, object) = name.leadingPair else { return true }
        return objects.contains(Array("\(schema) \(object)".utf8))
    }

    private static let granted: Set<String> = ["table", "column", "sequence", "routine", "schema"]
}

extension String {
    fileprivate var wordAndRest: (String, String)? {
        guard let space = utf8.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        return (String(self[..<space]), String(self[utf8.index(after: space)...]))
    }

    fileprivate var leadingName: String? {
        var rest = Array(utf8)[...]
        return Self.quoted(&rest)
    }

    /// The two names that `"schema"."name"…` begins with, without their quotes; nil where it does not.
    fileprivate var leadingPair: (String, String)? {
        var rest = Array(utf8)[...]
        guard let schema = Self.quoted(&rest), rest.popFirst() == UInt8(ascii: "."), let name = Self.quoted(&rest)
        else {
            return nil
        }
        return (schema, name)
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        let quote = UInt8(ascii: "\"")
        guard rest.popFirst() == quote else { return nil }
        var name: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote {
                guard rest.first == quote else { return String(decoding: name, as: UTF8.self) }
                rest.removeFirst()
            }
            name.append(byte)
        }
        return nil
    }
}
