import Glibc
import Maintenance

/// What tells one process of one machine from all others, also from a later one with the same id: `HOST BOOT PID START`.
package enum ProcessMark {
    /// This process's. What cannot be read of it is `-`.
    package static func own() -> String {
        let id = getpid()
        return [host, boot, String(id), start(of: id) ?? "-"].joined(separator: " ")
    }

    /// Whether it is known that the process has ended; of one on another machine nothing is known.
    package static func isOver(_ mark: String) -> Bool {
        let parts = mark.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == host, parts[1] != "-", let id = Int32(parts[2]) else { return false }
        guard parts[1] == boot else { return boot != "-" }
        guard kill(id, 0) == 0 || errno == EPERM else { return true }
        guard parts[3] != "-", let start = start(of: id) else { return false }
        return start != parts[3]
    }

    private static var host: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "-" }
        let name = withUnsafeBytes(of: &names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return name.isEmpty ? "-" : name.replacingBytes(of: " ", with: "-")
    }

    /// Of this start of the machine.
    private static var boot: String {
        text("/proc/sys/kernel/random/boot_id").map { $0.trimmingWhitespace() } ?? "-"
    }

    /// In clock ticks after the machine's (proc_pid_stat(5), field 22); nil where there is no such process.
    private static func start(of id: Int32) -> String? {
        guard let line = text("/proc/\(id)/stat"), let close = line.utf8.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = line[line.utf8.index(after: close)...].split(separator: " ")
        return fields.count > 19 ? String(fields[19]) : nil
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? Descriptor.open(path), let bytes = try? file.contents(limit: 4_096) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
