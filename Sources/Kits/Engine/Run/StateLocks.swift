import Glibc
import Maintenance
import Outside

/// The locks between processes on one machine: a run belongs to one process, and a target to one run that changes it.
struct StateLocks: Sendable {
    let directory: String

    init(stateDirectory: String) throws {
        directory = stateDirectory + "/locks"
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw LockFileError(path: directory, reason: String(cString: strerror(errno)))
        }
    }

    /// Nil while another living process carries the run out.
    func run(_ id: String) throws -> LockFile? {
        try LockFile("\(directory)/run-\(id)")
    }

    /// Nil while another living process schedules on this state.
    func scheduler() throws -> LockFile? {
        try LockFile("\(directory)/scheduler")
    }

    /// Nil while another living process tells people about alerts.
    func alerts() throws -> LockFile? {
        try LockFile("\(directory)/alerts")
    }

    /// Nil while another living process asks checks all the time.
    func monitoring() throws -> LockFile? {
        try LockFile("\(directory)/monitoring")
    }

    /// Nil while another run changes something there.
    func target(_ target: Target) throws -> LockFile? {
        try LockFile("\(directory)/target-\(target.environment)-\(target.resource)")
    }
}
