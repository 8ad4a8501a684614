import Maintenance
import PostgreSQL

extension RestoredDatabase {
    /// The schema with owners, grants, policies, comments and the database's settings, by the listing of its catalog.
    func schema(_ read: @Sendable () async throws -> [CatalogEntry]) async throws -> Comparison {
        var result = Comparison()
        guard manifest.catalog.version == CatalogScope.backup.version else {
            result.gaps = [
                .init(
                    "the schema was listed in version \(manifest.catalog.version), and this Mainstay lists version "
                        + "\(CatalogScope.backup.version)",
                    hint: "Take a new backup: mainstay backup run")
            ]
            return result
        }
        let settings = ConnectionSettings.unlimited()
        let digest = try await DatabaseSnapshot.with(address, settings: settings, pins: .definitions) { snapshot in
            try await CatalogListing.reduce(snapshot, .backup, into: CatalogDigest()) { $0.add($1) }
        }
        if digest != manifest.catalog.digest {
            let source = try await read()
            let (restored, toasted) = try await DatabaseSnapshot.with(address, settings: settings, pins: .definitions) {
                (
                    try await CatalogListing.reduce($0, .backup, into: [CatalogEntry]()) { $0.append($1) },
                    try await Self.toasted($0)
                )
            }
            let allowance = RestoreAllowance(source: source, restored: restored, toasted: toasted)
            result.differences = allowance.differences.map {
                .init(kind: "schema", name: "\($0.kind) \($0.name)".withoutNeedlessQuotes, problem: $0.change)
            }
            result.notes = allowance.notes
        }
        result.parts = [
            .init(
                kind: "schema", count: manifest.catalog.entries,
                method:
                    "every object with its definition, owner, grants and comments, and the database's own and its settings",
                seconds: 0)
        ]
        return result
    }
}

extension RestoredDatabase {
    /// What there is, as the source was listed.
    func listing() async throws -> [CatalogEntry] {
        try await DatabaseSnapshot.with(address, settings: .unlimited(), pins: .definitions) {
            try await CatalogListing.reduce($0, .backup, into: [CatalogEntry]()) { $0.append($1) }
        }
    }

    /// The tables that have another behind them for long values, as the listing writes their names.
    private static func toasted(_ snapshot: DatabaseSnapshot) async throws -> [String] {
        try await snapshot.query(
            """
            select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.reltoastrelid <> 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            """
        ).map { try $0["name"] }
    }
}

extension CatalogDifference {
    /// Without the object's name. Hostile text.
    fileprivate var change: String {
        switch (was, self.is) {
        case (nil, let now?): "it was not in the source: \(now.withoutNeedlessQuotes)"
        case (let before?, nil): "it was not restored: \(before.withoutNeedlessQuotes)"
        case (let before, let now):
            "it was '\((before ?? "").withoutNeedlessQuotes)' and is '\((now ?? "").withoutNeedlessQuotes)'"
        }
    }
}

/// Two listings of a catalog without what pg_dump and pg_restore change by their own documented ways. Each of these ways
/// is a note when it was met; everything else is a difference.
struct RestoreAllowance {
    let differences: [CatalogDifference]
    private(set) var notes: [String] = []

