import Maintenance

/// The text formats of /proc and /sys, read without any input (proc(5), cgroup-v2.rst, psi.rst). Nil where a text is
/// not what the kernel writes.
enum ProcText {
    /// The first line of /proc/stat.
    static func cpuTimes(_ text: String) -> CPUTimes? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else { return nil }
        let ticks = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        // user nice system idle iowait irq softirq steal; guest time is part of user.
        guard ticks.count >= 4 else { return nil }
        let counted = ticks.prefix(8)
        let idle = ticks[3] + (ticks.count > 4 ? ticks[4] : 0)
        return CPUTimes(
            busy: counted.reduce(0, &+) &- idle, total: counted.reduce(0, &+), waiting: ticks.count > 4 ? ticks[4] : 0,
            stolen: ticks.count > 7 ? ticks[7] : 0)
    }

    /// /proc/loadavg.
    static func load(_ text: String) -> HostFacts.Load? {
        let numbers = text.split(separator: " ").prefix(3).compactMap { Double($0) }
        guard numbers.count == 3 else { return nil }
        return HostFacts.Load(oneMinute: numbers[0], fiveMinutes: numbers[1], fifteenMinutes: numbers[2])
    }

    /// `Name:   123 kB` lines of /proc/meminfo, in bytes.
    static func memory(_ text: String) -> HostFacts.Memory? {
        var values: [Substring: Int64] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == ":" })
            guard fields.count >= 2, let number = Int64(fields[1]) else { continue }
            values[fields[0]] = fields.last == "kB" ? number * 1_024 : number
        }
        guard let total = values["MemTotal"], let available = values["MemAvailable"] else { return nil }
        return HostFacts.Memory(
            total: ByteCount(total), available: ByteCount(available),
            swapTotal: ByteCount(values["SwapTotal"] ?? 0), swapFree: ByteCount(values["SwapFree"] ?? 0),
            limit: nil)
    }

    /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and `full …` of /proc/pressure.
    static func pressure(_ text: String) -> HostFacts.Pressure? {
        func share(_ kind: String) -> Percentage? {
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(kind) ") }),
                let field = line.split(separator: " ").first(where: { $0.hasPrefix("avg60=") }),
                let number = Double(field.dropFirst(6))
            else { return nil }
            return Percentage(number)
        }
        guard let some = share("some") else { return nil }
        return HostFacts.Pressure(some: some, full: share("full"))
    }

    /// The path of this process in the unified hierarchy: the line `0::/path` of /proc/self/cgroup.
    static func cgroup(_ text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
    }

    /// `200000 100000` of cpu.max is two cores; `max 100000` is no limit.
    static func cpuLimit(_ text: String) -> Double? {
        let fields = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        guard fields.count == 2, let quota = fields[0], let period = fields[1], period > 0 else { return nil }
        return quota / period
    }

    /// A single number, as memory.max and memory.current have it; nil for `max`.
    static func number(_ text: String) -> Int64? { Int64(text.trimmingWhitespace()) }

    /// One `name number` line, as memory.stat and cpu.stat have them.
    static func field(_ name: String, of text: String) -> Int64? {
        text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }.flatMap { Int64($0.dropFirst(name.count + 1)) }
    }
}

/// Counters of /proc/stat over all cores, in clock ticks since boot.
struct CPUTimes: Hashable {
    var busy: UInt64
    var total: UInt64
    var waiting: UInt64
    var stolen: UInt64
}
