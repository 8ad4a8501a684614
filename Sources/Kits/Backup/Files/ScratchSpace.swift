import Foundation
import Maintenance
import Outside

/// A directory that is ours alone as long as we live: what stands in it may be the secrets of others, brought back to be
/// looked at. Beside it a lock says that we live, so that the next one removes what a killed one left.
package struct ScratchSpace: Sendable {
    package let path: String
    private let lock: LockFile

    private static let ending = ".scratch"

    /// Removes what dead ones left first.
    ///
    /// - Parameters:
    ///   - parent: made where it is not there.
    ///   - name: what for; another one may bear the same.
    /// - Throws: `FileError`, `LockFileError`.
    package static func make(in parent: String, _ name: String) async throws -> ScratchSpace {
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(
                atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try sweep(parent)
            var made: (path: String, lock: LockFile)?
            while made == nil {
                let path = "\(parent)/\(name)-\(String(UInt64.random(in: 0 ... .max), radix: 36))\(ending)"
                // Whoever sweeps at this moment may have come between its making and its locking.
                if let lock = try LockFile(path + ".lock"), FileManager.default.fileExists(atPath: path + ".lock") {
                    made = (path, lock)
                }
            }
            guard let (path, lock) = made else { preconditionFailure("a lock was made") }
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            return ScratchSpace(path: path, lock: lock)
        }
    }

    /// Also where we are cancelled.
    package func remove() async throws {
        try await Blocking().runToEnd {
            try withExtendedLifetime(lock) { try Self.remove(path) }
        }
    }

    /// Removes those whose makers live no more.
    static func sweep(_ parent: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: parent) where name.hasSuffix("\(ending).lock") {
            let path = "\(parent)/\(name)"
            guard let lock = try LockFile(path) else { continue }
            try withExtendedLifetime(lock) { try remove(String(path.dropLast(".lock".count))) }
        }
    }

    /// The lock goes last: as long as it is there, somebody comes to remove the rest.
    private static func remove(_ path: String) throws {
        for path in [path, path + ".lock"] where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
