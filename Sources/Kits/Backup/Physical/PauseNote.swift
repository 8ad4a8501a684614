import Foundation
import Maintenance
import Outside
import PostgreSQL

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

    var path: String { "\(directory)/\(file)" }

    private var lockPath: String { "\(directory)/standby.paused.lock" }

    /// - Throws: `PauseError.held` where another proof reads the standby now, `LockFileError`.
    func hold() async throws -> Hold {
        try await Blocking().run { [self] _ in
            try makeDirectory()
            guard let lock = try LockFile(lockPath) else { throw PauseError.held }
            return Hold(lock: lock)
        }
    }

    private func makeDirectory() throws {
        try SafeDirectory.make(directory)
    }

    func set(_ paused: Paused) async throws {
        try await Blocking().run { [self] _ in
            try makeDirectory()
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
            guard let bytes = try Descriptor.open(path).contents(limit: 65_536) else { return nil }
            // One that cannot be read was still written before a pause.
            return (try? JSONDecoder().decode(Paused.self, from: Data(bytes)))
                ?? Paused(standby: "", place: [:], since: nil)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}

/// Which standby was paused, where in its log, and when.
package struct Paused: Codable, Sendable, Hashable {
    /// As its address is shown.
    package var standby: String
    /// As `DatabaseAddress.place` has it; empty where nobody can tell.
    package var place: [String: String]
    /// Of its cluster.
    package var system: String?
    /// How far it had replayed when it stood still; nil where that was not seen any more.
    package var position: String?
    package var since: Timestamp?

    /// Whether what is found there now is still this pause. Replay that went on, or began anew with the server, was let go
    /// by somebody: a pause after that is another one, and not ours.
    func stands(at replay: ReplayState) -> Bool {
        guard replay.isPaused, system == nil || system == replay.system else { return false }
        return position == nil || position == replay.position
    }

    func isElsewhere(than address: DatabaseAddress) -> Bool { !place.isEmpty && place != address.place }
}

/// What a server says of its replay (PostgreSQL manual, "Recovery Control Functions").
struct ReplayState: Sendable, Hashable {
    var isStandby: Bool
    /// `not paused`, `pause requested`, `paused`; nil where it is no standby.
    var state: String?
    var position: String?
    var system: String

    var isPaused: Bool { state != nil && state != "not paused" }

    /// - Throws: `PostgreSQLError`.
    static func read(_ connection: Connection) async throws -> ReplayState {
        let row = try await connection.query(
            """
            select pg_catalog.pg_is_in_recovery() as standby,
                case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_get_wal_replay_pause_state() end as state,
                pg_catalog.pg_last_wal_replay_lsn()::text as position,
                (select system_identifier::text from pg_catalog.pg_control_system()) as system
            """
        ).only
        return ReplayState(
            isStandby: try row["standby"], state: try row["state"],
            position: try row["position", as: String?.self].flatMap { LogPosition($0)?.description },
            system: try row["system"])
    }
}

/// What keeps a standby from being paused for a proof.
package enum PauseError: MaintenanceError, Hashable {
    case held
    /// A killed proof paused another standby, and nobody can say what became of it.
    case unsettled(standby: String, reason: String, note: String)

    package var code: String {
        switch self {
        case .held: "physical.standby-held"
        case .unsettled: "physical.standby-unsettled"
        }
    }

    package var problem: String {
        switch self {
        case .held: "another proof reads the standby now"
        case .unsettled(let standby, let reason, _):
            "a killed proof paused the standby '\(standby.printable)', which cannot be asked: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .held: "Wait for it to end."
        case .unsettled(_, _, let note): "Let it go on; where it is no more, remove '\(note.printable)'."
        }
    }
}
