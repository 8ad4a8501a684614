import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Whether this host could prove a backup by restoring it, as far as that can be told without starting anything. What
/// only the private server knows (its extensions and collations) is asked when it runs.
package struct ProofFeasibility: Sendable {
    /// What the restored database needs, and what is free.
    package var space: ByteCount
    package var free: ByteCount
    /// Of the server it would be restored into; nil where there is none.
    package var server: PostgreSQLVersion?
    package var extensions: [String]
    /// What is missing, with what to do.
    package var gaps: [Comparison.Gap]

    /// - Parameter workDirectory: where the private server would go; need not be there yet.
    /// - Throws: `FileError`.
    package static func look(
        _ manifest: BackupManifest, workDirectory: String, with programs: Programs
    ) async throws -> ProofFeasibility {
        let requirements = ProofRequirements(backup: manifest.outline)
        let parent = nearestDirectory(workDirectory)
        var (free, gaps) = try await Blocking().run { _ in
            (try SafeDirectory(parent).availableSpace(), try requirements.gaps(inWorkDirectory: parent))
        }
        var server: PostgreSQLVersion?
        do {
            server = try await ServerPrograms.find(major: requirements.major, with: programs).version
        } catch let error as ProgramError {
            gaps.append(.init(error.problem, hint: error.hint))
        }
        return ProofFeasibility(
            space: requirements.space, free: free, server: server, extensions: manifest.extensions.map(\.name),
            gaps: gaps)
    }

    /// What is free where private servers go, whether or not the directory is there yet.
    package static func free(_ workDirectory: String) async throws -> ByteCount {
        let parent = nearestDirectory(workDirectory)
        return try await Blocking().run { _ in try SafeDirectory(parent).availableSpace() }
    }

    /// It is made when it is needed, in the file system of what is there already.
    private static func nearestDirectory(_ path: String) -> String {
        var url = URL(fileURLWithPath: path)
        while url.path != "/", !FileManager.default.fileExists(atPath: url.path) { url.deleteLastPathComponent() }
        return url.path
    }
}
