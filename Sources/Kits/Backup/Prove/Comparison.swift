import Maintenance
import Outside
import PostgreSQL

/// What a restored database was compared with its manifest for, class by class, and all that differs.
package struct Comparison: Codable, Hashable, Sendable {
    package var parts: [Part] = []
    package var differences: [Difference] = []
    /// What could not be compared, each with its reason: enough to leave the backup unproven.
    package var gaps: [Gap] = []
    /// Worth knowing, and no difference.
    package var notes: [String] = []

    package init() {}

    /// One class of content and how it was compared.
    package struct Part: Codable, Hashable, Sendable {
        /// `rows`, `schema`, `sequences`, ….
        package var kind: String
        package var count: Int
        /// A sentence.
        package var method: String
        package var seconds: Double
    }

    /// One thing that is not as it was. All texts are hostile.
    package struct Difference: Codable, Hashable, Sendable {
        /// `file`, `restore`, `rows`, `table`, `schema`, `sequence`, `large object`, `role`.
        package var kind: String
        package var name: String?
        package var problem: String

        package init(kind: String, name: String? = nil, problem: String) {
            self.kind = kind
            self.name = name
            self.problem = problem
        }

        /// One clause, safe to print.
        package var description: String {
            "\(kind)\(name.map { " \($0.printable)" } ?? ""): \(problem.printable)"
        }
    }

    /// Something this host lacks, or that cannot be asked, and what to do about it.
    package struct Gap: Codable, Hashable, Sendable {
        package var problem: String
        package var hint: String?

        package init(_ problem: String, hint: String? = nil) {
            self.problem = problem
            self.hint = hint
        }

        /// With what to do about it. Hostile text.
        var words: String { hint.map { "\(problem): \($0)" } ?? problem }
    }

    package static func + (left: Comparison, right: Comparison) -> Comparison {
        var sum = left
        sum.parts += right.parts
        sum.differences += right.differences
        sum.gaps += right.gaps
        sum.notes += right.notes
        return sum
    }
}

/// A restored database, compared with the manifest of its backup. It only reads; whoever has the address can alter the
/// database before and see it found.
package struct RestoredDatabase: Sendable {
    let manifest: BackupManifest
    let address: DatabaseAddress
    /// How many sessions read at once.
    let connections: Int
    let clock: WallClock
    /// Whose rows were restored, and are compared; nil for all.
    package var part: RotationPart?

    /// - Parameter address: of a superuser.
    package init(_ manifest: BackupManifest, at address: DatabaseAddress, connections: Int, clock: WallClock) {
        self.manifest = manifest
        self.address = address
        self.connections = connections
        self.clock = clock
    }

    /// - Parameter catalog: reads the entries as they were in the source; asked only if the digests differ.
    /// - Throws: `PostgreSQLError`, what `catalog` throws.
    package func comparison(
        catalog: @Sendable () async throws -> [CatalogEntry]
    ) async throws -> Comparison {
        var result = try await timed { try await rows() }
        result = result + (try await timed { try await schema(catalog) })
        result = result + (try await timed { try await sequences() })
        if part?.holdsLargeObjects ?? true { result = result + (try await timed { try await largeObjects() }) }
        result = result + (try await timed { try await roles() })
        return result
    }

    private func timed(_ body: () async throws -> Comparison) async throws -> Comparison {
        let began = clock.monotonic()
        var part = try await body()
        for index in part.parts.indices { part.parts[index].seconds = (clock.monotonic() - began).inSeconds }
        return part
    }

    /// Roles are the cluster's, and the database's owners and grants need them.
    private func roles() async throws -> Comparison {
        var result = Comparison()
        let found = try await Connection.with(address, .unlimited()) { connection in
            try await connection.query("select rolname::text as name from pg_catalog.pg_roles")
                .map { try $0["name", as: String.self] }
        }
        let missing = manifest.roles.names.filter { name in !found.contains { $0.hasSameBytes(as: name) } }
        result.differences = missing.map {
            Comparison.Difference(kind: "role", name: $0.displayedIdentifier, problem: "it was not restored")
        }
        result.parts = [
            Comparison.Part(
                kind: "roles", count: manifest.roles.names.count, method: "that each of them is there, by name",
                seconds: 0)
        ]
        return result
    }
}
