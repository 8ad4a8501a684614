import Maintenance

/// What this machine has and how much of it is used.
package struct HostFacts: Sendable, Hashable {
    package var cores: Int
    /// Over the interval that was looked at.
    package var cpu: CPU
    package var load: Load
    package var memory: Memory
    /// By resource: `cpu`, `io`, `memory`; empty where the kernel does not keep it (before 4.20, or switched off).
    package var pressure: [String: Pressure]
    package var uptime: Duration
    /// Changes with every boot.
    package var bootID: String

    package struct CPU: Sendable, Hashable {
        /// Of all cores, or of what the control group may use where that is less.
        package var used: Percentage
        /// Cores; nil without a limit.
        package var limit: Double?
        /// Of all cores: waiting for a disk, and taken by the hypervisor for others.
        package var waiting: Percentage
        package var stolen: Percentage
        package var interval: Duration
    }

    /// Processes that run or wait, averaged.
    package struct Load: Sendable, Hashable {
        package var oneMinute: Double
        package var fiveMinutes: Double
        package var fifteenMinutes: Double
    }

    package struct Memory: Sendable, Hashable {
        /// The control group's limit where it has one, else the machine's.
        package var total: ByteCount
        /// What can be had without swapping: MemAvailable, not the free memory.
        package var available: ByteCount
        package var swapTotal: ByteCount
        package var swapFree: ByteCount
        /// The control group's limit, if there is one.
        package var limit: ByteCount?

        package var used: Percentage {
            Percentage(Double(total.bytes - available.bytes), of: Double(total.bytes))
        }
    }

    /// Share of the last minute in which some, or all, tasks waited for a resource (psi.rst).
    package struct Pressure: Sendable, Hashable {
        package var some: Percentage
        package var full: Percentage?
    }
}

/// Space and inodes of the filesystem that a path is on.
package struct DiskFacts: Sendable, Hashable {
    package var path: String
    /// Paths with the same device are on the same filesystem.
    package var device: UInt64
    package var total: ByteCount
    /// For everybody but root: what is reserved for root does not count.
    package var available: ByteCount
    /// As df(1) shows it: of what everybody but root may use.
    package var used: Percentage
    /// Zero where the filesystem makes inodes as it needs them (btrfs).
    package var inodes: Int64
    package var freeInodes: Int64
    package var isReadOnly: Bool

    package var usedInodes: Percentage { Percentage(Double(inodes - freeInodes), of: Double(inodes)) }
}
