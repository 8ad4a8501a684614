import Foundation
import Maintenance
import Outside

/// A note beside the certificates that a standby is paused for a proof of ours. It is written before the pause and removed
/// after the replay goes on, so that whoever comes after a killed proof knows that the pause is nobody's wish.
package struct PauseNote: Sendable {
    private let directory: String
    private let file: FileName

    /// - Parameter folder: of the database whose backups are proved.
    package init(_ folder: BackupFolder) throws(FileError) {
        directory = "\(folder.path)/physical"
        file = try FileName("standby.paused.json")
    }

    /// Held as long as a proof lives.
    struct Hold: Sendable { fileprivate let lock: LockFile }

    private var lockPath: String { "\(directory)/standby.paused.lock" }

    /// - Throws: `PauseError.held` where another proof reads the standby now, `LockFileError`.
    func hold() async throws -> Hold {
        try await Blocking().run { [self] _ in
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard let lock = try LockFile(lockPath) else { throw PauseError.held }
            return Hold(lock: lock)
        }
    }

    func set(_ paused: Paused) async throws {
        try await Blocking().run { [self] _ in
            try SafeDirectory(directory).write(file, Array(try JSONEncoder().encode(paused)), mode: 0o600)
        }
    }

    func clear() async throws {
        try await Blocking().runToEnd { [self] in
            let folder = try SafeDirectory(directory)
            guard let seen = try folder.status(of: file) else { return }
            _ = try folder.remove(file, seen: seen)
            try folder.synchronize()
        }
    }

    /// Nil where no proof paused one.
    ///
    /// - Throws: `FileError`.
    func standing() async throws -> Paused? {
        try await Blocking().run { [self] _ in try read() }
    }

    /// A standby that a proof paused which lives no more; nil where none is.
    ///
    /// - Throws: `FileError`, `LockFileError`.
    package func abandoned() async throws -> Paused? {
        try await Blocking().run { [self] _ in
            guard let paused = try read(), let lock = try LockFile(lockPath) else { return nil }
            return withExtendedLifetime(lock) { paused }
        }
    }

    private func read() throws -> Paused? {
        do throws(FileError) {
            guard let bytes = try Descriptor.open("\(directory)/\(file)").contents(limit: 65_536) else { return nil }
            // One that cannot be read was still written before a pause.
            return (try? JSONDecoder().decode(Paused.self, from: Data(bytes))) ?? Paused(standby: "", since: nil)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}

/// Which standby was paused, and when.
package struct Paused: Codable, Sendable, Hashable {
    /// As its address is shown.
    package var standby: String
    package var since: Timestamp?
}

/// Two proofs want to pause the same standby.
package enum PauseError: MaintenanceError, Hashable {
    case held

    package var code: String { "physical.standby-held" }
    package var problem: String { "another proof reads the standby now" }
    package var hint: String? { "Wait for it to end." }
}
