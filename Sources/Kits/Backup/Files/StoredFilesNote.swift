import Foundation
import Maintenance
import Outside

/// Which run stored a file set in a storage last, written down on this side when its listing was there: where the storage
/// cannot be asked any more, a run without this note did not come to its end.
package struct StoredFilesNote: Sendable {
    private let directory: String

    /// - Parameter directory: of the storage, `STATE/storages/NAME`.
    package init(_ directory: String) { self.directory = directory }

    private var file: String { "\(directory)/stored.json" }

    private func all() throws -> [String: String] {
        guard let bytes = try Descriptor.contents(ifThere: file) else { return [:] }
        do { return try JSONDecoder().decode([String: String].self, from: Data(bytes)) } catch is DecodingError {
            // Half a note says nothing of any run.
            return [:]
        }
    }

    private static func name(_ set: FileSet) -> String { "\(set.environment)/\(set.name)" }

    /// Nil where none ever did.
    ///
    /// - Throws: `FileError`.
    package func run(of set: FileSet) throws -> String? { try all()[Self.name(set)] }

    /// Whoever writes has the storage to itself.
    func write(_ set: FileSet, runID: String) throws {
        var runs = try all()
        runs[Self.name(set)] = runID
        try SafeDirectory(directory).write(
            try FileName("stored.json"), Array(try JSONEncoder().encode(runs)), mode: 0o600)
    }
}
