import Maintenance

/// How a child program ended, how long it took and what it said.
package struct ProgramOutcome: Sendable {
    package var commandLine: String
    package var termination: Termination
    package var duration: Duration
    /// Empty when standard output was streamed or written to a file.
    package var output: CapturedOutput
    package var errorOutput: CapturedOutput

    package enum Termination: Sendable, Hashable {
        case exited(Int32)
        /// By a signal that was not ours.
        case signalled(Int32)
        /// Ended by us, because its time limit was over.
        case timedOut(after: Duration)
    }

    package var isSuccess: Bool { termination == .exited(0) }

    /// Itself, or `ProgramError.failed` when it did not exit with one of `statuses`.
    package func checked(accepting statuses: Set<Int32> = [0]) throws(ProgramError) -> ProgramOutcome {
        if case .exited(let status) = termination, statuses.contains(status) { return self }
        throw .failed(commandLine: commandLine, termination: termination, errorOutput: errorOutput.lastLines(6))
    }
}

extension ProgramOutcome.Termination: CustomStringConvertible {
    /// `exited with status 1`, `was ended by signal 9`, `was ended after 30 s`.
    package var description: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .timedOut(let limit): "was ended after its time limit of \(limit.short)"
        }
    }
}

/// What a child wrote, bounded: of a long output the first and the last part are kept, and how much is missing between.
package struct CapturedOutput: Sendable, Hashable {
    private let limit: Int
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    /// Bytes written by the child, kept or not.
    package private(set) var total = 0

    /// Keeps at most `limit` bytes.
    package init(limit: ByteCount) {
        self.limit = Int(max(2, limit.bytes))
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        total += bytes.count
        let room = limit - limit / 2 - head.count
        head.append(contentsOf: bytes.prefix(room))
        let rest = bytes.dropFirst(room)
        guard !rest.isEmpty else { return }
        tail.append(contentsOf: rest.suffix(limit / 2))
        // Twice the room, so that the bytes are moved rarely.
        if tail.count > limit { tail.removeFirst(tail.count - limit / 2) }
    }

    private var kept: ArraySlice<UInt8> { tail.suffix(limit / 2) }

    /// Bytes that were written and not kept; 0 when all is here.
    package var cut: Int { total - head.count - kept.count }

    /// All that was written, or nil when something was cut.
    package var bytes: [UInt8]? { cut == 0 ? head + kept : nil }

    /// As UTF-8, with invalid bytes replaced; where something is missing a line says how much. Raw: `printable` is for
    /// the caller who shows it.
    package var text: String {
        guard cut > 0 else { return String(decoding: head + kept, as: UTF8.self) }
        let (first, last) = (String(decoding: head, as: UTF8.self), String(decoding: kept, as: UTF8.self))
        return "\(first)\n[… \(ByteCount(Int64(cut))) not kept …]\n\(last)"
    }

    /// The last `count` lines that are not empty, printable, each at most 500 characters.
    package func lastLines(_ count: Int) -> [String] {
        let lines = String(decoding: (head + kept).suffix(64 * 1_024), as: UTF8.self).split(whereSeparator: \.isNewline)
        let filled = lines.filter { !$0.allSatisfy(\.isWhitespace) }
        return filled.suffix(count).map { String($0.prefix(500)).printable }
    }
}

extension ProgramOutcome {
    /// How it ended, as a verb and what belongs to it.
    package var ending: String {
        switch termination {
        case .exited(let status): "ended with \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .timedOut(let limit): "did not end within \(limit.short)"
        }
    }
}
