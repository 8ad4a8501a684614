import Foundation

/// An error in the house's voice: what was found against what was needed, and what to do next.
///
/// One enum per kit or capability conforms; its cases carry values and one `switch` words them.
package protocol MaintenanceError: Error, Sendable, CustomStringConvertible {
    /// Stable and dotted, for programs: `postgresql.unreachable`.
    var code: String { get }
    /// One lowercase clause without a full stop; the user's values stand in single quotes.
    var problem: String { get }
    /// A sentence that says what to do next, with the command.
    var hint: String? { get }
    /// Whether trying the same thing again may work. It belongs to the error, not to the caller.
    var isRetryable: Bool { get }
    var exitStatus: ExitStatus { get }
}

extension MaintenanceError {
    package var hint: String? { nil }
    package var isRetryable: Bool { false }
    package var exitStatus: ExitStatus { .failure }
    package var description: String { hint.map { "\(problem)\nhint: \($0)" } ?? problem }
}

/// A `MaintenanceError` as the store keeps it and as `--format json` and the API show it.
package struct ErrorReport: Codable, Hashable, Sendable, MaintenanceError {
    package var code: String
    package var problem: String
    package var hint: String?
    package var isRetryable: Bool
    package var exitStatus: ExitStatus

    package init(
        code: String, problem: String, hint: String? = nil, isRetryable: Bool = false,
        exitStatus: ExitStatus = .failure
    ) {
        self.code = code
        self.problem = problem
        self.hint = hint
        self.isRetryable = isRetryable
        self.exitStatus = exitStatus
    }

    /// Any error; one that is not in the house's voice is reported as `internal` with its own description.
    package init(_ error: any Error) {
        switch error {
        case let report as ErrorReport: self = report
        case let error as any MaintenanceError:
            self.init(
                code: error.code, problem: error.problem, hint: error.hint, isRetryable: error.isRetryable,
                exitStatus: error.exitStatus)
        case is CancellationError:
            self.init(code: "cancelled", problem: "cancelled", exitStatus: .interrupted)
        case let error as CocoaError: self.init(error)
        default:
            self.init(code: "internal", problem: String(describing: error))
        }
    }

    /// Foundation's word about a file, whose own description is a dictionary: the path, and what the system said.
    private init(_ error: CocoaError) {
        let system = (error.underlying as NSError?).flatMap { $0.domain == NSPOSIXErrorDomain ? $0.code : nil }
        guard let path = error.filePath ?? error.url?.path, let system else {
            self.init(code: "internal", problem: error.localizedDescription)
            return
        }
        let reason = system == Int(ENOSPC) ? "the disk is full" : String(cString: strerror(Int32(system))).lowercased()
        self.init(code: "file.system", problem: "'\(path)' cannot be used: \(reason)")
    }
}
