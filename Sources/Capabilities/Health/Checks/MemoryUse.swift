import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let memoryUse = Check(
        CheckSchema(
            name: "host.memory", summary: "how much of the memory is in use", thresholds: GuideThresholds.memory,
            guideKeys: ["performance_metrics.memory_usage"]),
        code: "HC031",
        title: "Memory in use",
        kind: .host,
        explanation: """
            The share of the machine's memory, or of the control group's limit, that cannot be had without swapping \
            (MemAvailable). The page cache does not count as used, because the kernel gives it back. When memory is used \
            up the kernel ends the process that holds most, on a database machine often PostgreSQL itself.
            """,
        source: "https://man7.org/linux/man-pages/man5/proc_meminfo.5.html"
    ) { context in
        let memory = try await Host(clock: context.look.clock).facts(over: .zero).memory
        var reading = Reading(value: memory.used.value)
        reading.summary =
            "\(memory.used) of \(memory.total) in use, \(memory.available) left (\(context.limits.text))"
        reading.evidence = [
            "total": .integer(memory.total.bytes), "available": .integer(memory.available.bytes),
            "swap used": .integer(memory.swapTotal.bytes - memory.swapFree.bytes),
        ]
        return reading
    }
}
