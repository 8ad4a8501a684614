import Glibc
import Maintenance

/// The machine's system log: one datagram a line to the socket that syslogd, rsyslog and journald listen on.
///
/// Not syslog(3), which says nothing when nobody listens and waits for ever when the listener does not read: whoever
/// relies on a line has to know whether it was taken. The form is what syslog(3) sends (RFC 3164, section 5).
package struct SystemLog: Sendable {
    package var path: String
    package var identifier: String

    package init(path: String = "/dev/log", identifier: String = "mainstay") {
        self.path = path
        self.identifier = identifier
    }

    /// Facility `user`, severity `notice`.
    private static let priority = Int32(LOG_USER) | Int32(LOG_NOTICE)

    /// Hands one line over. Nil where it was taken, else why not: `no such file or directory` where the machine has no
    /// system log.
    package func write(_ line: String, at now: Timestamp) -> String? {
        // A listener that does not read must not keep a run from ending.
        LocalDatagram(address: path).send(
            Array("<\(Self.priority)>\(Self.time(now)) \(identifier)[\(getpid())]: \(line.printable)".utf8))
    }

    /// `Nov 21 02:00:00`, in the machine's own time zone, as the form demands.
    private static func time(_ now: Timestamp) -> String {
        var seconds = time_t(now.microseconds / 1_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = parts.tm_mday < 10 ? " \(parts.tm_mday)" : "\(parts.tm_mday)"
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Int($0).padded(2) }.joined(separator: ":")
        return "\(months[Int(parts.tm_mon)]) \(day) \(clock)"
    }
}
