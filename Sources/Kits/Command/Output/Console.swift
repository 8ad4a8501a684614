import Glibc
import Maintenance
import Synchronization

/// Standard output and standard error of this process, and what they are.
package final class Console: Sendable {
    package let isTerminal: Bool
    package let errorIsTerminal: Bool
    package let usesColor: Bool
    private let lock = Mutex(())

    /// - Parameter environment: `NO_COLOR` and `TERM` are kept.
    package init(environment: [String: String]) {
        isTerminal = isatty(STDOUT_FILENO) == 1
        errorIsTerminal = isatty(STDERR_FILENO) == 1
        let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
        usesColor = isatty(STDOUT_FILENO) == 1 && !isPlain
    }

    /// Columns of the terminal; nil where the output goes elsewhere and no line has to be cut.
    package var width: Int? {
        guard isTerminal else { return nil }
        return max(40, Self.columns(of: STDOUT_FILENO) ?? 80)
    }

    package var errorWidth: Int { max(40, Self.columns(of: STDERR_FILENO) ?? 80) }

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The result: standard output.
    package func print(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// The result, without a line break of ours.
    func write(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Everything else: standard error.
    package func note(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// To standard error without a line break: what a live line is made of.
    func draw(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    private func write(_ text: String, to descriptor: Int32) {
        lock.withLock { _ in
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                // A reader that has gone (a closed pipe) is no error of ours.
                guard written > 0 else { return }
                bytes = bytes.dropFirst(written)
            }
        }
    }
}

/// The few colours that carry meaning; never the only thing that does.
package struct Style: Sendable {
    let usesColor: Bool

    func apply(_ code: String, _ text: String) -> String { usesColor ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }

    func bold(_ text: String) -> String { apply("1", text) }
    func dim(_ text: String) -> String { apply("2", text) }
    func good(_ text: String) -> String { apply("32", text) }
    func warning(_ text: String) -> String { apply("33", text) }
    func bad(_ text: String) -> String { apply("31", text) }

    func severity(_ severity: Severity, _ text: String) -> String {
        switch severity {
        case .info: text
        case .warning: warning(text)
        case .critical: bad(text)
        }
    }

    func step(_ state: StepState) -> String {
        let text = "\(state.mark) \(state.rawValue)"
        return switch state {
        case .succeeded: good(text)
        case .pending, .running, .skipped: dim(text)
        case .waiting, .unproven, .uncertain, .cancelled: warning(text)
        case .failed, .refused: bad(text)
        }
    }
}

extension StepState {
    /// A mark of one column that says the same as the colour.
    var mark: String {
        switch self {
        case .succeeded: "✓"
        case .failed, .refused: "✗"
        case .unproven, .uncertain, .waiting: "?"
        case .pending, .running, .skipped, .cancelled: "·"
        }
    }
}
