import Glibc

/// A user of this machine, as passwd(5) has it.
package struct SystemUser: Sendable, Hashable {
    package var name: String
    package var id: UInt32
    package var group: UInt32
    package var home: String

    /// Whether this process may become another user.
    package static var isRoot: Bool { geteuid() == 0 }

    package static func named(_ name: String) throws(ProgramError) -> SystemUser {
        guard let user = lookUp({ getpwnam_r(name, $0, $1, $2, $3) }) else { throw .noSuchUser(name) }
        return user
    }

    /// Who this process runs as; a user without an entry gets its number for a name.
    package static var current: SystemUser {
        lookUp { getpwuid_r(geteuid(), $0, $1, $2, $3) }
            ?? SystemUser(name: String(geteuid()), id: geteuid(), group: getegid(), home: "/")
    }

    /// Whom to run programs as that refuse root (initdb, postgres): the first of `names` that exists when this process
    /// is root, else nil, which keeps the present user.
    package static func unprivileged(preferring names: [String] = ["postgres", "nobody"]) throws(ProgramError)
        -> SystemUser?
    {
        guard isRoot else { return nil }
        for name in names {
            if let user = lookUp({ getpwnam_r(name, $0, $1, $2, $3) }) { return user }
        }
        throw .noSuchUser(names.first ?? "nobody")
    }

    private typealias Query = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ query: Query) -> SystemUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            guard let base = buffer.baseAddress, query(&entry, base, buffer.count, &found) == 0, found != nil,
                let name = entry.pw_name, let home = entry.pw_dir
            else { return nil }
            return SystemUser(
                name: String(cString: name), id: entry.pw_uid, group: entry.pw_gid, home: String(cString: home))
        }
    }
}