    /// - Parameter toasted: the restored tables that have a table for long values.
    init(source: [CatalogEntry], restored: [CatalogEntry], toasted: [String]) {
        var was = source
        var now = restored
        var notes: [String] = []
        func note(_ text: String, _ names: [String]) {
            guard !names.isEmpty else { return }
            let shown = names.sorted().prefix(10).map { $0.withoutNeedlessQuotes.printable }.joined(separator: ", ")
            notes.append("\(text): \(shown)" + (names.count > 10 ? " and \(names.count - 10) more" : ""))
        }

        // pg_dump leaves invalid indexes out, but for those of partitioned tables.
        let indexes = Set(now.filter { $0.kind == "index" }.map { Array($0.name.utf8) })
        let invalid = was.filter {
            $0.kind == "index" && $0.fact.contains("; invalid") && !indexes.contains(Array($0.name.utf8))
        }.map(\.name)
        let comments = Set(invalid.map { "index \($0)" })
        was.removeAll {
            $0.kind == "index" && invalid.contains($0.name) || $0.kind == "comment" && comments.contains($0.name)
        }
        note("pg_dump leaves out invalid indexes", invalid)

        // A table that lost its last long column keeps the table for long values, and has none when it is made again.
        let withToast = Set(toasted.map { Array($0.utf8) })
        let toastless = was.filter { $0.kind == "toast options" && !withToast.contains(Array($0.name.utf8)) }
        was.removeAll { $0.kind == "toast options" && !withToast.contains(Array($0.name.utf8)) }
        note("tables without a long column lose their options for long values", toastless.map(\.name))

        // A restored subscription does not connect before somebody says so.
        note(
            "subscriptions are restored disabled",
            Self.change(&was) { entry in
                entry.kind == "subscription" ? entry.fact.replacing("; enabled", with: "; disabled") : entry.fact
            })

        let tablespace = #/; tablespace "(?:[^"]|"")*"/#.matchingSemantics(.unicodeScalar)
        note(
            "tablespaces are not restored by a proof",
            Self.change(&was) { entry in
                ["table", "materialized view", "index"].contains(entry.kind)
                    ? entry.fact.replacing(tablespace, with: "") : entry.fact
            })

        // CREATE TYPE … AS RANGE makes its functions for whoever runs it, and ALTER TYPE … OWNER leaves them alone.
        // By scalars, since a quote and an accent that begins a name are one character.
        let multirange = #/; multirange ("(?:[^"]|"")*"\."(?:[^"]|"")*")/#.matchingSemantics(.unicodeScalar)
        let anyOwner = #/owner "(?:[^"]|"")*"; (?=\()/#.matchingSemantics(.unicodeScalar)
        let ranges = was.filter { $0.kind == "range" }
        let makers = Set(
            ranges.map { Array($0.name.utf8) }
                + ranges.compactMap { $0.fact.firstMatch(of: multirange).map { Array($0.1.utf8) } })
        let owner: (CatalogEntry) -> String = { entry in
            guard entry.kind == "function", entry.fact.contains("; language \"internal\""),
                Self.prefixes(of: entry.name, before: "(").contains(where: makers.contains)
            else { return entry.fact }
            return String(entry.fact.trimmingPrefix(anyOwner))
        }
        if !ranges.isEmpty {
            let others = Set(was.filter { $0.kind == "function" }).subtracting(now.filter { $0.kind == "function" })
                .filter { owner($0) != $0.fact }
            _ = Self.change(&was, owner)
            _ = Self.change(&now, owner)
            note("functions that make ranges belong to who restores them", others.map(\.name))
        }

        // CREATE EXTENSION without a version takes the newest there is.
        let versions: (CatalogEntry) -> String = { entry in
            entry.kind == "extension" ? String(entry.fact.trimmingPrefix(/version .* in (?=")/)) : entry.fact
        }
        let before = Dictionary(was.filter { $0.kind == "extension" }.map { ($0.name, $0.fact) }) { first, _ in first }
        note(
            "extensions have another version here",
            now.filter { $0.kind == "extension" && before[$0.name] != nil && before[$0.name] != $0.fact }.map(\.name))
        _ = Self.change(&was, versions)
        _ = Self.change(&now, versions)

        // A column added to a parent later stands last in its children, and first when they are made again.
        let children = Set(
            was.filter {
                $0.kind == "table" && $0.fact.contains("; inherits ") && !$0.fact.contains("; FOR VALUES ")
                    && !$0.fact.contains("; DEFAULT")
            }.map { Array($0.name.utf8) })
        let order: (CatalogEntry) -> String = { entry in
            guard entry.kind == "column", Self.prefixes(of: entry.name, before: ".").contains(where: children.contains)
            else {
                return entry.fact
            }
            return String(entry.fact.trimmingPrefix(#/[0-9]+: /#))
        }
        if !children.isEmpty {
            let moved = Set(was.filter { $0.kind == "column" }).subtracting(now.filter { $0.kind == "column" })
                .filter { order($0) != $0.fact }
            _ = Self.change(&was, order)
            _ = Self.change(&now, order)
            note("columns of inheriting tables stand in another order", moved.map(\.name))
        }
        differences = CatalogListing(now).differences(from: CatalogListing(was))
        self.notes = notes
    }

    /// What may be the table of a column, or the name of a function: all up to a quote that a dot or bracket follows.
    private static func prefixes(of name: String, before mark: Unicode.Scalar) -> [[UInt8]] {
        let bytes = Array(name.utf8)
        return bytes.indices.dropLast().filter {
            bytes[$0] == UInt8(ascii: "\"") && bytes[$0 + 1] == UInt8(ascii: mark)
        }.map { Array(bytes[...$0]) }
    }

    /// - Returns: the names of those that changed.
    private static func change(_ entries: inout [CatalogEntry], _ fact: (CatalogEntry) -> String) -> [String] {
        var changed: [String] = []
        for index in entries.indices {
            let entry = entries[index]
            let text = fact(entry)
            guard !text.hasSameBytes(as: entry.fact) else { continue }
            entries[index] = CatalogEntry(kind: entry.kind, name: entry.name, fact: text)
            changed.append(entry.name)
        }
        return changed
    }
}
