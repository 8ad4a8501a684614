import Glibc
import Maintenance

/// The service manager that started this process, and what it wants to be told: the protocol of sd_notify(3), which is
/// one datagram of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names.
package struct ServiceManager: Sendable {
    /// What a manager is told; one datagram each.
    package enum News: Sendable, Hashable {
        /// It does its work from here on.
        case ready
        /// It reads its configuration again; `ready` follows, whether the new one is used or not.
        case reloading
        case stopping
        /// It lives. Where nothing of this is heard for the watchdog's time, the manager ends the process.
        case alive
    }

    /// Nil where nobody wants to be told.
    let socket: String?
    /// How often it has to say that it lives, at least; nil where nobody watches.
    package let watchdog: Duration?

    /// - Parameter environment: of this process, as the manager made it.
    package init(environment: [String: String], process: Int32 = getpid()) {
        let name = environment["NOTIFY_SOCKET"] ?? ""
        socket = name.hasPrefix("/") || name.hasPrefix("@") ? name : nil
        let isMeant = environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = socket != nil && isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Tells it, with a line for people that `systemctl status` shows. Nil where it was taken or nobody wants to know,
    /// else why not.
    package func tell(_ news: News, status: String? = nil) -> String? {
        guard let socket else { return nil }
        var lines = news.lines
        if let status { lines.append("STATUS=\(status.printable)") }
        return LocalDatagram(address: socket).send(Array(lines.joined(separator: "\n").utf8))
    }
}

extension ServiceManager.News {
    fileprivate var lines: [String] {
        switch self {
        case .ready: ["READY=1"]
        case .reloading: ["RELOADING=1", "MONOTONIC_USEC=\(Self.monotonic)"]
        case .stopping: ["STOPPING=1"]
        case .alive: ["WATCHDOG=1"]
        }
    }

    /// Microseconds by the clock the manager compares with.
    private static var monotonic: Int64 {
        var time = timespec()
        guard clock_gettime(CLOCK_MONOTONIC, &time) == 0 else {
            preconditionFailure("the kernel has no monotonic clock")
        }
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
