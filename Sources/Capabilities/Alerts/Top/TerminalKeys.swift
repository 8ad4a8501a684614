import Glibc
import Outside

/// Keys of the terminal as they are pressed, without a line's end and without an echo. Signals stay signals.
struct TerminalKeys: Sendable {
    enum Key: Hashable, Sendable {
        case up, down
        case letter(UInt8)
    }

    private let blocking = Blocking(label: "mainstay.keys")
    private let before: termios

    /// Nil where standard input is no terminal.
    init?() {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0 else { return nil }
    }

    /// As it was before.
    func restore() {
        var settings = before
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// The keys that were pressed meanwhile; none after the time.
    ///
    /// - Parameter milliseconds: how long the first one is waited for.
    func next(within milliseconds: Int32) async throws -> [Key] {
        let bytes = try await blocking.run { _ -> [UInt8] in
            var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, milliseconds) > 0 else { return [] }
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            // The end of the input ends the view.
            return count > 0 ? Array(bytes.prefix(count)) : [UInt8(ascii: "q")]
        }
        return Self.keys(bytes)
    }

    /// Arrows come as ESC [ A and ESC [ B (ECMA-48, 8.3.22 and 8.3.19), or with O in place of [.
    static func keys(_ bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x1b, let second = rest.first, second == UInt8(ascii: "[") || second == UInt8(ascii: "O")
            else {
                keys.append(.letter(byte))
                continue
            }
            rest.removeFirst()
            switch rest.popFirst() {
            case UInt8(ascii: "A"): keys.append(.up)
            case UInt8(ascii: "B"): keys.append(.down)
            default: break
            }
        }
        return keys
    }

    /// Rows of the terminal; 24 where it does not say.
    static var rows: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
        return Int(size.ws_row)
    }
}
