import Maintenance

/// One fact about one object of a schema, without any number that only this server knows.
package struct CatalogEntry: Hashable, Sendable, Codable, Comparable {
    /// `table`, `column`, `constraint`, `grant`, ….
    package let kind: String
    /// Every name in it in double quotes, as PostgreSQL writes it with `quote_all_identifiers`: which words would need
    /// quotes differs between versions.
    package let name: String
    package let fact: String

    package init(kind: String, name: String, fact: String) {
        self.kind = kind
        self.name = name
        self.fact = fact
    }

    /// By bytes.
    package static func == (left: CatalogEntry, right: CatalogEntry) -> Bool {
        left.kind == right.kind && left.name.hasSameBytes(as: right.name) && left.fact.hasSameBytes(as: right.fact)
    }

    package static func < (left: CatalogEntry, right: CatalogEntry) -> Bool {
        for (one, other) in [(left.kind, right.kind), (left.name, right.name), (left.fact, right.fact)]
        where !one.hasSameBytes(as: other) {
            return one.precedesByBytes(other)
        }
        return false
    }

    /// `table public.orders`, safe to print.
    package var object: String { "\(kind) \(name.withoutNeedlessQuotes.printable)" }
}

/// All that a schema is, as sorted facts that are the same on every server that has the same objects: what
/// `health accept-schema` accepts and, with what `CatalogScope.backup` adds, what a restore has to bring back.
///
/// Covered: schemas, tables, views, materialised views, foreign tables, columns, constraints, indexes, sequences'
/// definitions, types, routines, operators, casts, collations, text search, triggers, rules, policies, statistics objects,
/// event triggers, publications, subscriptions, extensions, foreign servers, languages, grants, default privileges, owners,
/// comments, security labels, the database's encoding and its settings. Members of an extension stand for themselves by
/// its version. Not covered: roles and tablespaces (they are the cluster's), rows, statistics, sequences' values.
///
/// Values that may be secrets (options of user mappings and servers, settings of applications) enter as eight digits of
/// their hash.
package struct CatalogListing: Hashable, Sendable, Codable {
    /// Sorted by bytes.
    package let entries: [CatalogEntry]

    package init(_ entries: some Sequence<CatalogEntry>) { self.entries = entries.sorted() }

    /// SHA-256 over version and entries, 64 hexadecimal digits.
    package var digest: String {
        var digest = CanonicalDigest()
        digest.add(String(CatalogScope.schema.version))
        for entry in entries { digest.add([entry.kind, entry.name, entry.fact]) }
        return digest.hexadecimal
    }

    /// What differs, object by object, sorted.
    package func differences(from earlier: CatalogListing) -> [CatalogDifference] {
        var pairs: [Key: (was: [String], is: [String])] = [:]
        for entry in earlier.entries { pairs[Key(entry), default: ([], [])].was.append(entry.fact) }
        for entry in entries { pairs[Key(entry), default: ([], [])].is.append(entry.fact) }
        return pairs.filter { !$1.was.elementsEqual($1.is) { $0.hasSameBytes(as: $1) } }
            .map { key, facts in
                CatalogDifference(
                    kind: key.entry.kind, name: key.entry.name,
                    was: facts.was.isEmpty ? nil : facts.was.joined(separator: " / "),
                    is: facts.is.isEmpty ? nil : facts.is.joined(separator: " / "))
            }
            .sorted {
                CatalogEntry(kind: $0.kind, name: $0.name, fact: "")
                    < CatalogEntry(kind: $1.kind, name: $1.name, fact: "")
            }
    }

    /// Kind and name, by bytes.
    private struct Key: Hashable {
        let entry: CatalogEntry
        init(_ entry: CatalogEntry) { self.entry = CatalogEntry(kind: entry.kind, name: entry.name, fact: "") }
    }
}

/// An object that is not what it was.
package struct CatalogDifference: Hashable, Sendable, Codable, CustomStringConvertible {
    package let kind: String
    package let name: String
    /// Nil for a new object.
    package let was: String?
    /// Nil for one that is gone.
    package let `is`: String?

    /// `index public.orders_pkey is gone`, safe to print.
    package var description: String {
        let object = "\(kind) \(name)".withoutNeedlessQuotes.printable
        switch (was, self.is) {
        case (nil, let now?): return "\(object) is new: \(now.withoutNeedlessQuotes.printable)"
        case (let before?, nil): return "\(object) is gone: \(before.withoutNeedlessQuotes.printable)"
        case (let before, let now):
            return "\(object) was '\((before ?? "").withoutNeedlessQuotes.printable)' and is "
                + "'\((now ?? "").withoutNeedlessQuotes.printable)'"
        }
    }
}

extension CatalogListing {
    /// Reads the schema of one database at one instant. Any role that may connect can do it.
    ///
    /// - Throws: `PostgreSQLError`.
    package static func read(
        _ address: DatabaseAddress, _ scope: CatalogScope = .schema, settings: ConnectionSettings = ConnectionSettings()
    ) async throws -> CatalogListing {
        try await DatabaseSnapshot.with(address, settings: settings, pins: .definitions) { snapshot in
            CatalogListing(try await reduce(snapshot, scope, into: []) { $0.append($1) })
        }
    }

    /// Every entry as it comes, in no order: for a schema too large to hold.
    ///
    /// - Parameter snapshot: one with pins for definitions.
    /// - Throws: `PostgreSQLError`, or what `body` throws.
    package static func reduce<Value: Sendable>(
        _ snapshot: DatabaseSnapshot, _ scope: CatalogScope, into initial: Value,
        _ body: @escaping @Sendable (inout Value, CatalogEntry) throws -> Void
    ) async throws -> Value {
        var value = initial
        for topic in scope.topics {
            value = try await snapshot.reduceRows(topic.survey, into: value) { value, row in
                let fact: String = try row["fact"]
                let entry = CatalogEntry(
                    kind: try row["kind"], name: try row["name"],
                    fact: topic.isDeparsed ? DefinitionText.canonical(fact) : fact)
                try body(&value, entry)
            }
        }
        return value
    }
}
