import Glibc
import Maintenance
import Subprocess
import Synchronization
import SystemPackage

/// One start of a child program: what goes to Subprocess, and what comes back beside its exit status.
struct ChildLaunch: Sendable {
    let configuration: Configuration
    let group = ChildGroup()
    let errorOutput = SharedCapture(limit: ByteCount(256 * 1_024))

    nonisolated(nonsending) func run<Input: InputProtocol>(
        reading input: Input, _ consume: nonisolated(nonsending) ([UInt8]) async throws -> Void
    ) async throws -> TerminationStatus {
        try await Subprocess.run(configuration, input: input, output: .sequence, error: .sequence) { execution in
            group.begin(leader: execution.processIdentifier.value)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await collectErrors(execution.standardError) }
                for try await chunk in execution.standardOutput {
                    try await consume(chunk.withUnsafeBytes { Array($0) })
                }
                try await tasks.waitForAll()
            }
        }.terminationStatus
    }

    nonisolated(nonsending) func run<Input: InputProtocol>(reading input: Input, into descriptor: Int32) async throws
        -> TerminationStatus
    {
        let output = FileDescriptorOutput.fileDescriptor(
            FileDescriptor(rawValue: descriptor), closeAfterSpawningProcess: false)
        return try await Subprocess.run(configuration, input: input, output: output, error: .sequence) { execution in
            group.begin(leader: execution.processIdentifier.value)
            try await collectErrors(execution.standardError)
        }.terminationStatus
    }

    private func collectErrors(_ stream: SubprocessOutputSequence) async throws {
        for try await chunk in stream { errorOutput.append(chunk.withUnsafeBytes { Array($0) }) }
    }
}

/// The process group of one child, which has the child's own number while the child is not reaped.
///
/// It is signalled only between `begin` and `end`, under one lock, so that no signal goes to a number that has been
/// given away.
final class ChildGroup: Sendable {
    private struct State {
        var leader: pid_t?
        var isTimedOut = false
    }

    private let state = Mutex(State())

    var isTimedOut: Bool { state.withLock { $0.isTimedOut } }

    func begin(leader: pid_t) {
        state.withLock { state in
            state.leader = leader
            // The limit was over before the child was there.
            if state.isTimedOut { Glibc.kill(-leader, SIGTERM) }
        }
    }

    func timeOut() {
        state.withLock { state in
            state.isTimedOut = true
            if let leader = state.leader { Glibc.kill(-leader, SIGTERM) }
        }
    }

    func kill() {
        state.withLock { state in
            if let leader = state.leader { Glibc.kill(-leader, SIGKILL) }
        }
    }

    /// Ends what is left of the group. The leader is reaped by now; its number cannot be given away while a member of
    /// its group lives, and if none does the signal finds nobody.
    func end() {
        state.withLock { state in
            if let leader = state.leader { Glibc.kill(-leader, SIGKILL) }
            state.leader = nil
        }
    }
}

/// What a child task collects while its parent reads something else.
final class SharedCapture: Sendable {
    private let captured: Mutex<CapturedOutput>

    init(limit: ByteCount) { captured = Mutex(CapturedOutput(limit: limit)) }

    func append(_ bytes: [UInt8]) { captured.withLock { $0.append(bytes) } }

    var current: CapturedOutput { captured.withLock { $0 } }
}

/// Input that we write. A child that closes its end early is not our error: the write stops, the exit status tells.
struct WrittenInput: InputProtocol {
    let input: ChildProgram.Input

    init(_ input: ChildProgram.Input) { self.input = input }

    func write(with writer: StandardInputWriter) async throws {
        do {
            switch input {
            case .none, .descriptor: break
            case .bytes(let bytes): _ = try await writer.write(bytes)
            case .stream(let produce): try await produce { _ = try await writer.write($0) }
            }
        } catch let error as SubprocessError where error.code == .failedToWriteToSubprocess {}
    }
}
