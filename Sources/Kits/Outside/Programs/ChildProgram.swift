import Maintenance

/// One child program as it is to be started: an argument vector, never a shell line unless it was asked for as one.
///
/// The child is the leader of a process group (or session) of its own, so that all it starts can be ended with it. It
/// inherits no descriptors but the three standard ones, no signal dispositions, and only the environment variables that
/// `environment` names.
package struct ChildProgram: Sendable {
    /// An absolute or relative path when it contains a slash, else a name that is looked for on the search path.
    package var executable: String
    /// Without the program's own name. Visible to every user of the machine: a secret belongs in `environment`.
    package var arguments: [String]
    package var environment: ChildEnvironment
    /// Nil inherits ours.
    package var workingDirectory: String?
    /// Nil keeps ours. Changing it needs root; supplementary groups are dropped with it.
    package var user: SystemUser?
    package var input: Input
    /// Counted from the start; nil for none. When it is over the group gets SIGTERM, then after `grace` SIGKILL.
    package var timeLimit: Duration?
    /// How long the group may take to end after SIGTERM, on a time-out and on cancellation.
    package var grace: Duration
    /// A session has no controlling terminal, so that a program cannot ask for a password there (setsid(2)).
    package var isolation: Isolation

    package init(
        _ executable: String, _ arguments: [String] = [], environment: ChildEnvironment = [:],
        workingDirectory: String? = nil, user: SystemUser? = nil, input: Input = .none, timeLimit: Duration? = nil,
        grace: Duration = .seconds(10), isolation: Isolation = .session
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.input = input
        self.timeLimit = timeLimit
        self.grace = grace
        self.isolation = isolation
    }

    /// A line that a person wrote for a shell; the one way to reach one.
    package static func shell(
        _ line: String, environment: ChildEnvironment = [:], timeLimit: Duration? = nil
    ) -> ChildProgram {
        ChildProgram("/bin/sh", ["-c", line], environment: environment, timeLimit: timeLimit)
    }

    package enum Isolation: Sendable {
        case processGroup, session
    }

    /// What the child reads. A child that stops reading early is no error of ours: its exit status says what it means.
    package enum Input: Sendable {
        /// /dev/null.
        case none
        case bytes([UInt8])
        /// Written as it comes; the next element is asked for when the child has taken the last.
        case stream(@Sendable (_ write: ([UInt8]) async throws -> Void) async throws -> Void)
        /// An open descriptor, read from its present offset; stays open and belongs to the caller.
        case descriptor(Int32)
    }

    /// The argument vector as one would type it: every argument quoted where a shell needs it, control characters
    /// shown. For people, dry runs and evidence; nothing ever runs it.
    package var commandLine: String {
        ([executable] + arguments).map(\.shellQuoted).joined(separator: " ").printable
    }
}
