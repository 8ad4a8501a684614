import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// No false alarm and no blind eye over databases nobody chose. A few seeds here; `scripts/soak` gives a hundred
/// (`MAINSTAY_SOAK` is their number).
@Suite("generated databases", .temporaryDirectory, .timeLimit(.minutes(3)))
struct GeneratedDatabaseTests {
    static let seeds: [Int] = {
        let wanted = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 3
        return Array(1...max(1, wanted))
    }()

    @Test("a generated database is proved, and any alteration of it is found and named", arguments: seeds)
    func isProved(seed: Int) async throws {
        let version = TestServer.allCases[seed % TestServer.allCases.count]
        var generated = GeneratedDatabase(seed: seed)
        try await TestDatabase.with(version) { database in
            let script = generated.script
            do {
                try await Connection.with(database.address) { try await $0.executeScript(trusted: script) }
            } catch {
                Issue.record("seed \(seed) makes no database: \(error)")
                return
            }
            let shelf = Shelf(database: database)
            let manifest = try await shelf.take()
            let certificate = try await shelf.proof.run(manifest.id)
            #expect(certificate.told == [], "seed \(seed)")
            #expect(certificate.verdict == .proved, "seed \(seed)")

            let alteration = generated.alteration()
            let change = "set session_replication_role = replica; " + alteration.script
            try await Connection.with(database.address) { connection in
                try await connection.execute("set default_transaction_read_only = off")
                try await connection.execute("set standard_conforming_strings = on")
                try await connection.executeScript(trusted: change)
            }
            let catalog = StoredCatalog(path: "\(shelf.path(manifest))/\(manifest.catalog.file)")
            let altered = RestoredDatabase(manifest, at: database.address, connections: 2, clock: .system)
            let after = try await altered.comparison { try catalog.entries() }
            #expect(
                after.differences.contains { difference in
                    difference.kind == alteration.kind
                        && (alteration.name.isEmpty
                            || [alteration.name, alteration.name.printable].contains {
                                Self.bare(difference.name ?? "").contains(Self.bare($0))
                            })
                }, "seed \(seed): \(alteration) gave \(after.differences.map(\.description))")
        }
    }

    /// Quotes stand where a name needs them, and the wanted name has them all.
    private static func bare(_ name: String) -> String { name.replacingBytes(of: "\"", with: "") }
}
