import Maintenance
import Outside
import PostgreSQL

extension BackupProof {
    /// Restores a backup into a private server that nobody else reaches, hands the restored database to `body`, and ends
    /// and removes the server however that ends: for what nobody may try on the live one. Its files are read against their
    /// checksums before; what was restored is not compared row by row, as a proof would.
    ///
    /// - Parameters:
    ///   - body: with the address of the database, of a superuser who is none of the backup's roles.
    /// - Throws: `NoCopy` where it does not restore without an error; otherwise as `run(_:)`, and what `body` throws.
    package func withCopy<Value: Sendable>(
        of id: BackupID, _ body: (DatabaseAddress) async throws -> Value
    ) async throws -> Value {
        precondition(part == nil, "a copy to try something on has all rows")
        var progress = Progress(began: clock.now())
        let manifest = try await believe(id).manifest
        try await checksums(manifest, &progress)
        var value: Value?
        if !progress.isHopeless {
            try await withCluster(for: manifest.outline, &progress) { cluster, progress in
                let path = folder.path(of: id)
                let input = try await blocking.run { _ in try RestoreInput(manifest, at: path) }
                guard try await restore(input, into: cluster, &progress), !progress.isHopeless else { return }
                value = try await body(cluster.address(manifest.source.database))
            }
        }
        guard let value else { throw NoCopy(id, progress.comparison) }
        return value
    }
}

/// Why a backup could not be restored to try something on it.
package struct NoCopy: MaintenanceError, Hashable {
    package let id: BackupID
    private let reason: String
    private let advice: String?

    init(_ id: BackupID, _ comparison: Comparison) {
        self.id = id
        // What this host lacks is mended first.
        if let gap = comparison.gaps.first {
            reason = gap.problem
            advice = gap.hint
        } else {
            reason = comparison.differences.first?.description ?? "nothing was restored"
            advice = "Prove it, which tells all that is wrong: mainstay backup verify"
        }
    }

    package var code: String { "backup.no-copy" }
    package var problem: String { "backup \(id) could not be restored to try something on it: \(reason.printable)" }
    package var hint: String? { advice?.printable }
    package var exitStatus: ExitStatus { .configuration }
}
