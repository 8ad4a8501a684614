import Glibc

/// Programs that run on this machine, found by what they were started with (proc(5), /proc/PID/environ).
package struct StartedPrograms: Sendable {
    package init() {}

    /// The processes that were started with this environment variable and value, ours left out, as far as we may look.
    ///
    /// A program that is gone the next moment, or belongs to somebody else, is not in it.
    package func having(_ variable: String, _ value: String) -> [Int32] {
        let entry = Array("\(variable)=\(value)".utf8)
        return processes().filter { process in
            guard process != getpid(),
                let bytes = try? Descriptor.open("/proc/\(process)/environ").contents(limit: 262_144)
            else { return false }
            return bytes.split(separator: 0).contains { $0.elementsEqual(entry) }
        }
    }

    private func processes() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var processes: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { processes.append(number) }
        }
        return processes
    }
}
