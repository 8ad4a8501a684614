import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("host", .temporaryDirectory)
struct HostTests {
    /// A machine of two cores as /proc and /sys show it; the files are the kernel's own texts.
    private func record(_ files: [String: String]) throws {
        for (path, text) in files {
            let url = URL(fileURLWithPath: TemporaryDirectory.current + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    private static let machine = [
        "/proc/stat": """
        cpu  1000 50 500 8000 400 10 40 100 0 0
        cpu0 500 25 250 4000 200 5 20 50 0 0
        intr 1234

        """,
        "/proc/loadavg": "0.52 1.25 3.00 2/345 6789\n",
        "/proc/meminfo": """
        MemTotal:       16384000 kB
        MemFree:          200000 kB
        MemAvailable:    4096000 kB
        SwapTotal:       2000000 kB
        SwapFree:        1500000 kB
        HugePages_Total:       0

        """,
        "/proc/uptime": "93784.12 180000.00\n",
        "/proc/sys/kernel/random/boot_id": "5f0f3a54-6c2f-4a3e-9b65-0f5b3f4d9a11\n",
        "/proc/self/cgroup": "0::/\n",
    ]

    /// The clock's sleep is where the second sample is put in place.
    private func facts(then later: [String: String]) async throws -> HostFacts {
        let manual = ManualClock()
        let host = Host(clock: manual.clock, root: TemporaryDirectory.current)
        return try await withThrowingTaskGroup(of: HostFacts.self) { tasks in
            tasks.addTask { try await host.facts(over: .seconds(2)) }
            await manual.sleepers(atLeast: 1)
            try record(later)
            manual.advance(by: .seconds(2))
            return try #require(try await tasks.next())
        }
    }

    @Test("recorded texts give the facts of that machine")
    func recorded() async throws {
        try record(Self.machine)
        // 200 ticks later: 60 user, 20 system, 80 idle, 30 waiting, 10 stolen.
        let facts = try await facts(then: ["/proc/stat": "cpu  1060 50 520 8080 430 10 40 110 0 0\n"])
        #expect(facts.cpu.used == Percentage(45))
        #expect(facts.cpu.waiting == Percentage(15))
        #expect(facts.cpu.stolen == Percentage(5))
        #expect(facts.cpu.limit == nil)
        #expect(facts.cpu.interval == .seconds(2))
        #expect([facts.load.oneMinute, facts.load.fiveMinutes, facts.load.fifteenMinutes] == [0.52, 1.25, 3])
        #expect(facts.memory.total == ByteCount(16_777_216_000))
        #expect(facts.memory.used == Percentage(75))
        #expect(facts.memory.swapFree == ByteCount(1_536_000_000))
        #expect(facts.pressure.isEmpty)
        #expect(facts.uptime == .milliseconds(93_784_120))
        #expect(facts.bootID == "5f0f3a54-6c2f-4a3e-9b65-0f5b3f4d9a11")
    }

    private static let devices = [
        "/proc/diskstats": """
           8       0 sda 100 0 2000 50 200 0 4000 80 0 1000 130 0 0 0 0 0 0
           8       1 sda1 90 0 1900 50 200 0 4000 80 0 900 130 0 0 0 0 0 0
         253       0 dm-0 100 0 2000 50 200 0 4000 80 0 1000 130 0 0 0 0 0 0
         259       0 nvme0n1 1 0 8 0 0 0 0 0 0 1 0 0 0 0 0 0 0

        """,
        "/sys/block/sda/size": "1\n", "/sys/block/nvme0n1/size": "1\n", "/sys/block/dm-0/size": "1\n",
        "/proc/net/dev": """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo: 500 5 9 9 0 0 0 0 500 5 9 9 0 0 0 0
          eth0: 1000 10 1 2 0 0 0 0 3000 20 3 4 0 0 0 0
        eth0:1: 0 0 0 0 0 0 0 0 0 0 0 5 0 0 0 0

        """,
    ]

    @Test("of disks what they did meanwhile counts, of network cards what was lost since the start")
    func devices() async throws {
        try record(Self.devices)
        let manual = ManualClock()
        let host = Host(clock: manual.clock, root: TemporaryDirectory.current)
        let facts = try await withThrowingTaskGroup(of: DeviceFacts.self) { tasks in
            tasks.addTask { try await host.devices(over: .seconds(2)) }
            await manual.sleepers(atLeast: 1)
            // Two seconds later: busy for 500 ms, 8 sectors read, 40 written; a disk was pulled.
            try record([
                "/proc/diskstats": "   8       0 sda 101 0 2008 50 205 0 4040 80 0 1500 130 0 0 0 0 0 0\n",
                "/proc/net/dev": "a\nb\n  eth0: 3000 10 1 2 0 0 0 0 3500 20 3 5 0 0 0 0\n",
            ])
            manual.advance(by: .seconds(2))
            return try #require(try await tasks.next())
        }
        #expect(facts.disks == ["sda": Percentage(25)])
        #expect(facts.read == ByteCount(2_048))
        #expect(facts.written == ByteCount(10_240))
        #expect(facts.lostPackets == ["eth0": 11])
        #expect(facts.received == ByteCount(1_000))
        #expect(facts.sent == ByteCount(250))
        #expect(facts.interval == .seconds(2))
        // A card's second address has a colon in its name; the loopback and what lies over other disks do not count.
        try record(Self.devices)
        let still = try await host.devices(over: .zero)
        #expect(still.lostPackets == ["eth0": 10, "eth0:1": 5])
        #expect(Set(still.disks.keys) == ["sda", "nvme0n1"])
    }

    @Test("device texts that are none are refused")
    func brokenDevices() async throws {
        for path in ["/proc/diskstats", "/proc/net/dev"] {
            try record(Self.devices)
            try record([path: "a\nb\nnonsense\n"])
            await #expect(throws: HostError.self) {
                try await Host(root: TemporaryDirectory.current).devices(over: .zero)
            }
        }
    }

    @Test("the kernel says how far its clock may be off")
    func clock() {
        let clock = Host().clockFacts()
        #expect(clock.greatestError >= .zero)
        // adjtimex(2): the error grows without end, to at most 16 s, while nobody keeps the clock.
        #expect(!clock.isSynchronised || clock.greatestError < .seconds(17))
    }

    @Test("inside a control group its limits count, also those of a group above")
    func controlGroup() async throws {
        var machine = Self.machine
        machine["/proc/self/cgroup"] = "0::/shop.slice/mainstay.service\n"
        let group = "/sys/fs/cgroup/shop.slice"
        machine["\(group)/cpu.max"] = "50000 100000\n"
        machine["\(group)/mainstay.service/cpu.max"] = "max 100000\n"
        machine["\(group)/mainstay.service/cpu.stat"] = "usage_usec 1000000\nuser_usec 1\n"
        machine["\(group)/memory.max"] = "1073741824\n"
        machine["\(group)/memory.current"] = "900000000\n"
        machine["\(group)/memory.stat"] = "anon 1\ninactive_file 363129088\n"
        machine["\(group)/mainstay.service/memory.max"] = "max\n"
        try record(machine)
        let facts = try await facts(then: ["\(group)/mainstay.service/cpu.stat": "usage_usec 1750000\n"])
        #expect(facts.cpu.limit == 0.5)
        // 0.75 s of the 1 s that half a core has in two seconds.
        #expect(facts.cpu.used == Percentage(75))
        #expect(facts.memory.limit == ByteCount(1_073_741_824))
        #expect(facts.memory.available == ByteCount(1_073_741_824 - 536_870_912))
        #expect(facts.memory.used == Percentage(50))
    }

    @Test("pressure is read where the kernel keeps it")
    func pressure() async throws {
        var machine = Self.machine
        machine["/proc/pressure/io"] = """
            some avg10=0.00 avg60=12.50 avg300=6.20 total=180774165
            full avg10=0.00 avg60=3.25 avg300=0.00 total=7

            """
        machine["/proc/pressure/cpu"] = "some avg10=0.60 avg60=1.77 avg300=6.20 total=1\n"
        try record(machine)
        let facts = try await facts(then: [:])
        #expect(facts.pressure["io"]?.some == Percentage(12.5))
        #expect(facts.pressure["io"]?.full == Percentage(3.25))
        #expect(facts.pressure["cpu"]?.some == Percentage(1.77))
        #expect(facts.pressure["cpu"]?.full == nil)
        #expect(facts.pressure["memory"] == nil)
    }

    @Test(
        "a text that is not the kernel's is an error with its path, not a zero",
        arguments: ["/proc/stat", "/proc/meminfo", "/proc/loadavg"])
    func malformed(path: String) async throws {
        try record(Self.machine)
        try record([path: "nonsense\n"])
        let host = Host(root: TemporaryDirectory.current)
        await #expect(throws: HostError.malformed(path: TemporaryDirectory.current + path)) {
            try await host.facts(over: .zero)
        }
    }

    @Test("a missing text is an error with its path")
    func missing() async throws {
        let error = await #expect(throws: FileError.self) {
            try await Host(root: TemporaryDirectory.current).facts(over: .zero)
        }
        #expect(error?.problem == "there is no '\(TemporaryDirectory.current)/proc/stat'")
    }

    @Test("this machine has cores, memory, a load and a boot, and df agrees about its disk")
    func live() async throws {
        let facts = try await Host().facts(over: .milliseconds(50))
        #expect(facts.cores >= 1)
        #expect((0...100).contains(facts.cpu.used.value))
        #expect(facts.memory.available > ByteCount(0) && facts.memory.available < facts.memory.total)
        #expect(facts.uptime > .zero)
        #expect(facts.bootID.count == 36)
        let disk = try await Host().disk(at: "/")
        let df = try await programs.run(ChildProgram("df", ["-P", "-B1", "/"])).checked().output.text
        let fields = try #require(df.split(separator: "\n").last).split(separator: " ")
        #expect(disk.total == ByteCount(try #require(Int64(fields[1]))))
        let percent = try #require(Double(fields[4].dropLast()))
        // df rounds up; other tests write meanwhile.
        #expect(abs(disk.used.value - percent) <= 1.5)
        #expect(disk.freeInodes <= disk.inodes)
        let error = await #expect(throws: FileError.self) { try await Host().disk(at: "/no/such/place") }
        #expect(error?.isMissing == true)
    }
}
