import Maintenance

/// A child program that could not be started, or did not do what was asked.
package enum ProgramError: MaintenanceError, Equatable {
    /// Nowhere on the search path. `package` is the Debian package that has it, if known.
    case notInstalled(program: String, package: String?, searched: [String])
    case notExecutable(path: String, reason: String)
    case workingDirectory(path: String, reason: String)
    case noSuchUser(String)
    case cannotChangeUser(to: String)
    /// A NUL byte or a `=` where the system cannot carry one; the value is not shown, it may be secret.
    case invalidEnvironment(name: String)
    case invalidArgument(program: String, position: Int)
    case cannotStart(program: String, reason: String)
    case failed(commandLine: String, termination: ProgramOutcome.Termination, errorOutput: [String])

    package var code: String {
        switch self {
        case .notInstalled: "program.missing"
        case .notExecutable: "program.not-executable"
        case .workingDirectory: "program.working-directory"
        case .noSuchUser: "program.no-such-user"
        case .cannotChangeUser: "program.cannot-change-user"
        case .invalidEnvironment: "program.invalid-environment"
        case .invalidArgument: "program.invalid-argument"
        case .cannotStart: "program.cannot-start"
        case .failed(_, .timedOut, _): "program.timed-out"
        case .failed: "program.failed"
        }
    }

    package var problem: String {
        switch self {
        case .notInstalled(let program, _, let searched):
            "the program '\(program.printable)' is not installed (looked in \(searched.joined(separator: ", ").printable))"
        case .notExecutable(let path, let reason):
            "'\(path.printable)' cannot be run: \(reason)"
        case .workingDirectory(let path, let reason):
            "the working directory '\(path.printable)' cannot be used: \(reason)"
        case .noSuchUser(let name):
            "there is no user '\(name.printable)' on this machine"
        case .cannotChangeUser(let name):
            "only root can run a program as the user '\(name.printable)'"
        case .invalidEnvironment(let name):
            "the environment variable '\(name.printable)' has a name or a value that the system cannot carry"
        case .invalidArgument(let program, let position):
            "argument \(position) of '\(program.printable)' contains a NUL byte"
        case .cannotStart(let program, let reason):
            "'\(program.printable)' could not be started: \(reason)"
        case .failed(let commandLine, let termination, let errorOutput):
            "'\(commandLine.prefix(200))' \(termination)"
                + (errorOutput.isEmpty ? " without a message" : ": \(errorOutput.joined(separator: " / "))")
        }
    }

    package var hint: String? {
        switch self {
        case .notInstalled(_, let package?, _): "Install it: apt-get install \(package)"
        case .notInstalled: "Install it, or add its directory to PATH."
        case .notExecutable: "Check the path, and that it is a file with execute permission."
        case .workingDirectory: "Create the directory, or configure another one."
        case .noSuchUser: "Create the user, or configure another one."
        case .cannotChangeUser: "Run Mainstay as root, or as that user."
        case .invalidEnvironment, .invalidArgument: "Remove the NUL byte."
        case .cannotStart: nil
        case .failed(_, .timedOut, _): "Raise its time limit if it needs longer."
        case .failed: nil
        }
    }

    /// Only a lack of processes or memory passes by itself; what a program says about itself its caller knows.
    package var isRetryable: Bool {
        if case .cannotStart = self { true } else { false }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .notInstalled, .notExecutable, .workingDirectory, .noSuchUser, .cannotChangeUser, .invalidEnvironment,
            .invalidArgument:
            .configuration
        case .cannotStart, .failed: .failure
        }
    }
}
