import Foundation
import Maintenance
import Outside
import PostgreSQL
import Synchronization

/// The listing of a schema as a file: one JSON object a line, compressed, written as the server gives it.
enum CatalogFile {
    struct Written: Sendable {
        var catalog: BackupManifest.Catalog
        var file: BackupManifest.File
        var collations: CollationUses
    }

    static func write(
        _ address: DatabaseAddress, _ settings: ConnectionSettings, _ snapshot: String, into partial: PartialBackup
    ) async throws -> Written {
        let output = try Output(partial)
        let digest = try await DatabaseSnapshot.with(
            address, settings: settings, pins: .definitions, sharing: snapshot
        ) { snapshot in
            try await CatalogListing.reduce(snapshot, .backup, into: CatalogDigest()) { digest, entry in
                digest.add(entry)
                try output.write(entry)
            }
        }
        let (file, collations) = try output.finish()
        return Written(
            catalog: BackupManifest.Catalog(
                version: CatalogScope.backup.version, entries: Int(digest.sum.count), digest: digest,
                file: BackupLayout.catalog),
            file: file, collations: collations)
    }

    /// Written on the connection's queue, one entry after the other.
    private final class Output: Sendable {
        private struct State: ~Copyable {
            var file: StoredFile
            let encoder = JSONEncoder()
            var lines: [UInt8] = []
            var collations = CollationUses()
        }

        private let state: Mutex<State>

        init(_ partial: PartialBackup) throws {
            let file = try StoredFile(
                try FileName(BackupLayout.catalog), in: partial.directory, as: BackupLayout.catalog,
                ZstdCompressor(level: 3))
            state = Mutex(State(file: file))
        }

        func write(_ entry: CatalogEntry) throws {
            try state.withLock { state in
                state.collations.add(entry)
                state.lines += try state.encoder.encode(entry)
                state.lines.append(UInt8(ascii: "\n"))
                if state.lines.count > 65_536 {
                    try state.file.write(state.lines)
                    state.lines.removeAll(keepingCapacity: true)
                }
            }
        }

        func finish() throws -> (BackupManifest.File, CollationUses) {
            try state.withLock { state in
                try state.file.write(state.lines)
                return (try state.file.finish(), state.collations)
            }
        }
    }
}
