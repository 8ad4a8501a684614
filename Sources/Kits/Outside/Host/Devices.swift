import CShims
import Maintenance

/// What disks and network cards did in a while.
package struct DeviceFacts: Sendable, Hashable {
    /// By device: share of the time in which it had something to do. Partitions and what lies over other devices do not
    /// count.
    package var disks: [String: Percentage]
    /// Bytes a second of all disks together.
    package var read: ByteCount
    package var written: ByteCount
    /// By interface but the loopback: packets since boot that were damaged or dropped, in both directions.
    package var lostPackets: [String: Int64]
    package var received: ByteCount
    package var sent: ByteCount
    package var interval: Duration
}

/// What the kernel's clock says of itself (adjtimex(2)).
package struct ClockFacts: Sendable, Hashable {
    /// Whether something like NTP keeps it.
    package var isSynchronised: Bool
    /// How far it may be off at most, as the kernel reckons.
    package var greatestError: Duration
}

extension Host {
    /// Takes as long as `interval`. Throws `HostError`.
    package func devices(over interval: Duration) async throws -> DeviceFacts {
        let (before, beforeNet) = try deviceSample()
        let began = clock.monotonic()
        try await clock.sleep(for: interval)
        let (after, afterNet) = try deviceSample()
        let elapsed = max(.milliseconds(1), clock.monotonic() - began)
        var busy: [String: Percentage] = [:]
        var (read, written) = (Int64(0), Int64(0))
        for (name, disk) in after {
            guard let old = before[name] else { continue }
            busy[name] = Percentage(min(100, Double(disk.busy - old.busy) / elapsed.inSeconds / 10))
            read += disk.read - old.read
            written += disk.written - old.written
        }
        func rate(_ bytes: Int64) -> ByteCount { ByteCount(Int64(Double(max(0, bytes)) / elapsed.inSeconds)) }
        let received = afterNet.values.reduce(0) { $0 + $1.received } - beforeNet.values.reduce(0) { $0 + $1.received }
        let sent = afterNet.values.reduce(0) { $0 + $1.sent } - beforeNet.values.reduce(0) { $0 + $1.sent }
        return DeviceFacts(
            disks: busy, read: rate(read), written: rate(written), lostPackets: afterNet.mapValues(\.lost),
            received: rate(received), sent: rate(sent), interval: elapsed)
    }

    private func deviceSample() throws -> ([String: ProcText.Disk], [String: ProcText.Interface]) {
        // A disk of its own has a directory there; a partition has none.
        let disks = try parse("/proc/diskstats", ProcText.disks).filter { name, _ in
            !["loop", "ram", "dm-", "md", "zram", "sr"].contains { name.hasPrefix($0) }
                && isDirectory("/sys/block/\(name)")
        }
        return (disks, try parse("/proc/net/dev", ProcText.interfaces).filter { $0.key != "lo" })
    }

    /// This machine's, always: there is one kernel.
    package func clockFacts() -> ClockFacts {
        var microseconds: Int = 0
        let isSynchronised = mainstay_clock_state(&microseconds) == 0
        return ClockFacts(isSynchronised: isSynchronised, greatestError: .microseconds(Int64(microseconds)))
    }
}

extension ProcText {
    struct Disk: Hashable {
        /// Bytes since boot.
        var read: Int64
        var written: Int64
        /// Milliseconds in which something was under way.
        var busy: Int64
    }

    /// /proc/diskstats (iostats.rst); its sectors have 512 bytes whatever the disk has.
    static func disks(_ text: String) -> [String: Disk]? {
        var disks: [String: Disk] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 14, let read = Int64(fields[5]), let written = Int64(fields[9]),
                let busy = Int64(fields[12])
            else { return nil }
            disks[String(fields[2])] = Disk(read: read * 512, written: written * 512, busy: busy)
        }
        return disks
    }

    struct Interface: Hashable {
        var received: Int64
        var sent: Int64
        /// Damaged and dropped packets of both directions.
        var lost: Int64
    }

    /// /proc/net/dev: two lines of headings, then `name: 8 numbers received, 8 sent`.
    static func interfaces(_ text: String) -> [String: Interface]? {
        var interfaces: [String: Interface] = [:]
        for line in text.split(separator: "\n").dropFirst(2) {
            guard let colon = line.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
            let numbers = line[line.utf8.index(after: colon)...].split(separator: " ").compactMap { Int64($0) }
            guard numbers.count >= 12 else { return nil }
            interfaces[line[..<colon].trimmingWhitespace()] = Interface(
                received: numbers[0], sent: numbers[8], lost: numbers[2] + numbers[3] + numbers[10] + numbers[11])
        }
        return interfaces
    }
}
