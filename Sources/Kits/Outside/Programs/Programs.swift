import Glibc
import Maintenance

/// The programs of this machine: where they are found, and the one way to run them.
///
/// A value that is passed down. It carries the environment of the process as it was given at the start, so that nothing
/// below reads a global.
package struct Programs: Sendable {
    /// Ours; a child gets only what its `ChildEnvironment` lets through.
    package var environment: [String: String]
    package var clock: WallClock

    /// Ignores SIGPIPE for the whole process, because a child that ends before it has read its input must be an outcome
    /// and not our end.
    package init(environment: [String: String], clock: WallClock = .system) {
        self.environment = environment
        self.clock = clock
        signal(SIGPIPE, SIG_IGN)
    }

    /// The directories of `PATH`, or Debian's usual ones when it is not set. Relative entries do not count.
    package var searchPath: [String] {
        let path = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }

    /// The absolute path of the first executable file of that name, in `directories` first, then on the search path.
    ///
    /// Throws `ProgramError.notInstalled`, whose hint is the line that installs `package`, or the package that is known
    /// to have the program.
    package func find(_ name: String, in directories: [String] = [], package: String? = nil) throws(ProgramError)
        -> String
    {
        if name.contains("/") {
            if let reason = Self.obstacle(to: name) { throw .notExecutable(path: name, reason: reason) }
            return name
        }
        let candidates = directories + searchPath
        for directory in candidates where !name.isEmpty {
            let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
            if Self.obstacle(to: path) == nil { return path }
        }
        throw .notInstalled(
            program: name, package: package ?? DebianPackages.package(of: name), searched: candidates)
    }

    private static func obstacle(to path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return systemReason(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { return "it is not a file" }
        return access(path, X_OK) == 0 ? nil : systemReason(errno)
    }
}
