import Glibc
import Maintenance

/// How a writer learns that its log has another name now.
package enum WriterNotice: Sendable, Hashable {
    /// A signal to the process whose number a file holds.
    case signal(Int32, pidFile: String)
    /// A program and its arguments, never through a shell.
    case command([String])

    /// Throws `NoticeError`, `FileError` or `ProgramError`.
    package func send(with programs: Programs) async throws {
        switch self {
        case .signal(let signal, let pidFile):
            let process = try Self.process(in: pidFile)
            guard kill(process, signal) == 0 else {
                throw NoticeError.notSent(process: process, pidFile: pidFile, reason: systemReason(errno))
            }
        case .command(let arguments):
            guard let program = arguments.first else { throw NoticeError.emptyCommand }
            let child = ChildProgram(program, Array(arguments.dropFirst()), timeLimit: .seconds(60))
            _ = try await programs.run(child).checked()
        }
    }

    private static func process(in path: String) throws -> Int32 {
        let bytes = try Descriptor.open(path).contents(limit: 64) ?? []
        let text = String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
        // 0, negative numbers and 1 mean groups, everybody and the system itself to kill(2).
        guard let process = Int32(text), process > 1, process != getpid() else {
            throw NoticeError.malformed(pidFile: path, content: String(text.prefix(40)))
        }
        return process
    }
}

/// A writer that could not be told.
package enum NoticeError: MaintenanceError, Equatable {
    case malformed(pidFile: String, content: String)
    case notSent(process: Int32, pidFile: String, reason: String)
    case emptyCommand

    package var code: String {
        switch self {
        case .malformed, .emptyCommand: "log.notice-malformed"
        case .notSent: "log.notice-failed"
        }
    }

    package var problem: String {
        switch self {
        case .malformed(let pidFile, let content):
            "'\(pidFile.printable)' holds '\(content.printable)' and not the number of a process"
        case .notSent(let process, let pidFile, let reason):
            "process \(process) of '\(pidFile.printable)' could not be signalled: \(reason)"
        case .emptyCommand: "the command that tells the writer is empty"
        }
    }

    package var hint: String? { "The renamed log goes on being written to; tell the writer, then run this again." }
}
