import Maintenance
import Subprocess
import SystemPackage

extension Programs {
    /// Runs it to its end and keeps what it wrote, up to a limit per stream.
    ///
    /// Throws `ProgramError` when it could not be started and `CancellationError` when the task was cancelled, after
    /// the whole process group is gone. Any other end is an outcome: look at it, or call `checked()`.
    nonisolated(nonsending) package func run(_ program: ChildProgram, keeping limit: ByteCount = ByteCount(1_048_576))
        async throws -> ProgramOutcome
    {
        var captured = CapturedOutput(limit: limit)
        var outcome = try await run(program) { captured.append($0) }
        outcome.output = captured
        return outcome
    }

    /// Runs it and hands over its standard output line by line; a line over `limit` bytes comes cut.
    nonisolated(nonsending) package func run(
        _ program: ChildProgram, limit: Int = 1_048_576, lines consume: (LineSplitter.Line) throws -> Void
    ) async throws -> ProgramOutcome {
        var splitter = LineSplitter(limit: limit)
        let outcome = try await run(program) { try splitter.feed($0, consume) }
        if let last = splitter.finish() { try consume(last) }
        return outcome
    }

    /// Runs it and hands over its standard output as it comes, in chunks of up to a pipe's size (64 kB); the next is
    /// read when `consume` has returned, so that memory stays bounded and a slow consumer slows the program down.
    ///
    /// An error of `consume` ends the program's group and is thrown on.
    nonisolated(nonsending) package func run(
        _ program: ChildProgram, output consume: nonisolated(nonsending) ([UInt8]) async throws -> Void
    ) async throws -> ProgramOutcome {
        try await supervise(program) { launch in
            switch program.input {
            case .none: try await launch.run(reading: NoInput.none, consume)
            case .descriptor(let number): try await launch.run(reading: Self.input(number), consume)
            case .bytes, .stream: try await launch.run(reading: WrittenInput(program.input), consume)
            }
        }
    }

    /// Runs it with its standard output going straight to an open descriptor, which stays open.
    nonisolated(nonsending) package func run(_ program: ChildProgram, into descriptor: Int32) async throws
        -> ProgramOutcome
    {
        try await supervise(program) { launch in
            switch program.input {
            case .none: try await launch.run(reading: NoInput.none, into: descriptor)
            case .descriptor(let number): try await launch.run(reading: Self.input(number), into: descriptor)
            case .bytes, .stream: try await launch.run(reading: WrittenInput(program.input), into: descriptor)
            }
        }
    }

    private static func input(_ descriptor: Int32) -> FileDescriptorInput {
        .fileDescriptor(FileDescriptor(rawValue: descriptor), closeAfterSpawningProcess: false)
    }

    /// Everything around the run itself: the checks before, the time limit, the end of the group, the outcome.
    private nonisolated(nonsending) func supervise(
        _ program: ChildProgram, _ body: nonisolated(nonsending) (ChildLaunch) async throws -> TerminationStatus
    ) async throws -> ProgramOutcome {
        let launch = ChildLaunch(configuration: try configuration(for: program))
        try Task.checkCancellation()
        let began = clock.monotonic()
        // Whatever came back: Subprocess's own teardown ends when the leader does and leaves the rest of the group.
        defer { launch.group.end() }
        let status: TerminationStatus
        do {
            status = try await withThrowingTaskGroup(of: Void.self) { tasks in
                defer { tasks.cancelAll() }
                if let limit = program.timeLimit {
                    tasks.addTask {
                        try await clock.sleep(for: limit)
                        launch.group.timeOut()
                        try await clock.sleep(for: program.grace)
                        launch.group.kill()
                    }
                }
                return try await body(launch)
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw Self.translated(error, program)
        } catch {
            try Task.checkCancellation()
            throw error
        }
        try Task.checkCancellation()
        let errorOutput = launch.errorOutput.current
        // What cannot be run all the same, only setpriv can say.
        let refusal = "setpriv: failed to execute "
        if program.user != nil, [.exited(126), .exited(127)].contains(status), errorOutput.text.hasPrefix(refusal) {
            let words = errorOutput.text.trimmingWhitespace().dropFirst(refusal.count)
            throw ProgramError.notExecutable(
                path: program.executable, reason: words.split(separator: ": ").last.map(String.init) ?? String(words))
        }
        let termination: ProgramOutcome.Termination =
            switch (launch.group.isTimedOut, program.timeLimit, status) {
            case (true, let limit?, _): .timedOut(after: limit)
            case (_, _, .exited(let code)): .exited(code)
            case (_, _, .signaled(let signal)): .signalled(signal)
            }
        return ProgramOutcome(
            commandLine: program.commandLine, termination: termination, duration: clock.monotonic() - began,
            output: CapturedOutput(limit: ByteCount(2)), errorOutput: errorOutput)
    }

    private func configuration(for program: ChildProgram) throws(ProgramError) -> Configuration {
        var path = try find(program.executable)
        var arguments = program.arguments
        for (position, argument) in program.arguments.enumerated() where argument.utf8.contains(0) {
            throw .invalidArgument(program: program.executable, position: position + 1)
        }
        var options = PlatformOptions()
        var user: SystemUser?
        if let wanted = program.user, wanted.id != SystemUser.current.id {
            guard SystemUser.isRoot else { throw .cannotChangeUser(to: wanted.name) }
            user = wanted
            (path, arguments) = try changingUser(to: wanted, path, arguments)
        }
        switch program.isolation {
        case .processGroup: options.processGroupID = 0
        case .session: options.createSession = true
        }
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: program.grace)
        ]
        var values: [[UInt8]] = []
        for (name, value) in program.environment.resolved(from: environment, user: program.user) {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")), !name.utf8.contains(0), !value.utf8.contains(0)
            else { throw .invalidEnvironment(name: name) }
            values.append(Array("\(name)=\(value)\0".utf8))
        }
        // A user who gave up root may not be allowed to stand in our directory.
        let directory = program.workingDirectory ?? (user == nil ? nil : "/")
        return Configuration(
            executable: .path(FilePath(path)), arguments: Arguments(arguments), environment: .custom(values),
            workingDirectory: directory.map { FilePath($0) }, platformOptions: options)
    }

    /// Through setpriv(1), which takes the place of the program that it starts. Subprocess would call setgroups(3) between
    /// clone(2) and execve(2): glibc waits there for every thread it knows of, and for ever for one that was just being
    /// made, since the child has none of them.
    private func changingUser(to user: SystemUser, _ path: String, _ arguments: [String]) throws(ProgramError)
        -> (path: String, arguments: [String])
    {
        (
            try find("setpriv", in: ["/usr/bin", "/bin"]),
            ["--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--", path] + arguments
        )
    }

    private static func translated(_ error: SubprocessError, _ program: ChildProgram) -> ProgramError {
        let reason = error.underlyingError.map { systemReason($0.rawValue) } ?? error.description
        return switch error.code {
        case .executableNotFound: .notExecutable(path: program.executable, reason: reason)
        case .failedToChangeWorkingDirectory: .workingDirectory(path: program.workingDirectory ?? "/", reason: reason)
        default: .cannotStart(program: program.executable, reason: reason)
        }
    }
}
