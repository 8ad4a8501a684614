import Foundation
import Glibc
import Maintenance
import Outside

/// A lock in a repository, as `restic cat lock` shows it.
struct ResticLock: Decodable, Hashable {
    var time: String
    var exclusive: Bool
    var hostname: String
    var username: String
    var pid: Int32

    /// A living restic writes its lock anew every five minutes, and takes one that is older than this for dead (restic,
    /// `StaleLockTimeout`).
    private static let stale: Duration = .seconds(1_800)

    /// Whether it was taken on this machine by a process that is no more, or whose number belongs to another program now.
    /// What another machine's process does, nobody here can know.
    func isDead(at now: Timestamp) -> Bool { hostname == Self.ownHost && (isGone || isReused(at: now)) }

    private var isGone: Bool { kill(pid, 0) != 0 && errno == ESRCH }

    /// restic itself takes any process of this number for the one that locked, until the lock is stale. A container may be
    /// called as its host is and count its processes for itself: the number alone says nothing of a young lock.
    func isReused(at now: Timestamp) -> Bool {
        guard let taken = Timestamp(iso8601: time), now - taken > Self.stale else { return false }
        guard let name = try? Descriptor.open("/proc/\(pid)/comm").contents(limit: 64) else { return false }
        return !String(decoding: name, as: UTF8.self).containsBytes("restic")
    }

    var holder: String {
        let time = time.prefix(19).replacing("T", with: " ")
        return "by process \(pid) of \(username.printable) on \(hostname.printable), since \(time.printable)"
    }

    /// As the kernel says it, which is what restic writes.
    private static var ownHost: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        return withUnsafeBytes(of: &names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension ResticRepository {
    /// Runs `body`; where a lock is in the way that a killed process of ours left, removes it and runs it once more.
    ///
    /// - Throws: `CopyError.locked`, which names whoever holds it.
    func unlocking<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as CopyError {
            guard case .locked(let storage, let detail) = error else { throw error }
            let locks = try await locks()
            let now = programs.clock.now()
            if let living = locks.first(where: { !$0.isDead(at: now) }) {
                throw CopyError.locked(storage: storage, holder: living.holder)
            }
            guard !locks.isEmpty else { throw CopyError.locked(storage: storage, holder: detail) }
            // It removes those that are dead for restic too, and none that came meanwhile.
            _ = try await text(["unlock"])
            return try await body()
        }
    }

    /// One that went meanwhile is none.
    private func locks() async throws -> [ResticLock] {
        let names = String(decoding: try await text(["list", "locks", "--no-lock"]), as: UTF8.self)
        var locks: [ResticLock] = []
        for name in names.split(separator: "\n") where name.utf8.count == 64 {
            do {
                let bytes = try await text(["cat", "lock", String(name), "--no-lock"])
                locks.append(try decoded(ResticLock.self, bytes, "a lock"))
            } catch let error as CopyError {
                switch error {
                case .noRepository, .broken: continue
                default: throw error
                }
            }
        }
        return locks
    }
}
