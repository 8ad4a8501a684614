import Maintenance
import PostgreSQL

/// What clients find in one database at one place of the log: the rows of every table and materialised view, the value of
/// every sequence, and every large object.
struct InstantContent: Sendable, Hashable {
    /// Tables and materialised views.
    var rows: DatabaseDigest
    var sequences: [QualifiedName: BackupManifest.Sequence.State]
    /// Nil where this role may not read them.
    var largeObjects: LargeObjectDigest?

    /// - Throws: `PostgreSQLError`.
    static func read(_ address: DatabaseAddress, connections: Int) async throws -> InstantContent {
        var content = try await DatabaseSnapshot.with(address, connections: max(1, connections)) { snapshot in
            let (tables, uncovered) = try await snapshot.tables()
            let (views, hidden) = try await snapshot.materializedViews()
            let all = tables + views
            let digests = try await snapshot.digest(all, with: .xxh3)
            let covered = Set(views.map(\.name) + hidden.map(\.name))
            let sequences = try await BackupManifest.Sequence.Definition.all(snapshot)
            let definitions = sequences.filter(\.isReadable)
            let states = try await BackupManifest.Sequence.states(of: definitions) { try await snapshot.query($0) }
            return InstantContent(
                rows: DatabaseDigest(
                    tables: zip(all, digests).map { DatabaseDigest.Table(name: $0.name, digest: $1) },
                    uncovered: uncovered.filter { $0.reason != .sequence && !covered.contains($0.name) } + hidden
                        + sequences.filter { !$0.isReadable }.map {
                            Uncovered(name: $0.name, reason: $0.isNowhere ? .unlogged : .noPrivilege)
                        }),
                sequences: Dictionary(
                    definitions.compactMap { one in states[one.oid].map { (one.name, $0) } }
                ) { first, _ in first },
                largeObjects: nil)
        }
        do {
            content.largeObjects = try await Connection.with(address, DatabaseSnapshot.settings()) { connection in
                try await connection.transaction(.snapshot) { try await LargeObjectDigest.read(connection) }
            }
        } catch PostgreSQLError.permissionDenied {
            content.largeObjects = nil
        }
        return content
    }

    /// How a copy differs from this, which is the standby's, each in one clause. Hostile text. What only one side could
    /// read is no difference.
    func differences(of copy: InstantContent, in database: String) -> [String] {
        // Of a partitioned table the whole differs where one leaf of it could not be read.
        let unseen = Set((rows.uncovered + copy.rows.uncovered).map { $0.root ?? $0.name })
        var result = copy.rows.differences(from: rows).filter { !unseen.contains($0.name) }.map { table, ours, theirs in
            switch (ours, theirs) {
            case (nil, _): "\(table) of '\(database)' is only on the standby"
            case (_, nil): "\(table) of '\(database)' is only in the copy"
            case (let ours?, let theirs?) where ours.rows != theirs.rows:
                "\(table) of '\(database)' has \(ours.rows) rows in the copy and \(theirs.rows) on the standby"
            default: "the rows of \(table) of '\(database)' differ from the standby's"
            }
        }
        for (name, state) in sequences.sorted(by: { $0.key < $1.key }) {
            guard let other = copy.sequences[name] else {
                result.append("the sequence \(name) of '\(database)' is only on the standby")
                continue
            }
            if other != state {
                result.append(
                    "the sequence \(name) of '\(database)' is at \(other.value) in the copy and at \(state.value) on the "
                        + "standby")
            }
        }
        if let largeObjects, let other = copy.largeObjects, largeObjects != other {
            result.append("the large objects of '\(database)' differ from the standby's")
        }
        return result
    }

    /// What could not be held against a copy, each in one clause. Hostile text.
    func gaps(in database: String) -> [String] {
        var result = rows.uncovered.filter { $0.reason == .noPrivilege || $0.reason == .rowSecurity }.map {
            "\($0.name) of '\(database)' (\($0.reason.rawValue))"
        }
        if largeObjects == nil { result.append("the large objects of '\(database)' (no right to read)") }
        return result
    }
}
