import Glibc
import Maintenance

/// This machine, looked at through /proc, /sys and statvfs(3).
package struct Host: Sendable {
    let clock: WallClock
    private let blocking: Blocking
    /// Where /proc and /sys are; another directory in tests.
    private let root: String

    package init(clock: WallClock = .system, blocking: Blocking = Blocking(), root: String = "") {
        self.clock = clock
        self.blocking = blocking
        self.root = root
    }

    /// Takes as long as `interval`, since the use of the CPU is a difference. Throws `HostError`.
    package func facts(over interval: Duration = .seconds(1)) async throws -> HostFacts {
        let first = try sample()
        try await clock.sleep(for: interval)
        let second = try sample()
        let load = try parse("/proc/loadavg", ProcText.load)
        var memory = try parse("/proc/meminfo", ProcText.memory)
        limit(&memory)
        var pressure: [String: HostFacts.Pressure] = [:]
        for name in ["cpu", "io", "memory"] {
            pressure[name] = optional("/proc/pressure/\(name)").flatMap(ProcText.pressure)
        }
        let uptime = try uptime()
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return HostFacts(
            cores: cores, cpu: cpu(from: first, to: second, cores: cores), load: load, memory: memory,
            pressure: pressure, uptime: uptime,
            bootID: try parse("/proc/sys/kernel/random/boot_id") { $0.trimmingWhitespace() })
    }

    /// Since the machine was started. Throws `HostError`.
    package func uptime() throws -> Duration {
        let seconds = try parse("/proc/uptime") { $0.split(separator: " ").first.flatMap { Double($0) } }
        return .microseconds(Int64(seconds * 1_000_000))
    }

    /// May hang on a dead network mount: then it hangs a thread of its own.
    package func disk(at path: String) async throws -> DiskFacts {
        try await blocking.run { _ in
            var space = statvfs()
            var status = stat()
            guard statvfs(path, &space) == 0, stat(path, &status) == 0 else { throw FileError(.look, path, errno) }
            let block = Int64(space.f_frsize)
            let used = Double(space.f_blocks - space.f_bfree)
            return DiskFacts(
                path: path, device: UInt64(status.st_dev), total: ByteCount(Int64(space.f_blocks) * block),
                available: ByteCount(Int64(space.f_bavail) * block),
                used: Percentage(used, of: used + Double(space.f_bavail)), inodes: Int64(space.f_files),
                freeInodes: Int64(space.f_favail), isReadOnly: space.f_flag & UInt(ST_RDONLY) != 0)
        }
    }

    private struct Sample {
        var times: CPUTimes
        /// CPU time of the control group in microseconds, where there is one.
        var group: Int64?
        var taken: Duration
    }

    private func sample() throws -> Sample {
        Sample(
            times: try parse("/proc/stat", ProcText.cpuTimes),
            group: controlGroups.first.flatMap { optional("\($0)/cpu.stat") }.flatMap {
                ProcText.field("usage_usec", of: $0)
            }, taken: clock.monotonic())
    }

    private func cpu(from first: Sample, to second: Sample, cores: Int) -> HostFacts.CPU {
        let total = Double(second.times.total &- first.times.total)
        func share(_ value: (CPUTimes) -> UInt64) -> Percentage {
            // iowait may run backwards (proc(5)); that is no use at all.
            let difference = Double(value(second.times)) - Double(value(first.times))
            return Percentage(max(0, difference), of: total)
        }
        let interval = second.taken - first.taken
        var used = share(\.busy)
        let limits = controlGroups.compactMap { optional("\($0)/cpu.max").flatMap(ProcText.cpuLimit) }
        let limit = limits.min().flatMap { $0 < Double(cores) ? $0 : nil }
        if let limit, let before = first.group, let after = second.group, interval > .zero {
            used = Percentage(Double(after - before) / 1_000_000, of: limit * interval.inSeconds)
        }
        return HostFacts.CPU(
            used: used, limit: limit, waiting: share(\.waiting), stolen: share(\.stolen), interval: interval)
    }

    /// A control group's memory is what counts inside it: the least limit on the way up, and what that group has left,
    /// its page cache not counted, since the kernel gives that back first.
    private func limit(_ memory: inout HostFacts.Memory) {
        for group in controlGroups {
            guard let limit = optional("\(group)/memory.max").flatMap(ProcText.number), limit < memory.total.bytes,
                let current = optional("\(group)/memory.current").flatMap(ProcText.number)
            else { continue }
            let cache = optional("\(group)/memory.stat").flatMap { ProcText.field("inactive_file", of: $0) } ?? 0
            memory.total = ByteCount(limit)
            memory.limit = ByteCount(limit)
            memory.available = min(memory.available, ByteCount(max(0, limit - (current - cache))))
        }
    }

    /// This process's group and those above it; none without the unified hierarchy.
    private var controlGroups: [String] {
        guard var path = optional("/proc/self/cgroup").flatMap(ProcText.cgroup) else { return [] }
        var groups: [String] = []
        while path.count > 1 {
            groups.append("/sys/fs/cgroup\(path)")
            path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        }
        return groups + ["/sys/fs/cgroup"]
    }

    func parse<Value>(_ path: String, _ read: (String) -> Value?) throws -> Value {
        guard let value = read(try text(path)) else { throw HostError.malformed(path: root + path) }
        return value
    }

    func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(root + path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Files that not every kernel or container has.
    private func optional(_ path: String) -> String? { try? text(path) }

    private func text(_ path: String) throws(FileError) -> String {
        let bytes = try Descriptor.open(root + path).contents(limit: 1_048_576)
        guard let bytes else { throw .tooLong(path: root + path, limit: ByteCount(1_048_576)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The kernel wrote what is not understood.
package enum HostError: MaintenanceError, Equatable {
    case malformed(path: String)

    package var code: String { "host.malformed" }

    package var problem: String {
        switch self {
        case .malformed(let path): "'\(path.printable)' does not read as Linux writes it"
        }
    }

    package var hint: String? { "Mainstay needs Linux 3.14 or later, with /proc mounted." }
}
