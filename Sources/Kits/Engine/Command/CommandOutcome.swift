import Maintenance
import Outside

/// How a command ended, as it is kept: the witness that tells a command that ended from one that a crash hid.
struct CommandOutcome: Codable, Sendable, Hashable {
    var isExpected: Bool
    /// `exited with status 3`, `was ended after its time limit of 5 s`, `was interrupted`.
    var ending: String
    var exitStatus: Int32?
    /// Whether it was ended because whoever ran it was: what it had done by then it could not say. Nil is not.
    var wasInterrupted: Bool?
    var seconds: Double?
    /// Both as far as they were kept, without secrets of the step's variables.
    var output: String
    var errorOutput: String

    init(_ outcome: ProgramOutcome, _ expected: [Int], hiding secrets: [Secret]) {
        ending = outcome.termination.description
        if case .exited(let status) = outcome.termination { exitStatus = status }
        isExpected = exitStatus.map { expected.contains(Int($0)) } ?? false
        seconds = outcome.duration.inSeconds
        output = Self.hidden(outcome.output.text, secrets)
        errorOutput = Self.hidden(outcome.errorOutput.text, secrets)
    }

    /// It never started, or was ended because whoever ran it was interrupted.
    init(_ error: any Error) {
        isExpected = false
        wasInterrupted = error is CancellationError
        ending = error is CancellationError ? "was interrupted" : "did not start: \(ErrorReport(error).problem)"
        output = ""
        errorOutput = ""
    }

    /// How it ended, with the end of what it said.
    var words: String {
        let said = (errorOutput.isEmpty ? output : errorOutput).split(whereSeparator: \.isNewline).suffix(3)
        guard !said.isEmpty else { return ending }
        return "\(ending): " + said.map { String($0.prefix(200)).printable }.joined(separator: " / ")
    }

    var evidence: Facts {
        var facts: Facts = [:]
        if let exitStatus { facts["exit status"] = .integer(Int64(exitStatus)) }
        if let seconds { facts["seconds"] = .number((seconds * 1_000).rounded() / 1_000) }
        if !output.isEmpty { facts["output"] = .text(output) }
        if !errorOutput.isEmpty { facts["error output"] = .text(errorOutput) }
        return facts
    }

    /// What came from elsewhere and is long enough to be known again does not stay in what is kept.
    private static func hidden(_ text: String, _ secrets: [Secret]) -> String {
        secrets.map { $0.reveal() }.filter { $0.utf8.count >= 4 }.sorted { $0.utf8.count > $1.utf8.count }
            .reduce(text) { $0.replacingBytes(of: $1, with: "•••") }
    }
}

/// A command that did not do what the routine expects of it.
enum CommandStepError: MaintenanceError {
    /// `mayRepeat`: doing it again does no harm.
    case ended(command: String, CommandOutcome, mayRepeat: Bool)
    case stillRuns(command: String, process: Int32)
    case malformed(String)

    var code: String {
        switch self {
        case .ended: "command.failed"
        case .stillRuns: "command.still-runs"
        case .malformed: "command.malformed"
        }
    }

    var problem: String {
        switch self {
        case .ended(let command, let outcome, _): "'\(command)' \(outcome.words)"
        case .stillRuns(let command, let process): "'\(command)' of a killed run still runs as process \(process)"
        case .malformed(let argument): "'\(argument.printable)' is no argument of a command step"
        }
    }

    var hint: String? {
        switch self {
        case .ended: "'mainstay show --verbose' has all that it said."
        case .stillRuns: "Wait for it, or end it; then 'mainstay resume' goes on."
        case .malformed: nil
        }
    }

    var isRetryable: Bool {
        switch self {
        // It ends by itself, and is waited for.
        case .stillRuns: true
        case .ended(_, _, let mayRepeat): mayRepeat
        case .malformed: false
        }
    }
}
