import Glibc

extension Programs {
    /// What the file of a program is now: tells one version of it from another without reading it.
    package func status(of path: String) throws(ProgramError) -> FileStatus {
        var raw = stat()
        guard stat(path, &raw) == 0 else { throw .notExecutable(path: path, reason: systemReason(errno)) }
        return FileStatus(raw)
    }
}
