import Foundation
import Maintenance
import Outside

/// A directory that is ours alone and goes again with all that is in it.
struct ScratchDirectory: Sendable {
    let path: String
    /// Not made: whoever fills it makes it.
    var contents: String { "\(path)/contents" }

    /// What an interrupted run of the same name left is removed first.
    static func make(in parent: String, for runID: String, _ name: String) async throws -> ScratchDirectory {
        let scratch = ScratchDirectory(path: "\(parent)/drill-\(runID)-\(name)")
        try await scratch.remove()
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(
                atPath: scratch.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        return scratch
    }

    func remove() async throws {
        try await Blocking().runToEnd {
            guard FileManager.default.fileExists(atPath: path) else { return }
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
